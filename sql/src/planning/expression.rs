//! Expressions that the catalog or a caller gives as text, over the columns of one table:
//! generated columns, defaults, filters.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use chrono::{DateTime, Utc};
use datafusion::common::{DFSchema, ScalarValue, TableReference};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ExprSchemable, Volatility};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast;
use muster_storage::Snapshot;

use super::{Names, Planner, rewrite_expression};
use crate::catalog::relation::plain;
use crate::embedding::scope;
use crate::functions::scalar::is_async;
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
    /// The same, its constants folded.
    pub(crate) logical: Expr,
    /// Whether it is good for the statement that it was made for alone.
    pub(crate) varies: bool,
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

/// Plans a parsed expression over these columns. Its parameters are still open.
pub(crate) fn planned(
    planner: &Planner,
    snapshot: &Snapshot,
    parsed: &ast::Expr,
    columns: &DFSchema,
) -> Result<Expr> {
    let mut parsed = parsed.clone();
    rewrite_expression(&mut parsed)?;
    plan(planner, snapshot, parsed, columns)
}

fn plan(planner: &Planner, snapshot: &Snapshot, parsed: ast::Expr, columns: &DFSchema) -> Result<Expr> {
    let names = Names::new(planner.state(), snapshot);
    let sql = SqlToRel::new_with_options(&names, planner.parser_options());
    Ok(sql.sql_to_expr(parsed, columns, &mut PlannerContext::new())?)
}

/// Coerces types and folds constants, `now()` among them, which gives `now`.
pub(crate) fn simplify(
    state: &SessionState,
    expression: Expr,
    columns: &DFSchema,
    now: DateTime<Utc>,
) -> Result<Expr> {
    let simplifier = simplifier(state, columns, now);
    let expression = coerced(&simplifier, expression, columns)?;
    Ok(scope::planning(|| simplifier.simplify(expression))?)
}

/// Folds the constants of an analyzed expression.
pub(crate) fn folded(
    state: &SessionState,
    expression: Expr,
    columns: &DFSchema,
    now: DateTime<Utc>,
) -> Result<Expr> {
    let simplifier = simplifier(state, columns, now);
    Ok(scope::planning(|| simplifier.simplify(expression))?)
}

/// Coerces types. The parameters may still be open, but must have types.
pub(crate) fn coerce(state: &SessionState, expression: Expr, columns: &DFSchema) -> Result<Expr> {
    coerced(&simplifier(state, columns, Utc::now()), expression, columns)
}

fn coerced(simplifier: &ExprSimplifier, expression: Expr, columns: &DFSchema) -> Result<Expr> {
    let expression = super::literals::type_literals(expression, columns)?.data;
    let expression = super::dates::date_arithmetic(expression, columns)?.data;
    let expression = simplifier.coerce(expression, columns)?;
    let expression = super::arithmetic::check_arithmetic(expression, columns)?.data;
    let expression = super::decimals::read_decimals(expression, columns)?.data;
    let expression = super::texts::write_texts(expression, columns)?.data;
    Ok(super::interval_order::compare_by_length(expression, columns)?.data)
}

fn simplifier(state: &SessionState, columns: &DFSchema, now: DateTime<Utc>) -> ExprSimplifier {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(columns.clone()))
        .with_config_options(state.config_options().clone())
        .with_query_execution_start_time(Some(now))
        .build();
    ExprSimplifier::new(context)
}

/// Makes an expression ready to be evaluated over a projection of the table's columns.
pub(crate) fn compile(
    planner: &Planner,
    expression: Expr,
    table: &str,
    schema: &Schema,
    columns: &DFSchema,
) -> Result<Compiled> {
    compile_over(planner, expression, columns, Utc::now(), |projection| {
        let schema = schema.project(projection)?;
        Ok(DFSchema::try_from_qualified_schema(TableReference::bare(plain(table)), &schema)?)
    })
}

