//! `UPDATE t [AS alias] SET ... [FROM ...] [WHERE ...] [RETURNING ...]`.
//!
//! The new values are planned beside the rows that match, so they may be whatever a SELECT list may have.
//! Generated columns are computed when the rows are made.

use std::ops::Range;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::FieldRef;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use datafusion::sql::sqlparser::ast::{self, Update, UpdateTableFromKind, With};
use muster_storage::Snapshot;

use super::delete::{first_matches, row_ids};
use super::insert::default_of;
use super::refused::refuse_clauses;
use crate::database::Shared;
use crate::planning::settle;
use crate::write::{
    Assigned, Matching, NewValue, Query, Returning, RowWriter, Target, assigned, assignments, row, row_id,
    value_name,
};
use crate::{Error, Result, check_constraint as check, column};

/// A planned UPDATE. Its plan gives the row id, the new row's columns, then what RETURNING needs beside them.
#[derive(Clone, Debug)]
pub(crate) struct PlannedUpdate {
    pub(crate) target: Target,
    pub(crate) plan: LogicalPlan,
    /// The table's columns that the statement gives values.
    pub(crate) given: Vec<usize>,
    /// By column of the table, the plan's column that it comes from; `None` for what is computed.
    sources: Vec<Option<usize>>,
    /// Whether the query reads columns of the target.
    pub(crate) reads: bool,
    /// The plan's columns of the relations beside the target.
    beside: Range<usize>,
    pub(crate) returning: Option<Returning>,
}

impl PlannedUpdate {
    /// Plans the statement, its parameters still open.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        update: &Update,
        with: Option<&With>,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        refuse(update)?;
        let target = Target::of(snapshot, &update.table.relation)?;
        let definition = target.definition.clone();
        let from = match &update.from {
            Some(UpdateTableFromKind::AfterSet(from)) => from.as_slice(),
            _ => &[],
        };
        target.check_beside(from)?;
        let mut relations = vec![target.relation()];
        relations.extend(from.iter().cloned());
        let set = assignments(&definition, &update.assignments)?;
        let written = |assignment: &Assigned| match &assignment.value {
            NewValue::Expression(expression) => Some(expression.as_ref().clone()),
            NewValue::Default | NewValue::Of { .. } => None,
        };
        let values: Vec<ast::Expr> = set.assigned.iter().filter_map(written).collect();
        let single = values.len();
        let query = Query {
            clause: "UPDATE",
            with,
            values: values.into_iter().chain(set.rows).collect(),
            from: relations,
            selection: update.selection.as_ref(),
        };
        let mut matching = Matching::of(shared, snapshot, &target, query, declared).await?;
        let reads = matching.reads;
        let rows = matching.values.split_off(single.min(matching.values.len()));
        let matching = matching.with_rows(rows)?;

        let mut values = matching.values.iter().cloned();
        let mut new: Vec<Option<Expr>> = vec![None; definition.schema.fields().len()];
        for assignment in &set.assigned {
            let field = definition.schema.field(assignment.column);
            let value = match &assignment.value {
                NewValue::Default => default_of(shared, snapshot, &definition, field)?,
                NewValue::Expression(_) => {
                    let value = values.next().ok_or_else(|| Error::unsupported("this SET list"))?;
                    assigned(value, matching.columns(), field, declared, &definition.name)?
                }
                NewValue::Of { row, place } => {
                    let value = row::field(Matching::row(*row), *place);
                    assigned(value, matching.columns(), field, declared, &definition.name)?
                }
            };
            if let Some(slot) = new.get_mut(assignment.column) {
                *slot = Some(value);
            }
        }

        let width = new.len();
        let column = |position| Expr::Column(Column::from(matching.columns().qualified_field(position)));
        let mut expressions = vec![row_id(&target)];
        let mut sources = Vec::with_capacity(width);
        for (position, (value, field)) in new.into_iter().zip(definition.schema.fields()).enumerate() {
            if let Some(sql) = column::generated(field) {
                let inputs = check::columns(sql, &definition.schema);
                let changes = set.assigned.iter().any(|assigned| inputs.contains(&assigned.column));
                // What nothing changes need not be embedded again, nor its embedder be there.
                let kept = column::embedder(field).is_some() && !changes;
                sources.push(kept.then_some(expressions.len()));
                expressions.extend(kept.then(|| column(position)));
                continue;
            }
            sources.push(Some(expressions.len()));
            expressions.push(match value {
                Some(value) => value.alias(value_name(position)),
                None => column(position),
            });
        }
        let first = expressions.len();
        let items = update.returning.as_deref();
        let returning = matching.returning(shared, snapshot, &target, items, declared)?;
        if returning.is_some() {
            expressions.extend((width + 1..width + 1 + matching.beside(width).len()).map(column));
        }
        let beside = first..expressions.len();
        let plan = LogicalPlan::Projection(Projection::try_new(expressions, matching.rows)?);
        let given = set.assigned.iter().map(|assigned| assigned.column).collect();
        Ok(Self { target, plan: settle(plan)?, given, reads, sources, beside, returning })
    }

    /// Gathers what it does, given the rows of its plan.
    pub(crate) fn write(&self, writer: &mut RowWriter, batches: &[RecordBatch]) -> Result<()> {
        for batch in batches {
            let batch = first_matches(writer, batch)?;
            let given = given(&self.sources, &batch);
            let rows = writer.make(given, batch.num_rows())?;
            let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
            columns.extend_from_slice(batch.columns().get(self.beside.clone()).unwrap_or_default());
            writer.changed(&columns, rows.num_rows())?;
            writer.replaced(|| row_ids(&batch), &rows);
            writer.put(rows);
        }
        Ok(())
    }
}

/// The columns of one batch, by column of the table.
pub(crate) fn given(sources: &[Option<usize>], batch: &RecordBatch) -> Vec<Option<ArrayRef>> {
    sources.iter().map(|source| source.and_then(|source| batch.columns().get(source).cloned())).collect()
}

fn refuse(update: &Update) -> Result<()> {
    refuse_clauses(&[
        (!update.table.joins.is_empty(), "UPDATE of a join"),
        (matches!(update.from, Some(UpdateTableFromKind::BeforeSet(_))), "FROM before SET"),
        (update.output.is_some(), "OUTPUT"),
        (update.or.is_some(), "UPDATE OR"),
        (!update.order_by.is_empty(), "UPDATE ... ORDER BY"),
        (update.limit.is_some(), "UPDATE ... LIMIT"),
    ])
}
