//! Who makes the index files of a segment that a compaction has written, before readers see it.
//!
//! It does not know what is in them. Without it, or where it makes none, a new segment has no index file until somebody gives
//! it one by [`Store::put_index_file`](crate::Store::put_index_file). Invariant: it is set once, before it is needed.

use std::fmt;
use std::sync::OnceLock;

use crate::segment::index_file::IndexContent;
use crate::{IndexId, Part, Result, Table};

/// Takes the file of one index.
pub type PutIndex<'a> = dyn FnMut(IndexId, &IndexContent<'_>) -> Result<()> + 'a;

/// Makes the files of a table's indexes over a part, and gives each to its last argument as soon as it can be written. It may
/// leave some out, and should return soon once its third argument says no.
pub type MakeIndexes =
    dyn Fn(&Table, &Part, &dyn Fn() -> bool, &mut PutIndex<'_>) -> Result<()> + Send + Sync;

/// See the module.
#[derive(Default)]
pub(super) struct Indexer(OnceLock<Box<MakeIndexes>>);

impl Indexer {
    /// The first one stays.
    pub(super) fn set(&self, make: Box<MakeIndexes>) {
        if self.0.set(make).is_err() {
            tracing::warn!("who makes index files was said already");
        }
    }

    pub(super) fn make(
        &self,
        table: &Table,
        part: &Part,
        continues: &dyn Fn() -> bool,
        put: &mut PutIndex<'_>,
    ) -> Result<()> {
        self.0.get().map_or(Ok(()), |make| make(table, part, continues, put))
    }
}

impl fmt::Debug for Indexer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indexer").field("set", &self.0.get().is_some()).finish()
    }
}
