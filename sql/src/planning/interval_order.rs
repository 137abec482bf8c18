//! Comparisons of intervals as PostgreSQL has them, by how long they are: an analyzer rule that runs after types are coerced.
//!
//! `min`, `max`, DISTINCT and GROUP BY of intervals tell apart what is equally long.

use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;
use crate::functions::scalar::interval_key;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct IntervalOrder;

impl AnalyzerRule for IntervalOrder {
    fn name(&self) -> &str {
        "interval_order"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, compare_by_length)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn compare_by_length(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        Ok(match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if op.supports_propagation() && is_interval(&left, schema) && is_interval(&right, schema) =>
            {
                let keys = BinaryExpr::new(keyed(*left), op, keyed(*right));
                Transformed::yes(Expr::BinaryExpr(keys))
            }
            Expr::Between(Between { expr, negated, low, high })
                if [&expr, &low, &high].into_iter().all(|value| is_interval(value, schema)) =>
            {
                Transformed::yes(Expr::Between(Between::new(
                    keyed(*expr),
                    negated,
                    keyed(*low),
                    keyed(*high),
                )))
            }
            Expr::InList(InList { expr, list, negated })
                if is_interval(&expr, schema) && list.iter().all(|value| is_interval(value, schema)) =>
            {
                let list = list.into_iter().map(interval_key).collect();
                Transformed::yes(Expr::InList(InList::new(keyed(*expr), list, negated)))
            }
            other => Transformed::no(other),
        })
    })
}

fn keyed(interval: Expr) -> Box<Expr> {
    Box::new(interval_key(interval))
}

fn is_interval(expression: &Expr, schema: &DFSchema) -> bool {
    matches!(expression.get_type(schema), Ok(DataType::Interval(IntervalUnit::MonthDayNano)))
}
