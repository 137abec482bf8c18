//! What the arbiters of an ON CONFLICT say of each row that is to be inserted, while rows are put one after the other.
//!
//! It is not the check of constraints: the store makes that when the rows join the table. Invariant: a key counts as
//! taken exactly while a row has it, be it in the snapshot or put by the statement.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use muster_storage::Table;

use crate::Result;

/// A row that was to be inserted meets this one.
pub(super) enum Hit {
    /// One that the statement itself has put.
    Own,
    /// One that was there.
    There(u64),
}

/// A key of each row; `None` where it conflicts with nothing.
pub(super) type KeysOfRows = Vec<Option<Box<[u8]>>>;

/// The keys of these rows, by arbiter.
pub(super) fn keys_of(table: &Table, arbiters: &[String], rows: &RecordBatch) -> Result<Vec<KeysOfRows>> {
    arbiters.iter().map(|arbiter| Ok(table.keys(arbiter, rows)?)).collect()
}

/// What the arbiters say, while rows are put one after the other.
pub(super) struct Keys {
    /// By arbiter and row that is to be inserted, its key.
    pub(super) proposed: Vec<KeysOfRows>,
    /// By arbiter and row that is to be inserted, the row of the snapshot that has its key.
    pub(super) there: Vec<Vec<Option<Place>>>,
    /// By arbiter, the keys that the statement has put.
    own: Vec<HashSet<Box<[u8]>>>,
    /// Rows of the snapshot that the statement has updated: their keys are gone.
    pub(super) gone: HashSet<u64>,
}

/// A row of the snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) part: usize,
    pub(super) position: u32,
    pub(super) row_id: u64,
}

impl Keys {
    pub(super) fn of(table: &Table, arbiters: &[String], rows: &RecordBatch) -> Result<Self> {
        let parts: Vec<_> = table.parts().collect();
        let place = |(part, position): (usize, u32)| {
            parts.get(part).map(|found| Place { part, position, row_id: found.row_id(position) })
        };
        let there = arbiters.iter().map(|arbiter| {
            let found = table.find_each(arbiter, rows)?;
            Ok(found.into_iter().map(|found| found.and_then(place)).collect())
        });
        Ok(Self {
            proposed: keys_of(table, arbiters, rows)?,
            there: there.collect::<Result<_>>()?,
            own: vec![HashSet::new(); arbiters.len()],
            gone: HashSet::new(),
        })
    }

    /// What row number `row` conflicts with.
    pub(super) fn hit(&self, row: usize) -> Option<Hit> {
        for ((keys, own), there) in self.proposed.iter().zip(&self.own).zip(&self.there) {
            if keys.get(row).and_then(Option::as_ref).is_some_and(|key| own.contains(key)) {
                return Some(Hit::Own);
            }
            if let Some(place) = there.get(row).copied().flatten()
                && !self.gone.contains(&place.row_id)
            {
                return Some(Hit::There(place.row_id));
            }
        }
        None
    }

    /// Remembers the keys of a row that is put.
    pub(super) fn take(&mut self, keys: KeysOfRows) {
        for (own, key) in self.own.iter_mut().zip(keys) {
            own.extend(key);
        }
    }
}
