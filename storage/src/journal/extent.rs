//! How much a journal holds: its entries by table and version, with their sizes, and what of them is sealed.
//!
//! It is kept in memory beside the file, so that trimming can go in steps and a checkpoint is due by size. Invariant: it
//! is changed only after the file was.

use std::collections::BTreeMap;

use super::{Contents, Edit};
use crate::TableId;

/// Most entries, and most bytes of them, that one step of trimming removes: a step holds up commits for milliseconds.
const STEP_ENTRIES: usize = 2000;
const STEP_BYTES: u64 = 8 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Extent {
    /// Bytes of each entry, by table and version.
    entries: BTreeMap<(TableId, u64), u64>,
    sealed: BTreeMap<TableId, u64>,
    bytes: u64,
}

impl Extent {
    pub(crate) fn of(contents: &Contents) -> Self {
        let size = |entry: &(TableId, u64, Vec<u8>)| ((entry.0, entry.1), entry.2.len() as u64);
        let entries: BTreeMap<_, _> = contents.entries.iter().map(size).collect();
        Self { bytes: entries.values().sum(), entries, sealed: contents.sealed.clone() }
    }

    /// Takes note of edits that are durable now.
    pub(crate) fn apply(&mut self, edits: &[Edit]) {
        for edit in edits {
            match edit {
                Edit::Entry { table, version, bytes } => {
                    self.entries.insert((*table, *version), bytes.len() as u64);
                    self.bytes += bytes.len() as u64;
                }
                Edit::Trim { table, version } => self.remove(*table, *version),
                Edit::Sealed { table, version } => {
                    self.sealed.insert(*table, *version);
                }
                Edit::DropTable { id } => {
                    self.remove(*id, u64::MAX);
                    self.sealed.remove(id);
                }
                Edit::Table { .. }
                | Edit::Segment { .. }
                | Edit::Deletions { .. }
                | Edit::RowIds { .. }
                | Edit::DropSegment { .. }
                | Edit::Object { .. }
                | Edit::Mark { .. } => {}
            }
        }
    }

    fn remove(&mut self, table: TableId, version: u64) {
        let gone: Vec<_> = self.entries.range((table, 0)..=(table, version)).map(|(key, _)| *key).collect();
        for key in gone {
            self.bytes -= self.entries.remove(&key).unwrap_or_default();
        }
    }

    /// The version up to which the next step of trimming a table's sealed entries goes; `None` when there are none.
    pub(crate) fn trim_step(&self, table: TableId) -> Option<u64> {
        let sealed = *self.sealed.get(&table)?;
        let mut bytes = 0;
        let mut step = None;
        for (number, ((_, version), size)) in self.entries.range((table, 0)..=(table, sealed)).enumerate() {
            bytes += size;
            if step.is_some() && (number >= STEP_ENTRIES || bytes > STEP_BYTES) {
                break;
            }
            step = Some(*version);
        }
        step
    }

    /// Bytes of all entries, sealed ones that are still there included.
    pub(crate) fn entry_bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(table: u64, version: u64, bytes: usize) -> Edit {
        Edit::Entry { table: TableId(table), version, bytes: vec![0; bytes] }
    }

    #[test]
    fn trimming_goes_in_steps_and_stops_at_what_is_sealed() {
        let mut extent = Extent::default();
        extent.apply(&[entry(1, 3, 5 << 20), entry(1, 4, 2 << 20), entry(1, 6, 2 << 20), entry(1, 9, 1)]);
        extent.apply(&[entry(2, 5, 7)]);
        assert_eq!(extent.trim_step(TableId(1)), None, "nothing is sealed");
        extent.apply(&[Edit::Sealed { table: TableId(1), version: 8 }]);
        assert_eq!(extent.trim_step(TableId(1)), Some(4), "8 MiB at a time");
        extent.apply(&[Edit::Trim { table: TableId(1), version: 4 }]);
        assert_eq!(extent.trim_step(TableId(1)), Some(6));
        extent.apply(&[Edit::Trim { table: TableId(1), version: 6 }]);
        assert_eq!(extent.trim_step(TableId(1)), None);
        assert_eq!(extent.entry_bytes(), 8);
        extent.apply(&[Edit::DropTable { id: TableId(1) }, entry(2, 10, 9 << 20)]);
        assert_eq!(extent.entry_bytes(), 7 + (9 << 20));
        extent.apply(&[
            Edit::Sealed { table: TableId(2), version: 10 },
            Edit::Trim { table: TableId(2), version: 5 },
        ]);
        assert_eq!(extent.trim_step(TableId(2)), Some(10), "a step takes one entry at least");
    }
}
