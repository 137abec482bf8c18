//! What tells the rows of a part from all others.
//!
//! It names rows and holds none. Invariant: no two runs of rows that this process sees have the same.

use crate::SegmentId;

/// The rows of a part, whoever sees them and whichever of them are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// Those of a segment.
    Segment(SegmentId),
    /// Those of a chunk of unsealed rows, by a number that no other chunk of the process has.
    Chunk(u64),
}
