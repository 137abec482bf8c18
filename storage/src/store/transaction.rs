//! A transaction: changes that only their maker sees until they are committed.
//!
//! It reads a snapshot of its own: that of its start, with its own changes applied. A commit works out what it comes to
//! in the end and applies that to the latest snapshot; whoever commits first wins. Invariant: nothing of a transaction that
//! is dropped, rolled back or refused is ever visible or stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use roaring::RoaringTreemap;

use super::apply::Draft;
use super::commit::FEW_ROWS;
use super::committer::Commit;
use super::prepared::{Prepared, RowChanges, table_of};
use super::{Inner, Store};
use crate::changes::Change;
use crate::{Changes, Error, Part, Result, Snapshot, Table, TableDefinition, TableId};

/// A transaction in progress. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    store: Arc<Inner>,
    base: Arc<Snapshot>,
    state: State,
}

/// What a savepoint keeps.
#[derive(Clone, Debug)]
struct State {
    /// The base with all changes so far.
    draft: Arc<Snapshot>,
    definitions: Vec<Change>,
    /// Rows of the base that are deleted.
    deleted: BTreeMap<TableId, RoaringTreemap>,
    /// Definitions of the base that the changes rely on.
    touched: BTreeMap<TableId, Arc<TableDefinition>>,
    unchanged: Vec<TableId>,
    /// Rows put and deleted so far, if all could be prepared without reading files.
    ready_rows: Option<u64>,
}

/// A point to which a transaction can go back.
#[derive(Clone, Debug)]
pub struct Savepoint(State);

impl Store {
    /// Starts a transaction on the current snapshot.
    pub fn begin(&self) -> Transaction {
        let base = self.snapshot();
        let state = State {
            draft: base.clone(),
            definitions: Vec::new(),
            deleted: BTreeMap::new(),
            touched: BTreeMap::new(),
            unchanged: Vec::new(),
            ready_rows: Some(0),
        };
        Transaction { store: self.inner.clone(), base, state }
    }
}

impl Transaction {
    /// What the transaction sees.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.state.draft
    }

    /// Whether it has changed nothing.
    pub fn is_empty(&self) -> bool {
        Arc::ptr_eq(&self.base, &self.state.draft)
    }

    /// Applies changes, all or none of them. A row that somebody else has changed since the start is a conflict.
    pub fn apply(&mut self, changes: Changes) -> Result<()> {
        let ready_rows = self.state.ready_rows.zip(self.store.ready_rows(&changes));
        let prepared = Prepared::draft(&self.store, Changes { base: Some(self.base.clone()), ..changes })?;
        let mut next = self.state.clone();
        let names = prepared.definitions.iter().filter_map(table_of);
        for name in names.chain(prepared.rows.keys().map(String::as_str)) {
            if let Some(table) = self.of_base(name) {
                next.touched.insert(table.definition().id, table.definition().clone());
            }
        }
        for (name, changes) in &prepared.rows {
            let Some(table) = self.of_base(name) else { continue };
            let own = table.next_row_id();
            let found: RoaringTreemap = changes.deleted.iter().take_while(|row| *row < own).collect();
            self.check_conflict(table, &found)?;
            *next.deleted.entry(table.definition().id).or_default() |= found;
        }
        let draft = Draft::of(&self.state.draft, &prepared)?;
        next.ready_rows = ready_rows.map(|(before, rows)| before + rows);
        next.draft = Arc::new(draft.snapshot);
        next.definitions.extend(prepared.definitions);
        next.unchanged.extend(prepared.unchanged);
        self.state = next;
        Ok(())
    }

    /// The table of the base that has this name in the transaction.
    fn of_base(&self, name: &str) -> Option<&Arc<Table>> {
        let id = self.state.draft.table(name)?.definition().id;
        self.base.tables().find(|table| table.definition().id == id)
    }

    /// Whether somebody has changed rows since the start: that will not go away, so it is told at once.
    fn check_conflict(&self, table: &Table, rows: &RoaringTreemap) -> Result<()> {
        let definition = table.definition();
        let latest = self.store.snapshot.load();
        let latest = latest.table(&definition.name).filter(|now| now.definition().id == definition.id);
        match latest.and_then(|latest| rows.iter().find(|row| table.is_live(*row) && !latest.is_live(*row))) {
            None => Ok(()),
            Some(row) => {
                let detail = format!("row {row} was deleted or updated by another transaction");
                Err(Error::Conflict { table: definition.name.clone(), detail })
            }
        }
    }

    /// Remembers the changes so far.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.state.clone())
    }

    /// Takes back all changes since a savepoint.
    pub fn rollback_to(&mut self, savepoint: &Savepoint) {
        self.state = savepoint.0.clone();
    }

    /// Makes all changes durable and visible, or none of them.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has committed something in between that these changes rely on.
    pub fn commit(self) -> Result<Arc<Snapshot>> {
        if self.is_empty() {
            return Ok(self.base);
        }
        self.submit()?.wait()
    }

    /// As [`Transaction::commit`], without waiting, as [`Store::submit`](crate::Store::submit).
    pub fn submit(self) -> Result<Commit> {
        let State { draft, definitions, mut deleted, touched, unchanged, ready_rows: _ } = self.state;
        let mut rows = BTreeMap::new();
        for table in draft.tables() {
            let definition = table.definition();
            let before = self.base.tables().find(|before| before.definition().id == definition.id);
            if before.is_some_and(|before| Arc::ptr_eq(before, table)) {
                continue;
            }
            let deleted = deleted.remove(&definition.id).unwrap_or_default();
            let mut changes = RowChanges { deleted, ..RowChanges::default() };
            let own = before.map_or(0, |before| before.next_row_id());
            for part in table.chunks().iter().filter(|part| part.first_row_id() >= own) {
                if let Some(rows) = live(part)? {
                    changes.put(rows, !definition.temporary)?;
                }
            }
            if !changes.deleted.is_empty() || !changes.rows.is_empty() {
                rows.insert(definition.name.clone(), changes);
            }
        }
        let touched = touched.into_values().collect();
        let base = Some(self.base);
        let prepared =
            Prepared { definitions, rows, base, touched, unchanged, journaled: true, transaction: true };
        Ok(self.store.commit(prepared))
    }

    /// Whether it can be submitted in no time, as [`Store::is_quick`](crate::Store::is_quick).
    pub fn is_quick(&self) -> bool {
        self.state.ready_rows.is_some_and(|rows| rows <= FEW_ROWS)
    }
}

/// The rows of a chunk that are not deleted.
fn live(part: &Part) -> Result<Option<RecordBatch>> {
    let Some(chunk) = part.as_chunk().filter(|_| part.live_rows() > 0) else { return Ok(None) };
    if part.deleted().is_empty() {
        return Ok(Some(chunk.rows.clone()));
    }
    let live: BooleanArray = (0..part.rows())
        .map(|row| Some(u32::try_from(row).is_ok_and(|row| !part.deleted().contains(row))))
        .collect();
    let rows = filter_record_batch(&chunk.rows, &live);
    rows.map(Some).map_err(|error| Error::arrow(Path::new("rows"), error))
}
