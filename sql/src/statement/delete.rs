//! `DELETE FROM t [AS alias] [USING ...] [WHERE ...] [RETURNING ...]`.

use std::ops::Range;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{FieldRef, UInt64Type};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use datafusion::sql::sqlparser::ast::{Delete, FromTable, With};
use muster_storage::Snapshot;

use super::refused::refuse_clauses;
use crate::database::Shared;
use crate::planning::settle;
use crate::sqlstate::SqlState;
use crate::write::{Matching, Query, Returning, RowWriter, Target, row_id};
use crate::{Error, Result};

/// A planned DELETE. Its plan gives the row id, then what RETURNING needs.
#[derive(Clone, Debug)]
pub(crate) struct PlannedDelete {
    pub(crate) target: Target,
    pub(crate) plan: LogicalPlan,
    /// Whether the query reads columns of the target.
    pub(crate) reads: bool,
    pub(crate) returning: Option<Returning>,
}

impl PlannedDelete {
    /// Plans the statement, its parameters still open.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        delete: &Delete,
        with: Option<&With>,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        refuse(delete)?;
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let [from] = from.as_slice() else {
            return Err(Error::unsupported("DELETE from several tables"));
        };
        if !from.joins.is_empty() {
            return Err(Error::unsupported("DELETE from a join"));
        }
        let target = Target::of(snapshot, &from.relation)?;
        let mut relations = vec![target.relation()];
        let using = delete.using.as_deref().unwrap_or_default();
        target.check_beside(using)?;
        relations.extend(using.iter().cloned());
        let query = Query {
            clause: "DELETE",
            with,
            values: Vec::new(),
            from: relations,
            selection: delete.selection.as_ref(),
        };
        let matching = Matching::of(shared, snapshot, &target, query, declared).await?;
        let reads = matching.reads;
        let width = target.definition.schema.fields().len();
        let mut expressions = vec![row_id(&target)];
        let items = delete.returning.as_deref();
        let returning = matching.returning(shared, snapshot, &target, items, declared)?;
        if returning.is_some() {
            let positions: Range<usize> = 0..matching.columns().fields().len();
            let column = |position| Expr::Column(Column::from(matching.columns().qualified_field(position)));
            expressions.extend(positions.filter(|position| *position != width).map(column));
        }
        let plan = LogicalPlan::Projection(Projection::try_new(expressions, matching.rows)?);
        Ok(Self { target, plan: settle(plan)?, reads, returning })
    }

    /// Gathers what it does, given the rows of its plan.
    pub(crate) fn write(&self, writer: &mut RowWriter, batches: &[RecordBatch]) -> Result<()> {
        for batch in batches {
            let batch = first_matches(writer, batch)?;
            writer.changed(batch.columns().get(1..).unwrap_or_default(), batch.num_rows())?;
        }
        Ok(())
    }
}

/// The rows of a batch, whose first column is the row id, that the statement has not deleted yet; they are now.
///
/// A row that several rows beside it match is changed once, for the first of them.
pub(crate) fn first_matches(writer: &mut RowWriter, batch: &RecordBatch) -> Result<RecordBatch> {
    let ids = batch.columns().first().and_then(|ids| ids.as_primitive_opt::<UInt64Type>());
    let ids = ids.filter(|ids| ids.null_count() == 0);
    let ids = ids.ok_or_else(|| Error::new(SqlState::InternalError, "a plan gives no row ids"))?;
    let first: BooleanArray = ids.values().iter().map(|id| Some(writer.delete(*id))).collect();
    if first.true_count() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &first)?)
}

/// The row ids of a batch whose first column they are.
pub(crate) fn row_ids(batch: &RecordBatch) -> Vec<u64> {
    let ids = batch.columns().first().and_then(|ids| ids.as_primitive_opt::<UInt64Type>());
    ids.map(|ids| ids.values().to_vec()).unwrap_or_default()
}

fn refuse(delete: &Delete) -> Result<()> {
    refuse_clauses(&[
        (!delete.tables.is_empty(), "DELETE from several tables"),
        (delete.output.is_some(), "OUTPUT"),
        (!delete.order_by.is_empty(), "DELETE ... ORDER BY"),
        (delete.limit.is_some(), "DELETE ... LIMIT"),
    ])
}
