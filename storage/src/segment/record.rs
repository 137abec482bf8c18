//! What the manifest holds about a segment.
//!
//! It is the stored form; [`Segment`](crate::segment::Segment) is what readers use. Invariant: a segment's rows are those
//! with ids from `first_row_id`, without gaps.

use serde::{Deserialize, Serialize};

use crate::{IndexId, SegmentId};

/// A segment in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentRecord {
    pub(crate) id: SegmentId,
    pub(crate) first_row_id: u64,
    pub(crate) rows: u32,
    /// The layout that its rows were written under.
    #[serde(default)]
    pub(crate) layout: u32,
    /// Absent when no column is scalar.
    pub(crate) parquet: Option<ParquetRecord>,
    pub(crate) vectors: Vec<VectorsRecord>,
    pub(crate) indexes: Vec<IndexRecord>,
}

/// A segment's Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParquetRecord {
    pub(crate) length: u64,
    /// XXH3-64 of each block of 256 KiB.
    pub(crate) checksums: Vec<u64>,
}

/// A segment's `.vec` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VectorsRecord {
    pub(crate) column: usize,
    pub(crate) length: u64,
    /// The checksum at the end of the file, which covers all others.
    pub(crate) root: u64,
}

/// A segment's file for one index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexRecord {
    pub(crate) index: IndexId,
    pub(crate) generation: u64,
    pub(crate) length: u64,
    /// The checksum at the end of the file, which covers all others.
    pub(crate) root: u64,
}
