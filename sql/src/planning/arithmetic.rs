//! Integer arithmetic that does not wrap: an analyzer rule that runs after types are coerced.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;
use crate::functions::scalar::{checked, is_checked};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct CheckedArithmetic;

impl AnalyzerRule for CheckedArithmetic {
    fn name(&self) -> &str {
        "checked_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, check_arithmetic)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn check_arithmetic(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expression else {
            return Ok(Transformed::no(expression));
        };
        let integers = checked(op).is_some()
            && integer_type(&right, schema)
                .is_some_and(|right| integer_type(&left, schema).is_some_and(|left| left == right));
        Ok(match checked(op).filter(|_| integers) {
            Some(function) => Transformed::yes(function.call(vec![*left, *right])),
            None => Transformed::no(Expr::BinaryExpr(BinaryExpr::new(left, op, right))),
        })
    })
}

/// The type of an operand, if it is an integer's. It does not walk down a chain of operators: what is checked has the
/// type of its second operand, and what is left unchecked is no integer.
fn integer_type(operand: &Expr, schema: &DFSchema) -> Option<DataType> {
    match operand {
        Expr::ScalarFunction(call) if is_checked(call.func.name()) => integer_type(call.args.get(1)?, schema),
        Expr::BinaryExpr(BinaryExpr { op, .. }) if checked(*op).is_some() => None,
        other => other.get_type(schema).ok().filter(DataType::is_integer),
    }
}
