//! Integers that are written out are `integer` where they fit, as in PostgreSQL; DataFusion makes each a `bigint`.
//!
//! They are cast where the type can be seen: in SELECT lists, in arithmetic, in VALUES in FROM. Where a number is compared,
//! or an argument of a function that asks for one, nothing changes.

use datafusion::sql::sqlparser::ast::{
    Array, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Query, SetExpr, UnaryOperator, Value,
};

/// Functions that give one of their arguments, or work in the type of theirs.
const OF_ARGUMENTS: &[&str] = &[
    "coalesce",
    "nullif",
    "greatest",
    "least",
    "lag",
    "lead",
    "min",
    "max",
    "sum",
    "array_agg",
    "abs",
    "mod",
    "pg_typeof",
];

/// Types the numbers that an expression is made of, if it is one of them or arithmetic.
pub(super) fn type_integers(expression: &mut Expr) {
    match expression {
        Expr::Value(value) => {
            let is_integer =
                matches!(&value.value, Value::Number(number, _) if number.parse::<i32>().is_ok());
            if is_integer {
                let number = std::mem::replace(expression, Expr::value(Value::Null));
                *expression = Expr::Cast {
                    kind: CastKind::DoubleColon,
                    expr: Box::new(number),
                    data_type: DataType::Integer(None),
                    array: false,
                    format: None,
                };
            }
        }
        Expr::Nested(inner) => type_integers(inner),
        Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus, expr } => type_integers(expr),
        Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
            type_integers(left);
            type_integers(right);
        }
        Expr::Case { conditions, else_result, .. } => {
            conditions.iter_mut().for_each(|when| type_integers(&mut when.result));
            if let Some(otherwise) = else_result {
                type_integers(otherwise);
            }
        }
        Expr::Array(Array { elem, .. }) => elem.iter_mut().for_each(type_integers),
        Expr::Function(function) if is_of_arguments(function) => {
            if let FunctionArguments::List(list) = &mut function.args {
                for argument in &mut list.args {
                    if let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument {
                        type_integers(argument);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Types the numbers of `(VALUES ...)` in FROM.
pub(super) fn type_values(query: &mut Query) {
    if let SetExpr::Values(values) = query.body.as_mut() {
        values.rows.iter_mut().flat_map(|row| row.content.iter_mut()).for_each(type_integers);
    }
}

pub(super) fn is_arithmetic(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::PGBitwiseXor
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight
    )
}

fn is_of_arguments(function: &Function) -> bool {
    let name = function.name.0.last().and_then(|part| part.as_ident());
    name.is_some_and(|name| OF_ARGUMENTS.iter().any(|known| name.value.eq_ignore_ascii_case(known)))
}
