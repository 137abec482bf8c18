//! What ON DELETE and ON UPDATE do: rows that refer to keys which go away are deleted or changed, and so on from there.
//!
//! It works on a transaction that is never committed. RESTRICT is checked here, where NO ACTION waits for the end of the
//! statement. Invariant: each step looks at what those before it have left.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use arrow::compute::kernels::cmp::distinct;
use arrow::compute::{cast, concat, filter, or, take};
use arrow::datatypes::{Field, Schema};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::Expr;
use muster_storage::{Changes, KeySet, Referring, Snapshot, Table, TableDefinition, Transaction};

use super::reference::table;
use super::{Action, Reference, is_referenced, referring};
use crate::planning::expression;
use crate::planning::{assign, bind_expression};
use crate::session::{Caller, StatementContext};
use crate::sqlstate::SqlState;
use crate::statement::insert::default_of;
use crate::write::{Replaced, RowMaker, RowRules};
use crate::{Error, Result, check_constraint, column};

/// More of them are taken for a circle that does not end.
const MOST_STEPS: usize = 10_000;

/// See the module.
pub(super) struct Cascade<'a> {
    context: &'a StatementContext,
    work: Transaction,
    steps: VecDeque<Step>,
}

/// What was done to the rows of one table.
struct Step {
    /// The table before that.
    before: Arc<Table>,
    deleted: Vec<u64>,
    replaced: Vec<Replaced>,
}

/// What becomes of the columns of rows that refer to a key.
enum Change {
    Null,
    Default,
    /// The key of the same number.
    To(Vec<ArrayRef>),
}

impl<'a> Cascade<'a> {
    pub(super) fn new(context: &'a StatementContext, base: Arc<Snapshot>) -> Self {
        let work = context.database.store.begin_scratch(base);
        Self { context, work, steps: VecDeque::new() }
    }

    /// Applies a statement's changes and all that follows.
    pub(super) fn run(mut self, changes: Changes, replaced: Vec<Replaced>) -> Result<Transaction> {
        let base = self.work.snapshot().clone();
        let mut names: Vec<String> = changes.tables_of_rows().map(str::to_string).collect();
        names.sort_unstable();
        names.dedup();
        let mut replaced = Some(replaced);
        for name in names {
            let Some(before) = base.table(&name) else { continue };
            if !is_referenced(&before.definition().properties) {
                continue;
            }
            let mut deleted = changes.deleted(&name);
            let of_table = |replaced: &Vec<Replaced>| replaced.iter().any(|it| it.table == name);
            let replaced = replaced.take_if(|replaced| of_table(replaced)).unwrap_or_default();
            for id in replaced.iter().flat_map(|replaced| &replaced.row_ids) {
                deleted.remove(*id);
            }
            let deleted = deleted.iter().collect();
            self.steps.push_back(Step { before: before.clone(), deleted, replaced });
        }
        self.work.apply(changes)?;
        let mut steps = 0;
        while let Some(step) = self.steps.pop_front() {
            self.follow(&step)?;
            steps += 1;
            if steps > MOST_STEPS {
                return Err(Error::new(SqlState::StatementTooComplex, "foreign keys cascade in a circle"));
            }
        }
        Ok(self.work)
    }

    fn follow(&mut self, step: &Step) -> Result<()> {
        let parent = step.before.definition();
        if !is_referenced(&parent.properties) {
            return Ok(());
        }
        for (child, key) in referring(self.work.snapshot(), &parent.name)? {
            let (on_delete, on_update) = (key.on_delete, key.on_update);
            let acts = |action, rows: bool| action != Action::Nothing && rows;
            if !acts(on_delete, !step.deleted.is_empty()) && !acts(on_update, !step.replaced.is_empty()) {
                continue;
            }
            let reference = Reference::of(self.work.snapshot(), &child, key)?;
            if acts(on_delete, !step.deleted.is_empty()) {
                let keys = step.before.rows_of(&step.deleted, &reference.referenced)?;
                self.act(&reference, on_delete, &KeySet::new(keys.columns().to_vec())?, None)?;
            }
            if acts(on_update, !step.replaced.is_empty())
                && let Some((old, new)) = step.keys_changed(&reference.referenced)?
            {
                self.act(&reference, on_update, &KeySet::new(old)?, Some(new))?;
            }
        }
        Ok(())
    }

    /// Does to the rows that refer to these keys what is to be done. `new` are the keys after an update.
    fn act(
        &mut self,
        reference: &Reference,
        action: Action,
        keys: &KeySet,
        new: Option<Vec<ArrayRef>>,
    ) -> Result<()> {
        let child = table(self.work.snapshot(), &reference.child.name)?.clone();
        if action == Action::Restrict {
            return match child.first_referring(&reference.columns, keys, 0)? {
                Some(found) => Err(reference.still_used(keys.columns(), found.key as usize)),
                None => Ok(()),
            };
        }
        let found = child.referring(&reference.columns, keys)?;
        if found.is_empty() {
            return Ok(());
        }
        let change = match (action, new) {
            (Action::Cascade, None) => return self.delete(child, &found),
            (Action::Cascade, Some(new)) => Change::To(new),
            (Action::SetDefault, _) => Change::Default,
            (Action::SetNull, _) => Change::Null,
            (Action::Nothing | Action::Restrict, _) => return Ok(()),
        };
        self.change(child, reference, &found, &change)
    }

