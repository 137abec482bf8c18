//! Expressions that the catalog or a caller gives as text, over the columns of one table:
//! generated columns, defaults, filters.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use chrono::Utc;
use datafusion::common::{DFSchema, TableReference};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast;
use muster_storage::Snapshot;

use super::{Names, Planner, rewrite_expression};
use crate::catalog::relation::plain;
use crate::parse::parse_expression;
use crate::{Error, Result};

/// An expression over a table's columns, ready to be evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    /// The expression over `schema`.
    pub(crate) physical: Arc<dyn PhysicalExpr>,
    /// The columns that it needs, as positions in the table.
    pub(crate) projection: Vec<usize>,
    /// Those columns.
    pub(crate) schema: SchemaRef,
}

/// Parses and plans `sql` over the columns of `schema`, which are also known as `table`'s.
pub(crate) fn logical(
    planner: &Planner,
    snapshot: &Snapshot,
    sql: &str,
    table: &str,
    schema: &Schema,
) -> Result<(Expr, DFSchema)> {
    let mut parsed = parse_expression(sql)?;
    rewrite_expression(&mut parsed)?;
    let columns = DFSchema::try_from_qualified_schema(TableReference::bare(plain(table)), schema)?;
    let expression = plan(planner, snapshot, parsed, &columns)?;
    Ok((expression, columns))
}

fn plan(planner: &Planner, snapshot: &Snapshot, parsed: ast::Expr, columns: &DFSchema) -> Result<Expr> {
    let names = Names::new(planner.state(), snapshot);
    let sql = SqlToRel::new_with_options(&names, planner.parser_options());
    Ok(sql.sql_to_expr(parsed, columns, &mut PlannerContext::new())?)
}

/// Coerces types and folds constants, `now()` among them.
pub(crate) fn simplify(state: &SessionState, expression: Expr, columns: &DFSchema) -> Result<Expr> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(columns.clone()))
        .with_config_options(state.config_options().clone())
        .with_query_execution_start_time(Some(Utc::now()))
        .build();
    let simplifier = ExprSimplifier::new(context);
    let expression = super::literals::type_literals(expression, columns)?.data;
    let expression = simplifier.coerce(expression, columns)?;
    let expression = super::arithmetic::check_arithmetic(expression, columns)?.data;
    Ok(simplifier.simplify(expression)?)
}

/// Makes an expression ready to be evaluated over a projection of the table's columns.
pub(crate) fn compile(
    planner: &Planner,
    expression: Expr,
    table: &str,
    schema: &Schema,
    columns: &DFSchema,
) -> Result<Compiled> {
    if let Some(what) = forbidden(&expression) {
        return Err(Error::unsupported(format!("{what} in an expression over a table's columns")));
    }
    let expression = simplify(planner.state(), expression, columns)?;
    let mut projection: Vec<usize> = Vec::new();
    for column in expression.column_refs() {
        projection.push(columns.index_of_column(column)?);
    }
    projection.sort_unstable();
    projection.dedup();
    let schema = Arc::new(schema.project(&projection)?);
    let columns = DFSchema::try_from_qualified_schema(TableReference::bare(plain(table)), &schema)?;
    let props = ExecutionProps::new();
    let physical = create_physical_expr(&expression, &columns, &props, &PhysicalPlanningContext::default())?;
    Ok(Compiled { physical, projection, schema })
}

/// The Arrow type that an expression gives.
pub(crate) fn data_type(expression: &Expr, columns: &DFSchema) -> Result<arrow::datatypes::DataType> {
    Ok(expression.get_type(columns)?)
}

/// The field that an expression gives: its type, with the metadata that tells vectors and JSON apart.
pub(crate) fn field(expression: &Expr, columns: &DFSchema) -> Result<FieldRef> {
    let (_, field) = expression.to_field(columns)?;
    Ok(field)
}

fn forbidden(expression: &Expr) -> Option<&'static str> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut found = None;
    let walked = expression.apply(|part| {
        found = match part {
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => {
                Some("a subquery")
            }
            Expr::AggregateFunction(_) => Some("an aggregate"),
            Expr::WindowFunction(_) => Some("a window function"),
            Expr::Placeholder(_) => Some("a parameter"),
            _ => None,
        };
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    found
}
