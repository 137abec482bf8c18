//! Changes to the AST before DataFusion plans it.
//!
//! - Casts that Arrow's do not do become functions ([`super::casts`]), and items of FROM what they are in PostgreSQL ([`super::from_items`]).
//! - WITH lists are put in an order that DataFusion reads as PostgreSQL does ([`super::recursion`]).
//! - Operators that DataFusion would read as something else are refused by name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, AccessExpr, BinaryOperator, CastKind, Expr, Fetch, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, GroupByExpr, Ident, LimitClause, ObjectName, ObjectNamePart,
    Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Value, ValueWithSpan, VisitorMut,
};

use super::casts::{cast, interval_literal};
use super::grouping::regrouped;
use super::integers::{is_arithmetic, type_integers};
use super::quantified::{Quantifier, quantified};
use super::select_names::name_columns;
use super::spellings::respelled;
use super::{
    from_items, json_arguments, json_records, merged_columns, named_windows, ordered_rows, recursion,
    set_returning, tuples, whole_rows,
};
use crate::catalog::system::CURRENT_USER;
use crate::functions::scalar::{ARRAY_OF, LIKE_PATTERN, TIMEZONE};
use crate::parse::walk::change;
use crate::statement::name;
use crate::{Error, Result, sequence};

/// Rewrites a whole statement.
pub(crate) fn rewrite_statement(statement: &mut ast::Statement) -> Result<Rewritten> {
    let mut rewrite = Rewrite::default();
    finish(change(statement, &mut rewrite))?;
    Ok(Rewritten { groups: rewrite.groups })
}

/// What is known of a statement that was rewritten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rewritten {
    /// Whether there is a GROUP BY in it.
    pub(crate) groups: bool,
}

/// Rewrites an expression, such as a filter's.
pub(crate) fn rewrite_expression(expression: &mut Expr) -> Result<()> {
    finish(change(expression, &mut Rewrite::default()))
}

fn finish(flow: ControlFlow<Error>) -> Result<()> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

#[derive(Default)]
struct Rewrite {
    groups: bool,
}

