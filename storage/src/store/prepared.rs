//! Changes made ready to be applied: sorted into definitions and rows, numbered, encoded.
//!
//! It looks at no snapshot but the one that the changes were worked out over. Invariant: applying it twice, to different
//! snapshots, gives tables and indexes the same numbers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use roaring::RoaringTreemap;

use super::Inner;
use crate::changes::Change;
use crate::journal::entry::EncodedRows;
use crate::references::Condition;
use crate::{Changes, Error, IndexId, Result, Snapshot, Table, TableDefinition, TableId};

/// What a commit does to the rows of one table.
#[derive(Debug, Default)]
pub(super) struct RowChanges {
    pub(super) deleted: RoaringTreemap,
    pub(super) rows: Vec<RecordBatch>,
    /// The same rows; none when they are not to be journaled.
    pub(super) encoded: Vec<EncodedRows>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// Changes of definitions and objects, in order.
    pub(super) definitions: Vec<Change>,
    /// By the name that the table has in the end.
    pub(super) rows: BTreeMap<String, RowChanges>,
    pub(super) base: Option<Arc<Snapshot>>,
    /// Definitions of the base that must still be the same.
    pub(super) touched: Vec<Arc<TableDefinition>>,
    /// Tables of the base whose rows must still be the same.
    pub(super) unchanged: Vec<TableId>,
    /// What has to be so in the end.
    pub(super) conditions: Vec<Condition>,
    /// Tables of the base that were read, and must still be as they were there.
    pub(super) read: Vec<TableId>,
    /// Whether it goes to the journal, or into a transaction that is not committed yet.
    pub(super) journaled: bool,
    /// Whether its statements have succeeded before: what fails now is a conflict.
    pub(super) transaction: bool,
}

impl Prepared {
    /// Changes on their way into a transaction.
    pub(super) fn draft(store: &Inner, changes: Changes) -> Result<Self> {
        Self::of(store, changes, false)
    }

    /// Changes that are to be committed as they are.
    pub(super) fn commit(store: &Inner, changes: Changes) -> Result<Self> {
        let (base, read) = (changes.base.clone(), changes.read.clone());
        let mut prepared = Self { read, ..Self::of(store, changes, true)? };
        if let Some(base) = base {
            let names = prepared.definitions.iter().filter_map(table_of);
            let names = names.chain(prepared.rows.keys().map(String::as_str));
            let names = names.chain(prepared.conditions.iter().map(Condition::table));
            let touched = names.filter_map(|name| base.table(name));
            prepared.touched = touched.map(|table| table.definition().clone()).collect();
            let since = |condition: Condition| {
                let table = base.table(condition.table());
                condition.since(table.map_or(0, |table| table.next_row_id()))
            };
            prepared.conditions = std::mem::take(&mut prepared.conditions).into_iter().map(since).collect();
            prepared.base = Some(base);
        }
        Ok(prepared)
    }

    fn of(store: &Inner, changes: Changes, journaled: bool) -> Result<Self> {
        let mut prepared = Self { journaled, ..Self::default() };
        let base = changes.base;
        for change in changes.changes {
            match change {
                Change::Put { table, rows } => {
                    let changes = prepared.rows.entry(table).or_default();
                    if rows.num_rows() > 0 {
                        changes.put(rows, journaled)?;
                    }
                }
                Change::Delete { table, rows } => {
                    let changes = prepared.rows.entry(table.clone()).or_default();
                    if !changes.deleted.is_disjoint(&rows) {
                        let detail = "a row is deleted twice in one commit".into();
                        return Err(Error::Conflict { table, detail });
                    }
                    changes.deleted |= rows;
                }
                Change::DropTable { name } => {
                    prepared.rows.remove(&name);
                    prepared.definitions.push(Change::DropTable { name });
                }
                Change::CreateTable { name, schema, keys, properties, temporary, id } => {
                    let id = id.unwrap_or_else(|| TableId(store.next_table.fetch_add(1, Ordering::Relaxed)));
                    let id = Some(id);
                    let create = Change::CreateTable { name, schema, keys, properties, temporary, id };
                    prepared.definitions.push(create);
                }
                Change::CreateIndex { table, name, columns, method, properties, id } => {
                    let id = id.unwrap_or_else(|| IndexId(store.next_index.fetch_add(1, Ordering::Relaxed)));
                    let id = Some(id);
                    let create = Change::CreateIndex { table, name, columns, method, properties, id };
                    prepared.definitions.push(create);
                }
                Change::Unchanged { table } => {
                    let table = base.as_ref().and_then(|base| base.table(&table));
                    prepared.unchanged.extend(table.map(|table| table.definition().id));
                }
                Change::Condition(condition) => prepared.conditions.push(condition),
                definition => prepared.definitions.push(definition),
            }
        }
        Ok(prepared)
    }

    /// Whether what these were worked out over is still so.
    pub(super) fn check_base(&self, latest: &Snapshot) -> Result<()> {
        let Some(base) = &self.base else { return Ok(()) };
        for definition in &self.touched {
            let now = latest.table(&definition.name);
            if now.is_none_or(|table| !Arc::ptr_eq(table.definition(), definition)) {
                let detail = "it was altered or dropped by another transaction".into();
                return Err(Error::Conflict { table: definition.name.clone(), detail });
            }
        }
        let changed = |id: &TableId| {
            let find = |snapshot: &Snapshot| by_id(snapshot, *id).map(|table| table.changed());
            find(base) != find(latest)
        };
        let name = |id: &TableId| by_id(base, *id).map(|table| table.definition().name.clone());
        if let Some(id) = self.unchanged.iter().find(|id| changed(id)) {
            let table = name(id).unwrap_or_default();
            let detail = "its rows were changed by another transaction".into();
            return Err(Error::Conflict { table, detail });
        }
        let altered = |id: &TableId| {
            let find = |snapshot: &Snapshot| by_id(snapshot, *id).map(|it| it.definition().schema.clone());
            find(base) != find(latest)
        };
        if let Some(id) = self.read.iter().find(|id| changed(id) || altered(id)) {
            return Err(Error::ReadConflict { table: name(id).unwrap_or_default() });
        }
        for change in &self.definitions {
            if let Change::SetObject { kind, name, overwrites: false, .. } = change
                && base.object(kind, name) != latest.object(kind, name)
            {
                let detail = format!("the {kind} was changed by another transaction");
                return Err(Error::Conflict { table: name.clone(), detail });
            }
        }
        Ok(())
    }
}

/// The table of this number.
fn by_id(snapshot: &Snapshot, id: TableId) -> Option<&Arc<Table>> {
    snapshot.all_tables().find(|table| table.definition().id == id)
}

impl RowChanges {
    /// Adds rows, encoded for the journal if they go there.
    pub(super) fn put(&mut self, rows: RecordBatch, journaled: bool) -> Result<()> {
        if journaled {
            let encoded = EncodedRows::new(&rows);
            self.encoded.push(encoded.map_err(|error| Error::arrow(Path::new("rows"), error))?);
        }
        self.rows.push(rows);
        Ok(())
    }
}

/// The table whose definition a change is about.
pub(super) fn table_of(change: &Change) -> Option<&str> {
    match change {
        Change::DropTable { name } => Some(name),
        Change::AlterTable { table, .. }
        | Change::CreateIndex { table, .. }
        | Change::DropIndex { table, .. } => Some(table),
        _ => None,
    }
}
