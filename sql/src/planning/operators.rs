//! Operators of vectors, planned as calls of functions: `a <=> b` is `cosine_distance(a, b)`, `a < b` is `vector_lt(a, b)`.
//!
//! A text as a statement writes it, and a parameter without a type, are vectors beside a vector, as PostgreSQL has it.
//! Operators over anything else are DataFusion's.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, ScalarUDF};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::Error;
use crate::functions::scalar::{self, Combination, Comparison, Distance};
use crate::sqlstate::SqlState;
use crate::types::vector::VectorKind;
use crate::types::{base_name, type_name};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct VectorOperators;

impl ExprPlanner for VectorOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let Some(operator) = Operator::of(&expr.op) else { return Ok(PlannerResult::Original(expr)) };
        let (left, right) = (operand(&expr.left, schema)?, operand(&expr.right, schema)?);
        let Some(kind) = kind(&left, &right) else {
            let Operator::Distance(distance) = operator else { return Ok(PlannerResult::Original(expr)) };
            // Of two parameters either may be declared a vector yet; of two texts nothing tells.
            return match (&expr.left, &expr.right) {
                _ if !matches!((&left, &right), (Operand::Unknown, Operand::Unknown)) => {
                    Err(undefined(&expr, schema).into())
                }
                (Expr::Placeholder(_), _) | (_, Expr::Placeholder(_)) => {
                    Ok(call(scalar::distance(distance), expr, VectorKind::Vector))
                }
                _ => Err(ambiguous(&expr.op).into()),
            };
        };
        let is_no_vector = |operand: &Operand| matches!(operand, Operand::Other | Operand::Computed);
        if is_no_vector(&left) || is_no_vector(&right) {
            return Err(undefined(&expr, schema).into());
        }
        let function = match operator {
            Operator::Distance(distance) => scalar::distance(distance),
            Operator::Combination(combination) => scalar::combine(combination),
            Operator::Comparison(comparison) => scalar::compare(comparison),
            Operator::None => return Err(undefined(&expr, schema).into()),
        };
        Ok(call(function, expr, kind))
    }
}

fn call(function: Arc<ScalarUDF>, expr: RawBinaryExpr, kind: VectorKind) -> PlannerResult<RawBinaryExpr> {
    let arguments = vec![as_vector(expr.left, kind), as_vector(expr.right, kind)];
    PlannerResult::Planned(function.call(arguments))
}

/// What an operator means to vectors.
#[derive(Clone, Copy)]
enum Operator {
    Distance(Distance),
    Combination(Combination),
    Comparison(Comparison),
    /// Nothing, though it means something to numbers.
    None,
}

impl Operator {
    fn of(operator: &BinaryOperator) -> Option<Self> {
        let distance = |name: &str| Distance::of_operator(name).map(Self::Distance);
        Some(match operator {
            BinaryOperator::Plus => Self::Combination(Combination::Add),
            BinaryOperator::Minus => Self::Combination(Combination::Subtract),
            BinaryOperator::Multiply => Self::Combination(Combination::Multiply),
            BinaryOperator::StringConcat => Self::Combination(Combination::Concatenate),
            BinaryOperator::Lt => Self::Comparison(Comparison::Less),
            BinaryOperator::LtEq => Self::Comparison(Comparison::LessOrEqual),
            BinaryOperator::Eq => Self::Comparison(Comparison::Equal),
            BinaryOperator::NotEq => Self::Comparison(Comparison::NotEqual),
            BinaryOperator::GtEq => Self::Comparison(Comparison::GreaterOrEqual),
            BinaryOperator::Gt => Self::Comparison(Comparison::Greater),
            BinaryOperator::Divide | BinaryOperator::Modulo => Self::None,
            BinaryOperator::LtDashGt => return distance("<->"),
            BinaryOperator::Custom(name) => return distance(name),
            BinaryOperator::PGCustomBinaryOperator(parts) => match parts.as_slice() {
                [name] => return distance(name),
                [schema, name] if schema == "public" => return distance(name),
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// What stands on a side of an operator.
enum Operand {
    Vector(VectorKind),
    /// A type is not told: a literal, a parameter, NULL.
    Unknown,
    Other,
    /// An operator's result, which is no vector: those are functions' by now. It is not looked at, for that would walk
    /// down a chain of operators once for each of them.
    Computed,
}

fn operand(expression: &Expr, schema: &DFSchema) -> Result<Operand> {
    match expression {
        Expr::Literal(ScalarValue::Utf8(_) | ScalarValue::Null, _)
        | Expr::Placeholder(Placeholder { field: None, .. }) => return Ok(Operand::Unknown),
        Expr::BinaryExpr(_) => return Ok(Operand::Computed),
        _ => {}
    }
    let (_, field) = expression.to_field(schema)?;
    Ok(match VectorKind::of(&field) {
        Some(kind) => Operand::Vector(kind),
        None if field.data_type() == &DataType::Null => Operand::Unknown,
        None => Operand::Other,
    })
}

/// The kind of vectors that an operator is over; `None` where neither side is one.
fn kind(left: &Operand, right: &Operand) -> Option<VectorKind> {
    let kinds = [left, right].map(|operand| match operand {
        Operand::Vector(kind) => Some(*kind),
        _ => None,
    });
    // `vector` is implicitly cast to `halfvec`.
    kinds.into_iter().flatten().max_by_key(|kind| *kind == VectorKind::Half)
}

/// An operand whose type is not told, as a vector.
fn as_vector(expression: Expr, kind: VectorKind) -> Expr {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(_)), _) => scalar::to_vector(kind, expression, None),
        Expr::Placeholder(Placeholder { id, field: None }) => {
            Expr::Placeholder(Placeholder { id, field: Some(Arc::new(kind.field(""))) })
        }
        other => other,
    }
}

pub(super) fn undefined(expr: &RawBinaryExpr, schema: &DFSchema) -> Error {
    let name = |operand: &Expr| match operand {
        Expr::Literal(ScalarValue::Utf8(_) | ScalarValue::Null, _)
        | Expr::Placeholder(Placeholder { field: None, .. }) => "unknown".to_string(),
        other => match other.to_field(schema) {
            Ok((_, field)) => base_name(&type_name(&field)).to_string(),
            Err(_) => "unknown".to_string(),
        },
    };
    let message = format!("operator does not exist: {} {} {}", name(&expr.left), expr.op, name(&expr.right));
    Error::new(SqlState::UndefinedFunction, message).with_hint(
        "No operator matches the given name and argument types. You might need to add explicit type casts.",
    )
}

pub(super) fn ambiguous(operator: &BinaryOperator) -> Error {
    let message = format!("operator is not unique: unknown {operator} unknown");
    Error::new(SqlState::AmbiguousFunction, message)
        .with_hint("Could not choose a best candidate operator. You might need to add explicit type casts.")
}
