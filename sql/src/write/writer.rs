//! Gathers what one statement does to one table's rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use datafusion::common::ParamValues;
use muster_storage::{Changes, Table};
use roaring::RoaringTreemap;

use super::returning::{BoundReturning, Returning};
use super::{Replaced, RowMaker, RowRules, Written};
use crate::session::StatementContext;
use crate::{Error, Result, foreign_key};

/// See the module. An updated row is deleted and put, which one commit does at once.
pub(crate) struct RowWriter {
    table: Arc<Table>,
    maker: RowMaker,
    returning: Option<BoundReturning>,
    deleted: RoaringTreemap,
    changes: Changes,
    rows: u64,
    put: u64,
    /// Of the rows put, those that came for others.
    updated: u64,
    returned: Vec<RecordBatch>,
    /// Kept where foreign keys refer to the table.
    replaced: Option<Vec<Replaced>>,
}

impl RowWriter {
    /// A writer of rows of the table as it is now: an index made since the plan brings its checks along.
    pub(crate) fn new(
        context: &StatementContext,
        table: &str,
        returning: Option<&Returning>,
        params: &ParamValues,
    ) -> Result<Self> {
        let current = context.snapshot.table(table).ok_or_else(|| Error::undefined_table(table))?;
        let rules = RowRules::of(&context.database, &context.snapshot, current.definition())?;
        let referenced = foreign_key::is_referenced(&current.definition().properties);
        Ok(Self {
            table: current.clone(),
            maker: RowMaker::new(rules),
            returning: returning.map(|returning| returning.bind(context, params)).transpose()?,
            deleted: RoaringTreemap::new(),
            changes: Changes::new(),
            rows: 0,
            put: 0,
            updated: 0,
            returned: Vec::new(),
            replaced: referenced.then(Vec::new),
        })
    }

    /// The table in the statement's snapshot.
    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    fn name(&self) -> &str {
        &self.table.definition().name
    }

    /// Whole rows of these columns, by column of the table, `None` for generated ones; they are not put yet.
    pub(crate) fn make(&mut self, given: Vec<Option<ArrayRef>>, rows: usize) -> Result<RecordBatch> {
        self.maker.make(given, rows)
    }

    /// Puts whole rows.
    pub(crate) fn put(&mut self, rows: RecordBatch) {
        if rows.num_rows() > 0 {
            self.put += rows.num_rows() as u64;
            self.changes = std::mem::take(&mut self.changes).put(self.name(), rows);
        }
    }

    /// Takes note that these rows, which are put, come in place of those with these ids, which are deleted.
    pub(crate) fn replaced(&mut self, row_ids: impl FnOnce() -> Vec<u64>, rows: &RecordBatch) {
        self.updated += rows.num_rows() as u64;
        let table = &self.table.definition().name;
        if let Some(replaced) = self.replaced.as_mut().filter(|_| rows.num_rows() > 0) {
            replaced.push(Replaced { table: table.clone(), row_ids: row_ids(), rows: rows.clone() });
        }
    }

    /// Deletes a row; `false` when the statement did so before.
    pub(crate) fn delete(&mut self, row_id: u64) -> bool {
        self.deleted.insert(row_id)
    }

    /// Counts rows as changed and gives them back, where the statement asks for that. `columns` are those of
    /// the target's rows, then those of the relations beside it.
    pub(crate) fn changed(&mut self, columns: &[ArrayRef], rows: usize) -> Result<()> {
        self.rows += rows as u64;
        if let Some(returning) = &self.returning
            && rows > 0
        {
            self.returned.push(returning.rows(columns, rows)?);
        }
        Ok(())
    }

    /// What the statement does.
    pub(crate) fn finish(self) -> Written {
        let mut changes = self.changes;
        let mixed = self.put.min(self.deleted.len()).saturating_sub(self.updated);
        if !self.deleted.is_empty() {
            changes = changes.delete(&self.table.definition().name, self.deleted);
        }
        let returned = self.returning.is_some().then_some(self.returned);
        Written { changes, rows: self.rows, returned, replaced: self.replaced.unwrap_or_default(), mixed }
    }
}
