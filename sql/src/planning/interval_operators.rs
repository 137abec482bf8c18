//! `*` and `/` of intervals and numbers, which DataFusion has not, planned as calls of functions.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::functions::scalar::interval_times;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct IntervalOperators;

impl ExprPlanner for IntervalOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let divides = match expr.op {
            BinaryOperator::Multiply => false,
            BinaryOperator::Divide => true,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        if is_interval(&expr.left, schema) && is_number(&expr.right, schema) {
            return Ok(PlannerResult::Planned(interval_times(expr.left, expr.right, divides)));
        }
        if !divides && is_number(&expr.left, schema) && is_interval(&expr.right, schema) {
            return Ok(PlannerResult::Planned(interval_times(expr.right, expr.left, false)));
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// An operator's result is not looked at: that would walk down a chain of operators once for each of them.
fn is_interval(expression: &Expr, schema: &DFSchema) -> bool {
    !matches!(expression, Expr::BinaryExpr(_))
        && matches!(expression.get_type(schema), Ok(DataType::Interval(_)))
}

/// A parameter without a type is one: nothing else multiplies an interval.
fn is_number(expression: &Expr, schema: &DFSchema) -> bool {
    match expression {
        Expr::BinaryExpr(_) => true,
        Expr::Placeholder(placeholder) if placeholder.field.is_none() => true,
        other => other.get_type(schema).is_ok_and(|found| found.is_numeric()),
    }
}
