//! Operators that PostgreSQL groups otherwise than the parser does: a sign before a power, `IS DISTINCT FROM` before AND and OR.
//! What stands in parentheses is left as it is.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

/// The expression as PostgreSQL would group it, if that is another one.
pub(super) fn regrouped(expression: &Expr) -> Option<Expr> {
    match expression {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => negated_base(expr),
        Expr::IsDistinctFrom(left, right) => distinct(left, right, Expr::IsDistinctFrom),
        Expr::IsNotDistinctFrom(left, right) => distinct(left, right, Expr::IsNotDistinctFrom),
        _ => None,
    }
}

/// `-2 ^ 2`: to PostgreSQL a sign is of the number. The parser would have it be of the power.
fn negated_base(of: &Expr) -> Option<Expr> {
    let Expr::BinaryOp { left, op: op @ BinaryOperator::PGExp, right } = of else { return None };
    let base = match left.as_ref() {
        power @ Expr::BinaryOp { op: BinaryOperator::PGExp, .. } => negated_base(power)?,
        base => Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(base.clone()) },
    };
    Some(Expr::BinaryOp { left: Box::new(base), op: op.clone(), right: right.clone() })
}

/// `a IS DISTINCT FROM b AND c`: the parser takes all that follows for what `a` is compared with.
fn distinct(left: &Expr, right: &Expr, compare: fn(Box<Expr>, Box<Expr>) -> Expr) -> Option<Expr> {
    let Expr::BinaryOp { left: first, op, right: behind } = right else { return None };
    let binds_less = matches!(op, BinaryOperator::And | BinaryOperator::Or);
    let inner = match distinct(left, first, compare) {
        Some(inner) => inner,
        None if binds_less => compare(Box::new(left.clone()), first.clone()),
        None => return None,
    };
    Some(Expr::BinaryOp { left: Box::new(inner), op: op.clone(), right: behind.clone() })
}
