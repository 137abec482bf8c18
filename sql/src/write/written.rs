//! What a statement is about to change, worked out and not yet done.
//!
//! It is no commit: the session applies it to its transaction, or commits it at once.

use arrow::array::RecordBatch;
use muster_storage::Changes;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The changes, over the snapshot that the statement read.
    pub(crate) changes: Changes,
    /// The rows that the statement's tag counts.
    pub(crate) rows: u64,
    /// What RETURNING gives back.
    pub(crate) returned: Option<Vec<RecordBatch>>,
}
