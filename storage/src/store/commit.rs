//! What a group of commits makes of the newest snapshot.
//!
//! Who waits for whom is `committer`'s. Invariant: each commit is applied to what those before it in the group made.

use std::sync::Arc;

use super::apply::Draft;
use super::committer::Commit;
use super::prepared::Prepared;
use super::{Inner, Writer};
use crate::changes::Change;
use crate::{Changes, Error, Result, Snapshot, Table};

/// Rows of a commit that takes no time worth telling to prepare.
pub(super) const FEW_ROWS: u64 = 64;

impl Inner {
    pub(super) fn commit(self: &Arc<Self>, prepared: Prepared) -> Commit {
        self.make_key_indexes(&prepared);
        self.committer.submit(self, prepared)
    }

    /// The rows that these changes put and delete, if they can be prepared without reading files.
    pub(super) fn ready_rows(&self, changes: &Changes) -> Option<u64> {
        let snapshot = self.snapshot.load();
        let is_ready = |table: &Arc<Table>| {
            let numbers = 0..table.encoders().len();
            table.segments().iter().all(|part| numbers.clone().all(|number| part.has_key_index(number)))
        };
        changes.changes.iter().try_fold(0, |rows, change| match change {
            Change::Put { table, rows: put } => {
                let ready = snapshot.table(table).is_none_or(is_ready);
                ready.then(|| rows + put.num_rows() as u64)
            }
            Change::Delete { rows: deleted, .. } => Some(rows + deleted.len()),
            Change::SetObject { .. }
            | Change::RaiseMark { .. }
            | Change::Unchanged { .. }
            | Change::Condition(_) => Some(rows),
            _ => None,
        })
    }

    /// Makes the indexes over keys that new rows will be looked up in, before others wait for it: after an open, the first
    /// commit to a table reads the keys of all its segments.
    fn make_key_indexes(&self, prepared: &Prepared) {
        let snapshot = self.snapshot.load();
        let rows = prepared.rows.iter().filter(|(_, changes)| !changes.rows.is_empty());
        for table in rows.filter_map(|(name, _)| snapshot.table(name)) {
            for part in table.segments() {
                for (number, encoder) in table.encoders().iter().enumerate() {
                    if let Err(error) = part.key_index(number, encoder) {
                        // Whoever needs it meets the same error and is told.
                        tracing::debug!("an index over keys could not be made yet: {error}");
                    }
                }
            }
        }
    }

    /// Commits a group, in its order; gives what becomes of each.
    pub(super) fn commit_group(&self, writer: &mut Writer, group: &[Prepared]) -> Vec<Result<Arc<Snapshot>>> {
        if let Err(error) = self.make_writable(writer) {
            return group.iter().map(|_| Err(error.clone())).collect();
        }
        let mut latest = self.snapshot.load_full();
        let mut edits = Vec::new();
        let mut dropped = Vec::new();
        let mut outcomes = Vec::with_capacity(group.len());
        let mut passed = Vec::new();
        for (number, prepared) in group.iter().enumerate() {
            match Draft::of(&latest, prepared).map_err(|error| attribute(error, prepared)) {
                Ok(draft) if !draft.changed => outcomes.push(Ok(latest.clone())),
                Ok(draft) => {
                    latest = Arc::new(draft.snapshot);
                    edits.extend(draft.edits);
                    dropped.extend(draft.dropped);
                    passed.push(number);
                    outcomes.push(Ok(latest.clone()));
                }
                Err(error) => outcomes.push(Err(error)),
            }
        }
        let published = match edits.is_empty() {
            // Temporary tables are in memory alone.
            true if !passed.is_empty() => {
                self.snapshot.store(latest.clone());
                Ok(latest)
            }
            true => Ok(latest),
            false => self.publish(writer, Snapshot::clone(&latest), &edits),
        };
        match published {
            Ok(_) => dropped.iter().for_each(|dropped| dropped.doom()),
            Err(error) => {
                for number in passed {
                    if let Some(outcome) = outcomes.get_mut(number) {
                        *outcome = Err(error.clone());
                    }
                }
            }
        }
        outcomes
    }
}

/// Whose fault an error is: what would not have failed on the snapshot that the changes were worked out over is the
/// work of somebody who came first.
fn attribute(error: Error, prepared: &Prepared) -> Error {
    // The statements of a transaction had succeeded.
    if prepared.transaction {
        return late(error);
    }
    match (&error, &prepared.base) {
        (Error::DuplicateKey { .. }, Some(base)) if Draft::of(base, prepared).is_ok() => late(error),
        _ => error,
    }
}

fn late(error: Error) -> Error {
    let (table, detail) = match error {
        Error::DuplicateKey { table, constraint, key, .. } => {
            (table, format!("a concurrent transaction has put the same key of \"{constraint}\", {key}"))
        }
        Error::TableExists { table } => (table, "a concurrent transaction has made it".into()),
        Error::IndexExists { index } => (index, "a concurrent transaction has made it".into()),
        Error::NoSuchTable { table } => (table, "a concurrent transaction has dropped it".into()),
        other => return other,
    };
    Error::Conflict { table, detail }
}
