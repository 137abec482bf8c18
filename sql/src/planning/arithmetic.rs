//! Integer arithmetic that does not wrap: an analyzer rule that runs after types are coerced.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;
use crate::functions::scalar::typed::{self, DIVIDE, NEAREST};
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
        if let Expr::Cast(Cast { expr, field }) = &expression
            && field.data_type().is_integer()
            && !is_rounded(expr)
            && matches!(expr.get_type(schema), Ok(from) if from.is_floating() || from.is_decimal())
        {
            let from = expr.get_type(schema)?;
            let nearest = nearest(expr.as_ref().clone(), &from);
            return Ok(Transformed::yes(Expr::Cast(Cast { expr: Box::new(nearest), field: field.clone() })));
        }
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expression else {
            return Ok(Transformed::no(expression));
        };
        let integers = checked(op).is_some()
            && integer_type(&right, schema)
                .is_some_and(|right| integer_type(&left, schema).is_some_and(|left| left == right));
        if op == Operator::Divide
            && (is_float(&left, schema) && is_float(&right, schema)
                || is_decimal(&left, schema) && is_decimal(&right, schema))
        {
            let quotient = call(DIVIDE, vec![*left, *right])?;
            return Ok(Transformed::yes(quotient));
        }
        Ok(match checked(op).filter(|_| integers) {
            Some(function) => Transformed::yes(function.call(vec![*left, *right])),
            None => Transformed::no(Expr::BinaryExpr(BinaryExpr::new(left, op, right))),
        })
    })
}

/// Whether a number has been rounded already, and not by a cast's rule.
fn is_rounded(expression: &Expr) -> bool {
    matches!(expression, Expr::ScalarFunction(call) if call.func.name() == NEAREST && call.args.len() == 1)
}

/// A number as the integer nearest to it: a float's half to even, a numeric's away from zero.
pub(super) fn nearest(expression: Expr, from: &DataType) -> Expr {
    // The function is over double precision.
    let expression = match from {
        DataType::Float32 | DataType::Float16 => {
            Expr::Cast(Cast::new(Box::new(expression), DataType::Float64))
        }
        _ => expression,
    };
    match typed::function(NEAREST) {
        Some(function) => function.call(vec![expression]),
        None => expression,
    }
}

/// Whether an operand is double precision. A chain of operators is not walked down: what divides has become a call.
fn is_float(operand: &Expr, schema: &DFSchema) -> bool {
    match operand {
        Expr::BinaryExpr(BinaryExpr { right, .. }) if !matches!(right.as_ref(), Expr::BinaryExpr(_)) => {
            is_float(right, schema)
        }
        Expr::BinaryExpr(_) => false,
        other => matches!(other.get_type(schema), Ok(DataType::Float64)),
    }
}

/// Whether an operand is a numeric. As above, but of chains every operand may have another scale.
fn is_decimal(operand: &Expr, schema: &DFSchema) -> bool {
    matches!(operand.get_type(schema), Ok(DataType::Decimal128(..)))
}

fn call(name: &str, arguments: Vec<Expr>) -> Result<Expr> {
    let function = typed::function(name)
        .ok_or_else(|| DataFusionError::Internal(format!("there is no function {name}")))?;
    Ok(function.call(arguments))
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
