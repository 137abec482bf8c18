//! The rows that a statement's target and the relations beside it join to: planned as the query
//! `SELECT values FROM target, relations WHERE condition`.
//!
//! So a statement changes the rows that this query gives, and no condition means something else here than in
//! SELECT. The target comes first among the columns; its last one is the row id.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use datafusion::sql::sqlparser::ast::{
    self, Ident, SelectItem, SetExpr, TableWithJoins, WildcardAdditionalOptions, With,
};
use muster_storage::Snapshot;

use super::reading::reads;
use super::{Returning, Target};
use crate::catalog::ROW_ID;
use crate::database::Shared;
use crate::parse::parse;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
pub(crate) struct Matching {
    /// Gives the columns of the target, its row id and the columns of the relations beside it.
    pub(crate) rows: Arc<LogicalPlan>,
    /// The values, over those columns. Their parameters may have no types yet.
    pub(crate) values: Vec<Expr>,
    /// Whether the values or the condition read columns of the target.
    pub(crate) reads: bool,
    /// How many columns after those are values themselves.
    computed: usize,
}

impl Matching {
    /// Plans the query.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        target: &Target,
        query: Query<'_>,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        let clause = query.clause;
        let count = query.values.len();
        let statement = query.statement()?;
        let definition = Some(target.definition.clone());
        let plan = shared.planner.plan_over(&statement, snapshot, declared, definition).await?;
        let reads = reads(&plan, &target.qualifier(), count == 0)?;
        let LogicalPlan::Projection(Projection { expr, input, .. }) = plan else {
            return Err(Error::new(SqlState::InternalError, "the query of a statement gives no projection"));
        };
        match input.as_ref() {
            LogicalPlan::Aggregate(_) => {
                let message = format!("aggregate functions are not allowed in {clause}");
                return Err(Error::new(SqlState::GroupingError, message));
            }
            LogicalPlan::Window(_) => {
                let message = format!("window functions are not allowed in {clause}");
                return Err(Error::new(SqlState::WindowingError, message));
            }
            LogicalPlan::Unnest(_) => {
                return Err(Error::unsupported(format!("a set-returning function in {clause}")));
            }
            _ => {}
        }
        let values = expr.into_iter().take(count).map(Expr::unalias).collect();
        Ok(Self { rows: input, values, reads, computed: 0 })
    }

    /// The same with more columns, [`Self::row`]: what several values are made of is evaluated once.
    pub(crate) fn with_rows(self, rows: Vec<Expr>) -> Result<Self> {
        if rows.is_empty() {
            return Ok(self);
        }
        let computed = rows.len();
        let mut expressions: Vec<Expr> = self.columns().columns().into_iter().map(Expr::Column).collect();
        let rows = rows.into_iter().enumerate().map(|(number, row)| row.alias(row_name(number)));
        expressions.extend(rows);
        let rows = Arc::new(LogicalPlan::Projection(Projection::try_new(expressions, self.rows)?));
        Ok(Self { rows, computed, ..self })
    }

    /// Column number `number` of those.
    pub(crate) fn row(number: usize) -> Expr {
        Expr::Column(Column::new_unqualified(row_name(number)))
    }

    /// The columns that the values are over.
    pub(crate) fn columns(&self) -> &DFSchema {
        self.rows.schema()
    }

    /// The columns of the relations beside the target. `width` is the number of the target's own.
    pub(crate) fn beside(&self, width: usize) -> Vec<(Option<TableReference>, FieldRef)> {
        let all = self.columns().fields().len();
        let columns = self.columns().iter().take(all - self.computed).skip(width + 1);
        columns.map(|(table, field)| (table.cloned(), nullable(field))).collect()
    }

    /// A RETURNING list over the target's row and the relations beside it, if there is one.
    ///
    /// # Errors
    /// As [`Returning::of`].
    pub(crate) fn returning(
        &self,
        shared: &Shared,
        snapshot: &Snapshot,
        target: &Target,
        items: Option<&[SelectItem]>,
        declared: &[Option<FieldRef>],
    ) -> Result<Option<Returning>> {
        let Some(items) = items else { return Ok(None) };
        let mut columns = target.columns();
        columns.extend(self.beside(target.definition.schema.fields().len()));
        Returning::of(&shared.planner, snapshot, items, columns, declared).map(Some)
    }
}

/// The same column where it may be NULL.
pub(crate) fn nullable(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_nullable(true))
}

/// The row id of `target`.
pub(crate) fn row_id(target: &Target) -> Expr {
    Expr::Column(Column::new(Some(target.qualifier()), ROW_ID))
}

/// The parts of the query.
pub(crate) struct Query<'a> {
    /// The statement's name, for messages.
    pub(crate) clause: &'static str,
    pub(crate) with: Option<&'a With>,
    pub(crate) values: Vec<ast::Expr>,
    pub(crate) from: Vec<TableWithJoins>,
    pub(crate) selection: Option<&'a ast::Expr>,
}

impl Query<'_> {
    fn statement(self) -> Result<ast::Statement> {
        // Names of their own, so that equal expressions do not meet.
        let item = |(number, expr)| SelectItem::ExprWithAlias {
            expr,
            alias: Ident::with_quote('"', value_name(number)),
        };
        let mut values: Vec<SelectItem> = self.values.into_iter().enumerate().map(item).collect();
        if values.is_empty() {
            values.push(SelectItem::Wildcard(WildcardAdditionalOptions::default()));
        }
        let mut query = select(values, self.from)?;
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.selection = self.selection.cloned();
        }
        query.with = self.with.cloned();
        Ok(ast::Statement::Query(Box::new(query)))
    }
}

/// `SELECT items FROM relations`.
pub(crate) fn select(items: Vec<SelectItem>, from: Vec<TableWithJoins>) -> Result<ast::Query> {
    let broken = || Error::new(SqlState::InternalError, "the template of a query does not parse");
    let template = parse("SELECT 1")?;
    let template = template.first().map(|statement| statement.ast.as_ref().clone());
    let Some(ast::Statement::Query(mut query)) = template else { return Err(broken()) };
    let SetExpr::Select(select) = query.body.as_mut() else { return Err(broken()) };
    select.projection = items;
    select.from = from;
    Ok(*query)
}

/// The name of a computed column, which no column of a table has.
pub(crate) fn value_name(number: usize) -> String {
    format!("\0value {number}")
}

fn row_name(number: usize) -> String {
    format!("\0row {number}")
}
