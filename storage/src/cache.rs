//! Decoded scalar columns of segments, kept under a byte budget.
//!
//! It saves decoding Parquet again; it holds nothing that could not be decoded again. Invariant: a segment never
//! changes and its number is never used again, so an entry is never stale.

use arrow::array::{Array, ArrayRef};
use moka::sync::Cache;

use crate::SegmentId;

/// Weights are counted in this unit, because the cache below holds them as 32-bit numbers.
const UNIT: usize = 1024;

/// The cache. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ColumnCache {
    columns: Cache<(SegmentId, usize), ArrayRef>,
}

impl ColumnCache {
    pub(crate) fn new(bytes: usize) -> Self {
        let columns = Cache::builder()
            .max_capacity((bytes / UNIT) as u64)
            .weigher(|_, column: &ArrayRef| {
                u32::try_from(column.get_array_memory_size() / UNIT + 1).unwrap_or(u32::MAX)
            })
            .build();
        Self { columns }
    }

    pub(crate) fn get(&self, segment: SegmentId, column: usize) -> Option<ArrayRef> {
        self.columns.get(&(segment, column))
    }

    pub(crate) fn insert(&self, segment: SegmentId, column: usize, array: ArrayRef) {
        self.columns.insert((segment, column), array);
    }

    /// Lets go of a dropped segment's columns.
    pub(crate) fn forget(&self, segment: SegmentId, columns: usize) {
        for column in 0..columns {
            self.columns.invalidate(&(segment, column));
        }
    }
}
