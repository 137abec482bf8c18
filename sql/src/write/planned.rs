//! A statement that changes rows, planned.
//!
//! Each is a query and what is made of its rows; here is what they have in common.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::ParamValues;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::{self, SetExpr, Statement, With};
use muster_storage::{Snapshot, TableDefinition};

use super::rules::RowRules;
use super::{Returning, RowWriter, Target, Written};
use crate::database::Shared;
use crate::planning::{in_zone, parameters_with};
use crate::point::PointPlan;
use crate::privileges::disclosure::Given;
use crate::session::{StatementContext, blocking, physical_of};
use crate::statement::delete::PlannedDelete;
use crate::statement::insert::PlannedInsert;
use crate::statement::merge::PlannedMerge;
use crate::statement::update::PlannedUpdate;
use crate::{Result, column, embedding};

/// Rows that are worked on where the statement runs, and not on a thread for what blocks.
const FEW_ROWS: usize = 64;

/// The same where columns are computed, an embedding for one: some 50 us each.
const FEW_COMPUTED_ROWS: usize = 4;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) enum PlannedWrite {
    Insert(PlannedInsert),
    Update(PlannedUpdate),
    Delete(PlannedDelete),
    Merge(PlannedMerge),
}

/// The statement that changes rows and its WITH list, if `statement` is one.
pub(crate) fn row_statement(statement: &Statement) -> Option<(&Statement, Option<&With>)> {
    match statement {
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) | Statement::Merge(_) => {
            Some((statement, None))
        }
        Statement::Query(query) => match query.body.as_ref() {
            SetExpr::Insert(inner)
            | SetExpr::Update(inner)
            | SetExpr::Delete(inner)
            | SetExpr::Merge(inner) => Some((inner, query.with.as_ref())),
            _ => None,
        },
        _ => None,
    }
}

