//! `x > ALL (SELECT ...)` and `x > ANY (SELECT ...)`, said with what DataFusion runs: the subquery's greatest or least value, how
//! many there are, and how many of them are NULL.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, Query, SetExpr, Statement, TableFactor, UnaryOperator, Value,
};

use crate::parse::parse_plain;
use crate::{Error, Result};

/// Whether one of the subquery's rows, or each, must compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    Any,
    All,
}

/// The comparison in other words; `None` where it is not with a subquery.
///
/// # Errors
/// 0A000 for another operator than those that order.
pub(super) fn quantified(
    left: &Expr,
    operator: &BinaryOperator,
    right: &Expr,
    quantifier: Quantifier,
) -> Result<Option<Expr>> {
    let mut right = right;
    while let Expr::Nested(inner) = right {
        right = inner;
    }
    let Expr::Subquery(query) = right else { return Ok(None) };
    let all = quantifier == Quantifier::All;
    // What decides whether all compare, and against whom: the worst of them, or the best.
    let (function, operator) = match (operator, all) {
        (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) => {
            return Ok(Some(Expr::InSubquery {
                expr: Box::new(left.clone()),
                subquery: query.clone(),
                negated: all,
            }));
        }
        (BinaryOperator::Gt | BinaryOperator::GtEq, true)
        | (BinaryOperator::Lt | BinaryOperator::LtEq, false) => ("max", operator),
        (BinaryOperator::Lt | BinaryOperator::LtEq, true)
        | (BinaryOperator::Gt | BinaryOperator::GtEq, false) => ("min", operator),
        (BinaryOperator::Eq, true) | (BinaryOperator::NotEq, false) => {
            return Ok(Some(same(left, query, all)?));
        }
        (other, _) => {
            let word = if all { "ALL" } else { "ANY" };
            return Err(Error::unsupported(format!("operator {other} {word} (subquery)")));
        }
    };
    let extreme = over(query, &format!("{function}(v)"))?;
    let decided = binary(left.clone(), operator.clone(), extreme);
    Ok(Some(cases(left, query, all, decided)?))
}

/// `= ALL` and `<> ANY`: whether the least and the greatest are both this one.
fn same(left: &Expr, query: &Query, all: bool) -> Result<Expr> {
    let is = |function: &str| -> Result<Expr> {
        Ok(binary(left.clone(), BinaryOperator::Eq, over(query, function)?))
    };
    let both = binary(is("min(v)")?, BinaryOperator::And, is("max(v)")?);
    let decided = if all {
        both
    } else {
        Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(both))) }
    };
    cases(left, query, all, decided)
}

/// Without rows all compare, and none does; a NULL leaves open what the others do not decide.
fn cases(left: &Expr, query: &Query, all: bool, decided: Expr) -> Result<Expr> {
    let none = binary(over(query, "count(*)")?, BinaryOperator::Eq, number("0"));
    let nulls = binary(over(query, "count(*) - count(v)")?, BinaryOperator::Gt, number("0"));
    let unknown =
        binary(Expr::IsNull(Box::new(left.clone())), BinaryOperator::Or, Expr::Nested(Box::new(nulls)));
    let against = match all {
        true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(decided))) },
        false => decided,
    };
    let when = |condition, result| CaseWhen { condition, result };
    let boolean = |value| Expr::value(Value::Boolean(value));
    Ok(Expr::Nested(Box::new(Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![
            when(none, boolean(all)),
            when(against, boolean(!all)),
            when(unknown, Expr::value(Value::Null)),
        ],
        else_result: Some(Box::new(boolean(all))),
    })))
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_string(), false))
}

/// An aggregate of the subquery's one column, `v`.
fn over(query: &Query, aggregate: &str) -> Result<Expr> {
    let bug = || Error::internal("a subquery's values cannot be gathered");
    let written = format!("SELECT {aggregate} AS v FROM (SELECT NULL) AS quantified (v)");
    let Some(Statement::Query(mut outer)) = parse_plain(&written)?.pop() else { return Err(bug()) };
    let SetExpr::Select(select) = outer.body.as_mut() else { return Err(bug()) };
    let Some(TableFactor::Derived { subquery, .. }) = select.from.first_mut().map(|from| &mut from.relation)
    else {
        return Err(bug());
    };
    **subquery = query.clone();
    Ok(Expr::Subquery(outer))
}
