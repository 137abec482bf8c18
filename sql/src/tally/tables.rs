//! Rows read and changed since the database was opened, by table.
//!
//! As in PostgreSQL, what a transaction has changed counts whether it commits or not. Invariant: an update is counted as
//! that, though storage deletes and puts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use muster_storage::{Changes, Snapshot, TableId};
use parking_lot::RwLock;

/// Counts of tables that are gone are let go when there are so many more than tables.
const SPARE: usize = 64;

/// The tables of a database.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    of: RwLock<HashMap<TableId, Arc<TableCounts>>>,
}

/// Of one table.
#[derive(Debug, Default)]
pub(crate) struct TableCounts {
    scans: AtomicU64,
    scanned: AtomicU64,
    lookups: AtomicU64,
    looked_up: AtomicU64,
    inserted: AtomicU64,
    updated: AtomicU64,
    deleted: AtomicU64,
    /// By the names that storage knows keys and indexes by.
    indexes: RwLock<HashMap<Box<str>, Arc<IndexCounts>>>,
}

/// Of one key or index.
#[derive(Debug, Default)]
struct IndexCounts {
    scans: AtomicU64,
    rows: AtomicU64,
}

fn add(counter: &AtomicU64, more: u64) {
    if more > 0 {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

impl Tables {
    /// The counts of a table.
    pub(crate) fn of(&self, snapshot: &Snapshot, id: TableId) -> Arc<TableCounts> {
        if let Some(known) = self.of.read().get(&id) {
            return known.clone();
        }
        let mut of = self.of.write();
        if of.len() > SPARE + 2 * snapshot.tables().count() {
            let there: HashSet<TableId> = snapshot.tables().map(|table| table.definition().id).collect();
            of.retain(|id, _| there.contains(id));
        }
        of.entry(id).or_default().clone()
    }

    /// Counts what a statement has changed, those of its cascades among it. Of a table whose rows come and go at once, a row
    /// that comes is taken for one that is updated: [`TableCounts::part`] mends that where it is not so.
    pub(crate) fn changed(&self, snapshot: &Snapshot, changes: &[(String, u64, u64)]) {
        for (name, put, deleted) in changes {
            let Some(table) = snapshot.table(name) else { continue };
            let updated = *put.min(deleted);
            let counts = self.of(snapshot, table.definition().id);
            add(&counts.inserted, put - updated);
            add(&counts.updated, updated);
            add(&counts.deleted, deleted - updated);
        }
    }

    /// Counts rows that a load has put into a table.
    pub(crate) fn loaded(&self, snapshot: &Snapshot, table: &str, rows: u64) {
        if let Some(table) = snapshot.table(table) {
            self.of(snapshot, table.definition().id).loaded(rows);
        }
    }
}

/// The rows that changes put and delete, by table.
pub(crate) fn rows_of(changes: &Changes) -> Vec<(String, u64, u64)> {
    let mut of: Vec<(String, u64, u64)> = Vec::new();
    for (table, put, deleted) in changes.row_counts() {
        match of.iter_mut().find(|(known, _, _)| known == table) {
            Some((_, all_put, all_deleted)) => {
                *all_put += put;
                *all_deleted += deleted;
            }
            None => of.push((table.to_string(), put, deleted)),
        }
    }
    of
}

impl TableCounts {
    /// All rows are about to be read.
    pub(crate) fn scan(&self) {
        add(&self.scans, 1);
    }

    /// Rows were read one after the other.
    pub(crate) fn scanned(&self, rows: usize) {
        add(&self.scanned, rows as u64);
    }

    /// Rows were found by a key or an index.
    pub(crate) fn looked_up(&self, index: &str, rows: usize) {
        add(&self.lookups, 1);
        add(&self.looked_up, rows as u64);
        let of = |counts: &IndexCounts| {
            add(&counts.scans, 1);
            add(&counts.rows, rows as u64);
        };
        if let Some(known) = self.indexes.read().get(index) {
            return of(known);
        }
        of(self.indexes.write().entry(index.into()).or_default());
    }

    /// Rows were put.
    pub(crate) fn loaded(&self, rows: u64) {
        add(&self.inserted, rows);
    }

    /// Of rows that were counted as updated, so many have come and as many have gone.
    pub(crate) fn part(&self, rows: u64) {
        if rows > 0 {
            self.updated.fetch_sub(rows, Ordering::Relaxed);
            add(&self.inserted, rows);
            add(&self.deleted, rows);
        }
    }

    /// Scans and the rows that they read; lookups and the rows that they found.
    pub(crate) fn reads(&self) -> [u64; 4] {
        [&self.scans, &self.scanned, &self.lookups, &self.looked_up]
            .map(|count| count.load(Ordering::Relaxed))
    }

    /// Rows inserted, updated, deleted.
    pub(crate) fn writes(&self) -> [u64; 3] {
        [&self.inserted, &self.updated, &self.deleted].map(|count| count.load(Ordering::Relaxed))
    }

    /// Lookups by a key or an index, and the rows that they found.
    pub(crate) fn of_index(&self, name: &str) -> [u64; 2] {
        let indexes = self.indexes.read();
        indexes
            .get(name)
            .map_or([0, 0], |counts| [&counts.scans, &counts.rows].map(|count| count.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_comes_for_another_is_an_update() {
        let counts = TableCounts::default();
        add(&counts.updated, 5);
        counts.part(2);
        assert_eq!(counts.writes(), [2, 3, 2]);
        counts.looked_up("key", 3);
        counts.looked_up("key", 0);
        assert_eq!((counts.of_index("key"), counts.of_index("other")), ([2, 3], [0, 0]));
        assert_eq!(counts.reads(), [0, 0, 2, 3]);
    }
}
