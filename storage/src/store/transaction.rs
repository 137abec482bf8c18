//! A transaction: changes that only their maker sees until they are committed.
//!
//! It reads a snapshot of its own: that of its start, with its own changes applied. A commit works out what it comes to
//! in the end and applies that to the latest snapshot; whoever commits first wins. Invariant: nothing of a transaction that
//! is dropped, rolled back or refused is ever visible or stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::take_record_batch;
use roaring::RoaringTreemap;

use super::apply::Draft;
use super::commit::FEW_ROWS;
use super::committer::Commit;
use super::prepared::{Prepared, RowChanges, table_of};
use super::{Inner, Store};
use crate::changes::Change;
use crate::references::{Condition, live_since};
use crate::{Changes, Error, Part, Result, Snapshot, Table, TableDefinition, TableId};

/// A transaction in progress. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    store: Arc<Inner>,
    base: Arc<Snapshot>,
    /// Tables that were read: what they gave must still be so when it commits.
    read: Vec<TableId>,
    state: State,
    /// What has to be so when it is committed.
    conditions: Vec<Condition>,
    /// Whether it is never committed: its base may be another transaction's draft.
    scratch: bool,
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
        self.begin_over(self.snapshot(), false)
    }

    /// Starts a transaction that is never committed, on any snapshot: [`Transaction::changes`] tells what it comes to.
    pub fn begin_scratch(&self, base: Arc<Snapshot>) -> Transaction {
        self.begin_over(base, true)
    }

    fn begin_over(&self, base: Arc<Snapshot>, scratch: bool) -> Transaction {
        let state = State {
            draft: base.clone(),
            definitions: Vec::new(),
            deleted: BTreeMap::new(),
            touched: BTreeMap::new(),
            unchanged: Vec::new(),
            ready_rows: Some(0),
        };
        Transaction {
            store: self.inner.clone(),
            base,
            read: Vec::new(),
            state,
            conditions: Vec::new(),
            scratch,
        }
    }
}

