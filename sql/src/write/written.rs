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
    /// Which rows came in place of which, of a table that foreign keys refer to.
    pub(crate) replaced: Vec<Replaced>,
    /// Rows that are put and others that are deleted, as far as these are as many: no updates, though they look alike.
    pub(crate) mixed: u64,
}

/// Rows that were updated: their ids, and what they are now.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) table: String,
    pub(crate) row_ids: Vec<u64>,
    pub(crate) rows: RecordBatch,
}