/// Makes an expression ready to be evaluated over a projection of `columns`, which may be several tables'. `now` is
/// what `now()` gives.
pub(crate) fn compile_joined(
    planner: &Planner,
    expression: Expr,
    columns: &DFSchema,
    now: DateTime<Utc>,
) -> Result<Compiled> {
    compile_over(planner, expression, columns, now, |projection| {
        let fields = projection.iter().map(|position| {
            let (table, field) = columns.qualified_field(*position);
            (table.cloned(), field.clone())
        });
        Ok(DFSchema::new_with_metadata(fields.collect(), HashMap::new())?)
    })
}

fn compile_over(
    planner: &Planner,
    expression: Expr,
    columns: &DFSchema,
    now: DateTime<Utc>,
    project: impl Fn(&[usize]) -> Result<DFSchema>,
) -> Result<Compiled> {
    if let Some(what) = forbidden(&expression) {
        return Err(Error::unsupported(format!("{what} in an expression over a table's columns")));
    }
    let varies = varies(&expression)?;
    let expression = simplify(planner.state(), expression, columns, now)?;
    let mut projection: Vec<usize> = Vec::new();
    for column in expression.column_refs() {
        projection.push(columns.index_of_column(column)?);
    }
    projection.sort_unstable();
    projection.dedup();
    let columns = project(&projection)?;
    let physical = physical(&expression, &columns)?;
    Ok(Compiled { physical, projection, schema: columns.inner().clone(), logical: expression, varies })
}

/// Makes an analyzed expression ready to be evaluated over these columns.
pub(crate) fn physical(expression: &Expr, columns: &DFSchema) -> Result<Arc<dyn PhysicalExpr>> {
    let props = ExecutionProps::new();
    Ok(create_physical_expr(expression, columns, &props, &PhysicalPlanningContext::default())?)
}

/// The value of an expression that needs no row.
pub(crate) fn evaluated(expression: &Expr, columns: &DFSchema) -> Result<ScalarValue> {
    let one = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &one)?;
    let value = physical(expression, columns)?.evaluate(&row)?;
    Ok(ScalarValue::try_from_array(value.to_array(1)?.as_ref(), 0)?)
}

/// Whether an expression has to be made ready anew for each statement: it calls a function that works for the
/// statement, or one whose value is that of the statement's start, as `now()`.
pub(crate) fn varies(expression: &Expr) -> Result<bool> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut varies = false;
    expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part {
            varies |= call.func.signature().volatility == Volatility::Stable || super::is_bound(call);
        }
        Ok(if varies { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(varies)
}

/// Whether an expression gives the same for the same row whenever it is asked.
pub(crate) fn is_immutable(expression: &Expr) -> Result<bool> {
    use datafusion::common::tree_node::TreeNode;
    let changes = |part: &Expr| match part {
        Expr::ScalarFunction(call) => Ok(call.func.signature().volatility != Volatility::Immutable),
        _ => Ok(false),
    };
    Ok(!expression.exists(changes)?)
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

/// What no expression over rows alone may have.
fn forbidden(expression: &Expr) -> Option<&'static str> {
    first_of(expression, |part| match part {
        Expr::Placeholder(_) => Some("a parameter"),
        other => beyond_rows(other),
    })
}

/// What an expression has that takes more to evaluate than one row.
pub(crate) fn more_than_rows(expression: &Expr) -> Option<&'static str> {
    first_of(expression, beyond_rows)
}

fn beyond_rows(part: &Expr) -> Option<&'static str> {
    match part {
        Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => {
            Some("a subquery")
        }
        Expr::AggregateFunction(_) => Some("an aggregate"),
        Expr::WindowFunction(_) => Some("a window function"),
        Expr::Unnest(_) => Some("a set-returning function"),
        Expr::ScalarFunction(call) if is_async(call) => Some("pg_sleep"),
        _ => None,
    }
}

fn first_of(expression: &Expr, name: impl Fn(&Expr) -> Option<&'static str>) -> Option<&'static str> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    let mut found = None;
    let walked = expression.apply(|part| {
        found = name(part);
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    found
}