impl Transaction {
    /// What the transaction sees.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.state.draft
    }

    /// What it has started on.
    pub fn base(&self) -> &Arc<Snapshot> {
        &self.base
    }

    /// Whether it has changed nothing.
    pub fn is_empty(&self) -> bool {
        Arc::ptr_eq(&self.base, &self.state.draft)
    }

    /// Applies changes, all or none of them. A row that somebody else has changed since the start is a conflict.
    pub fn apply(&mut self, changes: Changes) -> Result<()> {
        let ready_rows = self.state.ready_rows.zip(self.store.ready_rows(&changes));
        let unchanged = self.unchanged(&changes)?;
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
        next.unchanged.extend(unchanged);
        self.state = next;
        Ok(())
    }

    /// The tables of the base that may not be changed by others, which go by the names that they have in the transaction. One
    /// that it has made itself is nobody else's.
    fn unchanged(&self, changes: &Changes) -> Result<Vec<TableId>> {
        let mut unchanged = Vec::new();
        for change in &changes.changes {
            let Change::Unchanged { table } = change else { continue };
            if self.state.draft.table(table).is_none() {
                return Err(Error::NoSuchTable { table: table.clone() });
            }
            unchanged.extend(self.of_base(table).map(|table| table.definition().id));
        }
        Ok(unchanged)
    }

    /// The table of the base that has this name in the transaction.
    fn of_base(&self, name: &str) -> Option<&Arc<Table>> {
        let id = self.state.draft.table(name)?.definition().id;
        self.base.all_tables().find(|table| table.definition().id == id)
    }

    /// Whether somebody has changed rows since the start: that will not go away, so it is told at once.
    fn check_conflict(&self, table: &Table, rows: &RoaringTreemap) -> Result<()> {
        if self.scratch {
            return Ok(());
        }
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

    /// Says that the transaction depends on what it has read in these tables: whoever asks this of all that it reads has
    /// transactions that are serializable, in the order of their commits. Going back to a savepoint takes nothing of it back.
    pub fn has_read(&mut self, tables: impl IntoIterator<Item = TableId>) {
        for table in tables {
            if !self.read.contains(&table) {
                self.read.push(table);
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
    /// [`Error::Conflict`] when somebody else has committed something in between that these changes rely on;
    /// [`Error::ReadConflict`] when it was something that [has been read](Transaction::has_read).
    pub fn commit(self) -> Result<Arc<Snapshot>> {
        if self.is_empty() {
            return Ok(self.base);
        }
        self.submit()?.wait()
    }

    /// As [`Transaction::commit`], without waiting, as [`Store::submit`](crate::Store::submit).
    pub fn submit(mut self) -> Result<Commit> {
        let rows = self.rows(true)?;
        let mut conditions = Vec::with_capacity(self.conditions.len());
        for condition in std::mem::take(&mut self.conditions) {
            // A table that it has made itself has no rows of others.
            let table = self.of_base(condition.table()).cloned();
            let since = table.as_ref().map_or(0, |table| table.next_row_id());
            conditions.push(condition.since(since));
            if let Some(table) = table {
                self.state.touched.insert(table.definition().id, table.definition().clone());
            }
        }
        let State { draft: _, definitions, deleted: _, touched, unchanged, ready_rows: _ } = self.state;
        let touched = touched.into_values().collect();
        let (base, read) = (Some(self.base), self.read);
        let (journaled, transaction) = (true, true);
        let prepared = Prepared {
            definitions,
            rows,
            base,
            touched,
            unchanged,
            read,
            conditions,
            journaled,
            transaction,
        };
        Ok(self.store.commit(prepared))
    }

    /// What it does to the rows of each table, in the end.
    fn rows(&self, encode: bool) -> Result<BTreeMap<String, RowChanges>> {
        let mut rows = BTreeMap::new();
        for table in self.state.draft.all_tables() {
            let definition = table.definition();
            let before = self.base.all_tables().find(|before| before.definition().id == definition.id);
            if before.is_some_and(|before| Arc::ptr_eq(before, table)) {
                continue;
            }
            let deleted = self.state.deleted.get(&definition.id).cloned().unwrap_or_default();
            let mut changes = RowChanges { deleted, ..RowChanges::default() };
            let own = before.map_or(0, |before| before.next_row_id());
            for part in table.chunks().iter().filter(|part| part.ids().end() > own) {
                if let Some(rows) = live(part, own)? {
                    changes.put(rows, encode && !definition.temporary)?;
                }
            }
            if !changes.deleted.is_empty() || !changes.rows.is_empty() {
                rows.insert(definition.name.clone(), changes);
            }
        }
        Ok(rows)
    }

    /// What it does to rows in the end, as changes over its base.
    pub fn changes(&self) -> Result<Changes> {
        let mut changes = Changes::new();
        for (table, rows) in self.rows(false)? {
            if !rows.deleted.is_empty() {
                changes = changes.delete(&table, rows.deleted);
            }
            for rows in rows.rows {
                changes = changes.put(&table, rows);
            }
        }
        Ok(changes)
    }

    /// The rows of a table that were there at its start and are deleted, by row id.
    pub fn deleted(&self, table: &str) -> RoaringTreemap {
        let id = self.state.draft.table(table).map(|table| table.definition().id);
        id.and_then(|id| self.state.deleted.get(&id).cloned()).unwrap_or_default()
    }

    /// Adds the conditions among `changes`, which hold for the commit; what else is among them is left out.
    pub fn require(&mut self, changes: Changes) {
        self.conditions.extend(changes.changes.into_iter().filter_map(|change| match change {
            Change::Condition(condition) => Some(condition),
            _ => None,
        }));
    }

    /// Whether it can be submitted in no time, as [`Store::is_quick`](crate::Store::is_quick).
    pub fn is_quick(&self) -> bool {
        self.state.ready_rows.is_some_and(|rows| rows <= FEW_ROWS)
    }
}

/// The rows of a chunk, from the id `own` on, that are not deleted.
fn live(part: &Part, own: u64) -> Result<Option<RecordBatch>> {
    let Some(chunk) = part.as_chunk().filter(|_| part.live_rows() > 0) else { return Ok(None) };
    if part.deleted().is_empty() && part.first_row_id() >= own {
        return Ok(Some(chunk.rows.clone()));
    }
    let live = live_since(part, own);
    if live.is_empty() {
        return Ok(None);
    }
    let rows = take_record_batch(&chunk.rows, &live);
    rows.map(Some).map_err(|error| Error::arrow(Path::new("rows"), error))
}