    fn delete(&mut self, child: Arc<Table>, found: &[Referring]) -> Result<()> {
        let deleted: Vec<u64> = found.iter().map(|found| found.row_id).collect();
        let rows = deleted.iter().copied().collect();
        self.work.apply(Changes::new().delete(&child.definition().name, rows))?;
        self.steps.push_back(Step { before: child, deleted, replaced: Vec::new() });
        Ok(())
    }

    fn change(
        &mut self,
        child: Arc<Table>,
        reference: &Reference,
        found: &[Referring],
        change: &Change,
    ) -> Result<()> {
        let definition = child.definition();
        let row_ids: Vec<u64> = found.iter().map(|found| found.row_id).collect();
        let everything: Vec<usize> = (0..definition.schema.fields().len()).collect();
        let rows = child.rows_of(&row_ids, &everything)?;
        let mut given: Vec<Option<ArrayRef>> = rows.columns().iter().cloned().map(Some).collect();
        for (place, field) in definition.schema.fields().iter().enumerate() {
            let Some(sql) = column::generated(field) else { continue };
            let inputs = check_constraint::columns(sql, &definition.schema);
            let changes = inputs.iter().any(|input| reference.columns.contains(input));
            // What nothing changes need not be embedded again.
            if let Some(slot) = given.get_mut(place).filter(|_| changes) {
                *slot = None;
            }
        }
        for (number, place) in reference.columns.iter().enumerate() {
            let Some(field) = definition.schema.fields().get(*place) else { continue };
            let values = match change {
                Change::Null => new_null_array(field.data_type(), row_ids.len()),
                Change::Default => self.default(definition, *place, row_ids.len())?,
                Change::To(new) => {
                    let keys = UInt32Array::from_iter_values(found.iter().map(|found| found.key));
                    let new = new.get(number).ok_or_else(|| Error::internal("a key lacks a column"))?;
                    let from =
                        reference.referenced.get(number).map(|place| reference.parent.schema.field(*place));
                    let from = from.ok_or_else(|| Error::internal("a key lacks a column"))?;
                    self.assigned(take(new, &keys, None)?, from, field, &definition.name)?
                }
            };
            if let Some(slot) = given.get_mut(*place) {
                *slot = Some(values);
            }
        }
        let rules = RowRules::of(&self.context.database, &self.context.snapshot, definition)?;
        let rows = RowMaker::new(rules).make(given, row_ids.len())?;
        let name = &definition.name;
        let deleted = row_ids.iter().copied().collect();
        self.work.apply(Changes::new().delete(name, deleted).put(name, rows.clone()))?;
        let replaced = vec![Replaced { table: name.clone(), row_ids, rows }];
        self.steps.push_back(Step { before: child.clone(), deleted: Vec::new(), replaced });
        Ok(())
    }

    /// Values of one column as values of another, as an UPDATE takes them.
    fn assigned(&self, values: ArrayRef, from: &Field, to: &Field, table: &str) -> Result<ArrayRef> {
        let schema = Schema::new(vec![from.clone().with_name("key").with_nullable(true)]);
        let columns = DFSchema::try_from(schema.clone())?;
        let value = assign(Expr::Column(Column::new_unqualified("key")), from, to, table)?;
        let compiled = expression::compile(&self.context.database.planner, value, table, &schema, &columns)?;
        let rows = values.len();
        let values = RecordBatch::try_new(Arc::new(schema), vec![values])?;
        Ok(cast(&compiled.physical.evaluate(&values)?.into_array(rows)?, to.data_type())?)
    }

    /// A column's default, for each of so many rows.
    fn default(&self, definition: &TableDefinition, place: usize, rows: usize) -> Result<ArrayRef> {
        let context = self.context;
        let field = definition.schema.field(place);
        let default = default_of(&context.database, &context.snapshot, definition, field)?;
        let default = bind_expression(default, &Caller::of(context))?;
        let (nothing, columns) = (Schema::empty(), DFSchema::empty());
        let planner = &context.database.planner;
        let compiled = expression::compile(planner, default, &definition.name, &nothing, &columns)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let nothing = RecordBatch::try_new_with_options(compiled.schema.clone(), Vec::new(), &options)?;
        Ok(cast(&compiled.physical.evaluate(&nothing)?.into_array(rows)?, field.data_type())?)
    }
}

impl Step {
    /// Of the rows that were replaced, the keys that are others now: before and after.
    fn keys_changed(&self, columns: &[usize]) -> Result<Option<(Vec<ArrayRef>, Vec<ArrayRef>)>> {
        let ids: Vec<u64> = self.replaced.iter().flat_map(|replaced| replaced.row_ids.clone()).collect();
        let old = self.before.rows_of(&ids, columns)?;
        let mut new = Vec::with_capacity(columns.len());
        for column in columns {
            let parts = self.replaced.iter().filter_map(|replaced| replaced.rows.columns().get(*column));
            let parts: Vec<&dyn Array> = parts.map(|part| part.as_ref()).collect();
            new.push(concat(&parts)?);
        }
        let mut changed: Option<BooleanArray> = None;
        for (old, new) in old.columns().iter().zip(&new) {
            let differs = distinct(old, new)?;
            changed = Some(match changed {
                Some(before) => or(&before, &differs)?,
                None => differs,
            });
        }
        let Some(changed) = changed.filter(|changed| changed.true_count() > 0) else { return Ok(None) };
        let kept = |columns: &[ArrayRef]| {
            columns.iter().map(|column| Ok(filter(column, &changed)?)).collect::<Result<Vec<_>>>()
        };
        Ok(Some((kept(old.columns())?, kept(&new)?)))
    }
}
