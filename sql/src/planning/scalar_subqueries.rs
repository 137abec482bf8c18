//! Subqueries in place of expressions, as PostgreSQL evaluates them: an analyzer rule that runs before types are
//! coerced.
//!
//! - Without a row the value is NULL, whatever the subquery's column is; DataFusion would fold `(...) IS NULL` to
//!   false.
//! - A correlated subquery may give no more than one row, which DataFusion wants to see from its shape. Others are
//!   given the shape: all rows' values as a list, of which there must be one. The list is looked at where the value
//!   is used, so a group of rows that belongs to no outer row is no error.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result};
use datafusion::functions_aggregate::expr_fn::array_agg;
use datafusion::logical_expr::{Aggregate, Expr, Filter, LogicalPlan, Subquery};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;
use crate::functions::scalar;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct ScalarSubqueries;

impl AnalyzerRule for ScalarSubqueries {
    fn name(&self) -> &str {
        "scalar_subqueries"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, |expression, _schema| {
            expression.transform_up(|expression| match expression {
                Expr::ScalarSubquery(subquery) => value_of(subquery),
                other => Ok(Transformed::no(other)),
            })
        })
    }
}

fn value_of(subquery: Subquery) -> Result<Transformed<Expr>> {
    let schema = subquery.subquery.schema();
    let [field] = schema.fields().iter().as_slice() else {
        return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
    };
    let field = field.clone();
    if subquery.outer_ref_columns.is_empty() || gives_one_row(&subquery.subquery) {
        let value = Expr::ScalarSubquery(subquery);
        return Ok(match field.is_nullable() {
            true => Transformed::no(value),
            false => Transformed::yes(scalar::nullable(value, &field)),
        });
    }
    let value = Expr::Column(Column::from(schema.qualified_field(0)));
    let rows = Aggregate::try_new(subquery.subquery, Vec::new(), vec![array_agg(value)])?;
    let rows = Subquery { subquery: Arc::new(LogicalPlan::Aggregate(rows)), ..subquery };
    Ok(Transformed::yes(scalar::only_row(Expr::ScalarSubquery(rows), &field)))
}

/// Whether a plan's shape says that it gives one row at most, in the ways that DataFusion looks at.
fn gives_one_row(plan: &LogicalPlan) -> bool {
    let mut inner = plan;
    loop {
        inner = match inner {
            LogicalPlan::Projection(projection) => projection.input.as_ref(),
            LogicalPlan::SubqueryAlias(alias) => alias.input.as_ref(),
            LogicalPlan::Aggregate(_) => return true,
            LogicalPlan::Filter(Filter { input, .. }) => {
                return matches!(input.as_ref(), LogicalPlan::Aggregate(_));
            }
            _ => return plan.max_rows().is_some_and(|most| most <= 1),
        };
    }
}
