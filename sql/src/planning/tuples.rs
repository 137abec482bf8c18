//! Comparisons of rows: `(a, b) < (c, d)`, `(a, b) IN ((1, 2), (3, 4))`, said with comparisons of their values, so that NULLs leave open
//! what the others do not decide. DataFusion would compare structs, in which a NULL is a value.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The comparison in other words; `None` where it is none of rows.
///
/// # Errors
/// 42601 for rows of unequal lengths.
pub(super) fn compared(expression: &Expr) -> Result<Option<Expr>> {
    match expression {
        Expr::BinaryOp { left, op, right } => match (values(left), values(right)) {
            (Some(left), Some(right)) => compare(left, op, right),
            _ => Ok(None),
        },
        Expr::InList { expr, list, negated } => {
            let Some(row) = values(expr) else { return Ok(None) };
            let Some(rows) = list.iter().map(values).collect::<Option<Vec<_>>>() else { return Ok(None) };
            let equal = rows.into_iter().map(|other| equal(row, other));
            let Some(any) = equal.collect::<Result<Vec<_>>>()?.into_iter().reduce(or) else {
                return Ok(None);
            };
            let any = Expr::Nested(Box::new(any));
            Ok(Some(match negated {
                true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(any) },
                false => any,
            }))
        }
        _ => Ok(None),
    }
}

/// What a row has in it.
fn values(expression: &Expr) -> Option<&[Expr]> {
    match expression {
        Expr::Tuple(values) if !values.is_empty() => Some(values),
        Expr::Nested(inner) => values(inner),
        _ => None,
    }
}

fn compare(left: &[Expr], op: &BinaryOperator, right: &[Expr]) -> Result<Option<Expr>> {
    let strict = match op {
        BinaryOperator::Eq => return Ok(Some(Expr::Nested(Box::new(equal(left, right)?)))),
        BinaryOperator::NotEq => {
            let differ = pairs(left, right)?.map(|(left, right)| binary(left, BinaryOperator::NotEq, right));
            return Ok(differ.reduce(or).map(|any| Expr::Nested(Box::new(any))));
        }
        BinaryOperator::Lt | BinaryOperator::LtEq => BinaryOperator::Lt,
        BinaryOperator::Gt | BinaryOperator::GtEq => BinaryOperator::Gt,
        _ => return Ok(None),
    };
    // From the last value on: the first that differ decide.
    let pairs: Vec<_> = pairs(left, right)?.collect();
    let mut decided: Option<Expr> = None;
    for (left, right) in pairs.into_iter().rev() {
        decided = Some(match decided {
            None => binary(left, op.clone(), right),
            Some(behind) => {
                let equal = binary(left.clone(), BinaryOperator::Eq, right.clone());
                let behind = binary(equal, BinaryOperator::And, behind);
                Expr::Nested(Box::new(or(binary(left, strict.clone(), right), behind)))
            }
        });
    }
    Ok(decided)
}

fn equal(left: &[Expr], right: &[Expr]) -> Result<Expr> {
    let equal = pairs(left, right)?.map(|(left, right)| binary(left, BinaryOperator::Eq, right));
    let all = equal.reduce(|left, right| binary(left, BinaryOperator::And, right));
    all.ok_or_else(|| Error::internal("a row without values"))
}

fn pairs<'a>(left: &'a [Expr], right: &'a [Expr]) -> Result<impl Iterator<Item = (Expr, Expr)> + 'a> {
    if left.len() != right.len() {
        return Err(Error::new(SqlState::SyntaxError, "unequal number of entries in row expressions"));
    }
    Ok(left.iter().cloned().zip(right.iter().cloned()))
}

fn or(left: Expr, right: Expr) -> Expr {
    binary(Expr::Nested(Box::new(left)), BinaryOperator::Or, Expr::Nested(Box::new(right)))
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}
