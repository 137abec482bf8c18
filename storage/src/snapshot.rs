//! Everything there is at one commit.
//!
//! It is immutable and shared; readers never wait for writers. It does not keep the folder locked. Invariant: what a
//! snapshot shows was durable before anybody saw it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Table;

/// All tables at one commit.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) version: u64,
    pub(crate) tables: BTreeMap<String, Arc<Table>>,
    pub(crate) counters: Counters,
}

/// The next numbers to be given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) table: u64,
    pub(crate) index: u64,
    /// For segments, and for generations of index files.
    pub(crate) file: u64,
}

impl Snapshot {
    /// The number of the commit; it grows with each.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// All tables, in the order of their names.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> + '_ {
        self.tables.values()
    }
}