impl PlannedWrite {
    /// Plans a statement that [`row_statement`] gave, and tells its parameters.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        (statement, with): (&Statement, Option<&With>),
        declared: &[Option<FieldRef>],
        zone: &str,
    ) -> Result<(Self, Vec<FieldRef>)> {
        let mut planned = match statement {
            ast::Statement::Insert(insert) => {
                Self::Insert(PlannedInsert::of(shared, snapshot, insert, with, declared).await?)
            }
            ast::Statement::Update(update) => {
                Self::Update(PlannedUpdate::of(shared, snapshot, update, with, declared).await?)
            }
            ast::Statement::Delete(delete) => {
                Self::Delete(PlannedDelete::of(shared, snapshot, delete, with, declared).await?)
            }
            ast::Statement::Merge(merge) => {
                Self::Merge(PlannedMerge::of(shared, snapshot, merge, with, declared).await?)
            }
            other => return Err(crate::statement::refused::refusal(other)),
        };
        let parameters = parameters_with(planned.plan(), &planned.expressions(), declared)?;
        let plan = planned.plan_mut();
        *plan = in_zone(shared.planner.analyze(std::mem::take(plan))?, zone)?;
        Ok((planned, parameters))
    }

    /// Gives the rows that the statement works on.
    pub(crate) fn plan(&self) -> &LogicalPlan {
        match self {
            Self::Insert(insert) => &insert.plan,
            Self::Update(update) => &update.plan,
            Self::Delete(delete) => &delete.plan,
            Self::Merge(merge) => &merge.plan,
        }
    }

    fn plan_mut(&mut self) -> &mut LogicalPlan {
        match self {
            Self::Insert(insert) => &mut insert.plan,
            Self::Update(update) => &mut update.plan,
            Self::Delete(delete) => &mut delete.plan,
            Self::Merge(merge) => &mut merge.plan,
        }
    }

    fn target(&self) -> &Target {
        match self {
            Self::Insert(insert) => &insert.target,
            Self::Update(update) => &update.target,
            Self::Delete(delete) => &delete.target,
            Self::Merge(merge) => &merge.target,
        }
    }

    fn returning(&self) -> Option<&Returning> {
        match self {
            Self::Insert(insert) => insert.returning.as_ref(),
            Self::Update(update) => update.returning.as_ref(),
            Self::Delete(delete) => delete.returning.as_ref(),
            Self::Merge(merge) => merge.returning.as_ref(),
        }
    }

    /// The expressions that are evaluated beside the plan.
    pub(crate) fn expressions(&self) -> Vec<Expr> {
        let mut expressions = match self {
            Self::Insert(insert) => {
                insert.conflict.iter().flat_map(|conflict| conflict.expressions()).collect()
            }
            Self::Update(_) | Self::Delete(_) | Self::Merge(_) => Vec::new(),
        };
        expressions.extend(self.returning().iter().flat_map(|returning| returning.list().iter().cloned()));
        expressions
    }

    /// Whether it depends on keys of the table that its query does not read.
    pub(crate) fn looks_up_keys(&self) -> bool {
        matches!(self, Self::Insert(insert) if insert.conflict.is_some())
    }

    /// The table whose rows are changed.
    pub(crate) fn definition(&self) -> &Arc<TableDefinition> {
        &self.target().definition
    }

    /// Whether it reads columns of its target, for which it takes SELECT.
    pub(crate) fn reads_target(&self) -> bool {
        let by_query = match self {
            Self::Insert(_) => false,
            Self::Update(update) => update.reads,
            Self::Delete(delete) => delete.reads,
            Self::Merge(merge) => merge.reads,
        };
        by_query || self.returning().is_some_and(|returning| returning.reads(self.target()))
    }

    /// The columns that the statement gives values.
    pub(crate) fn given(&self) -> Given {
        let definition = self.definition();
        let given = match self {
            Self::Insert(insert) => insert.given.as_slice(),
            Self::Update(update) => update.given.as_slice(),
            // One deletes, for the other it takes SELECT.
            Self::Delete(_) | Self::Merge(_) => &[],
        };
        let columns = given.iter().filter_map(|column| definition.schema.fields().get(*column));
        let columns = columns.map(|field| field.name().clone()).collect();
        Given { table: definition.name.clone(), columns }
    }

    /// The columns of what RETURNING gives back.
    pub(crate) fn columns(&self) -> Option<SchemaRef> {
        self.returning().map(|returning| returning.columns().clone())
    }

    /// The name in the command tag.
    pub(crate) fn command(&self) -> &'static str {
        match self {
            Self::Insert(_) => "INSERT",
            Self::Update(_) => "UPDATE",
            Self::Delete(_) => "DELETE",
            Self::Merge(_) => "MERGE",
        }
    }

    /// Works out what the statement does. It reads the context's snapshot and changes nothing.
    pub(crate) async fn write(
        self: &Arc<Self>,
        context: Arc<StatementContext>,
        point: Option<&PointPlan>,
        params: ParamValues,
    ) -> Result<Written> {
        if let Some(point) = point
            && let Some(rows) = point.run(&context, &params)?
        {
            // An embedder that runs a model, or asks somebody who does, takes its time.
            if rows.num_rows() <= self.at_once() && !self.waits(&context)? {
                return self.written(&context, &[rows], &params);
            }
            let planned = self.clone();
            return blocking(move || planned.written(&context, &[rows], &params)).await;
        }
        let plan = physical_of(&context, self.plan(), params.clone()).await?;
        self.write_by(plan, context, params).await
    }

    /// As [`PlannedWrite::write`], with the physical plan of its rows.
    pub(crate) async fn write_by(
        self: &Arc<Self>,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<StatementContext>,
        params: ParamValues,
    ) -> Result<Written> {
        let batches = embedding::collect(plan, context.clone().task()).await?;
        let planned = self.clone();
        blocking(move || planned.written(&context, &batches, &params)).await
    }

    fn written(
        &self,
        context: &StatementContext,
        batches: &[RecordBatch],
        params: &ParamValues,
    ) -> Result<Written> {
        if let Self::Insert(insert) = self {
            return insert.written(context, batches, params);
        }
        let table = &self.definition().name;
        let mut writer = RowWriter::new(context, table, self.returning(), params)?;
        match self {
            Self::Insert(_) => {}
            Self::Update(update) => update.write(&mut writer, batches)?,
            Self::Delete(delete) => delete.write(&mut writer, batches)?,
            Self::Merge(merge) => merge.write(&mut writer, batches)?,
        }
        Ok(writer.finish())
    }

    /// Rows that are worked on where the statement runs.
    fn at_once(&self) -> usize {
        let mut fields = self.definition().schema.fields().iter();
        if fields.any(|field| column::generated(field).is_some()) { FEW_COMPUTED_ROWS } else { FEW_ROWS }
    }

    /// Whether what is evaluated beside the plan waits for an embedder, or a column that is computed.
    fn waits(&self, context: &StatementContext) -> Result<bool> {
        let rules = RowRules::of(&context.database, &context.snapshot, self.definition())?;
        Ok(rules.wait() || self.expressions().iter().any(embedding::expression_waits))
    }
}