impl VisitorMut for Rewrite {
    type Break = Error;

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Error> {
        if let Some(regrouped) = regrouped(expression) {
            *expression = regrouped;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Error> {
        sequence::by_name(expression);
        if matches!(&*expression, Expr::BinaryOp { op, .. } if is_arithmetic(op)) {
            type_integers(expression);
        }
        match rewrite_one(expression) {
            Ok(Some(rewritten)) => *expression = rewritten,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        if let Some(rows) = set_returning::in_expression(expression) {
            *expression = rows;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if let Err(error) = recursion::arrange(query) {
            return ControlFlow::Break(error);
        }
        if let Some(operator) = counts_duplicates(&query.body) {
            return ControlFlow::Break(Error::unsupported(operator));
        }
        limit_by_fetch(query);
        name_columns(query);
        whole_rows::in_order(query);
        if query.locks.is_empty() {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(Error::unsupported("SELECT ... FOR UPDATE or FOR SHARE"))
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        match named_windows::written_out(select) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        self.groups |= is_grouped(select);
        if let Err(error) = merged_columns::refuse(select) {
            return ControlFlow::Break(error);
        }
        ordered_rows::in_select(select);
        whole_rows::in_select(select);
        if let Err(error) = json_records::in_from(select) {
            return ControlFlow::Break(error);
        }
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. } =
                item
            {
                type_integers(expression);
            }
        }
        if let Err(error) = from_items::rewrite(select) {
            return ControlFlow::Break(error);
        }
        ControlFlow::Continue(())
    }
}

/// `INTERSECT ALL` or `EXCEPT ALL`, of which DataFusion makes joins that count no duplicates.
fn counts_duplicates(body: &SetExpr) -> Option<String> {
    let SetExpr::SetOperation { op, set_quantifier, left, right } = body else { return None };
    let all = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName);
    if all && matches!(op, SetOperator::Intersect | SetOperator::Except | SetOperator::Minus) {
        return Some(format!("{op} ALL"));
    }
    counts_duplicates(left).or_else(|| counts_duplicates(right))
}

fn is_grouped(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(expressions, _) => !expressions.is_empty(),
    }
}

/// `FETCH FIRST n ROWS ONLY` is `LIMIT n`; what it can say beside is refused where it is planned.
fn limit_by_fetch(query: &mut Query) {
    let Some(Fetch { with_ties: false, percent: false, quantity }) = &query.fetch else { return };
    let one = || Expr::value(Value::Number("1".to_string(), false));
    let wanted = Some(quantity.clone().unwrap_or_else(one));
    match &mut query.limit_clause {
        None => {
            let limit = LimitClause::LimitOffset { limit: wanted, offset: None, limit_by: Vec::new() };
            query.limit_clause = Some(limit);
        }
        Some(LimitClause::LimitOffset { limit: limit @ None, .. }) => *limit = wanted,
        Some(_) => return,
    }
    query.fetch = None;
}

pub(super) fn rewrite_one(expression: &Expr) -> Result<Option<Expr>> {
    if let Some(compared) = tuples::compared(expression)? {
        return Ok(Some(compared));
    }
    if let Some(respelled) = respelled(expression)? {
        return Ok(Some(respelled));
    }
    match expression {
        Expr::Cast { kind, expr, data_type, .. } => match kind {
            CastKind::Cast | CastKind::DoubleColon => cast(expr, data_type),
            CastKind::TryCast | CastKind::SafeCast => Ok(None),
        },
        Expr::TypedString(typed) => cast(&Expr::Value(typed.value.clone()), &typed.data_type),
        Expr::Interval(written) => interval_literal(written),
        Expr::Like { negated, any, expr, pattern, escape_char: Some(escape) } => Ok(Some(Expr::Like {
            negated: *negated,
            any: *any,
            expr: expr.clone(),
            pattern: Box::new(like_pattern(pattern, escape)),
            escape_char: None,
        })),
        Expr::ILike { negated, any, expr, pattern, escape_char: Some(escape) } => Ok(Some(Expr::ILike {
            negated: *negated,
            any: *any,
            expr: expr.clone(),
            pattern: Box::new(like_pattern(pattern, escape)),
            escape_char: None,
        })),
        Expr::AnyOp { left, compare_op, right, is_some } if is_text(right) => Ok(Some(Expr::AnyOp {
            left: left.clone(),
            compare_op: compare_op.clone(),
            right: Box::new(call(ARRAY_OF, vec![right.as_ref().clone(), left.as_ref().clone()])),
            is_some: *is_some,
        })),
        Expr::AllOp { left, compare_op, right } if is_text(right) => Ok(Some(Expr::AllOp {
            left: left.clone(),
            compare_op: compare_op.clone(),
            right: Box::new(call(ARRAY_OF, vec![right.as_ref().clone(), left.as_ref().clone()])),
        })),
        Expr::AnyOp { left, compare_op, right, .. } => quantified(left, compare_op, right, Quantifier::Any),
        Expr::AllOp { left, compare_op, right } => quantified(left, compare_op, right, Quantifier::All),
        Expr::AtTimeZone { timestamp, time_zone } => {
            Ok(Some(call(TIMEZONE, vec![time_zone.as_ref().clone(), timestamp.as_ref().clone()])))
        }
        Expr::Identifier(word) if is_current_user(word) => Ok(Some(call(CURRENT_USER, Vec::new()))),
        Expr::Function(function) if matches!(function.name.0.as_slice(), [ObjectNamePart::Identifier(word)] if is_current_user(word)) => {
            Ok(Some(call(CURRENT_USER, Vec::new())))
        }
        Expr::CompoundFieldAccess { root, access_chain } => Ok(fields(root, access_chain)),
        Expr::Function(function) => json_arguments::typed(function),
        Expr::BinaryOp { left, op: BinaryOperator::PGOverlap, right } => {
            Ok(Some(call("array_has_any", vec![left.as_ref().clone(), right.as_ref().clone()])))
        }
        Expr::BinaryOp { op, .. } => match op {
            // Parsed with another precedence than PostgreSQL's: refusing is better than a wrong answer.
            BinaryOperator::Spaceship => Err(operator("<=>")),
            BinaryOperator::Custom(name) if ["<~>", "<%>"].contains(&name.as_str()) => Err(operator(name)),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// A pattern whose escape character is the backslash.
fn like_pattern(pattern: &Expr, escape: &ValueWithSpan) -> Expr {
    call(LIKE_PATTERN, vec![pattern.clone(), Expr::Value(escape.clone())])
}

/// `(composite).field`: the parser has a name where DataFusion wants a text.
fn fields(root: &Expr, chain: &[AccessExpr]) -> Option<Expr> {
    let is_name = |access: &AccessExpr| matches!(access, AccessExpr::Dot(Expr::Identifier(_)));
    // DataFusion reads `table.column[1]` as it stands.
    if matches!(root, Expr::Identifier(_)) || !chain.iter().any(is_name) {
        return None;
    }
    let access_chain = chain.iter().map(|access| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => {
            AccessExpr::Dot(Expr::value(Value::SingleQuotedString(name::ident(name))))
        }
        other => other.clone(),
    });
    Some(Expr::CompoundFieldAccess { root: Box::new(root.clone()), access_chain: access_chain.collect() })
}

/// Whether an expression is a text that is written out, perhaps in parentheses.
fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_text(inner),
        Expr::Value(value) => matches!(value.value, Value::SingleQuotedString(_)),
        _ => false,
    }
}

/// Whether a word stands for who the statement is run by; in quotes it is a name.
fn is_current_user(word: &Ident) -> bool {
    word.quote_style.is_none()
        && ["current_user", "current_role", "user"].iter().any(|known| word.value.eq_ignore_ascii_case(known))
}

fn operator(name: &str) -> Error {
    Error::unsupported(format!("operator {name}"))
}

/// A call of a function by its name.
pub(crate) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments
                .into_iter()
                .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
