//! Changes to the AST before DataFusion plans it.
//!
//! - Casts to `vector`, `json`, `jsonb` and `uuid` become functions, because a DataFusion cast knows only
//!   Arrow's types.
//! - A table function of ours after another FROM item becomes LATERAL, as every function in
//!   PostgreSQL's FROM is.
//! - WITH lists are put in an order that DataFusion reads as PostgreSQL does ([`super::recursion`]).
//! - Operators that DataFusion would read as something else are refused by name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, AccessExpr, BinaryOperator, CastKind, CharacterLength, DataType as SqlType, Expr, Fetch, Function,
    FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr, Ident, LimitClause,
    ObjectName, ObjectNamePart, Query, Select, SelectItem, TableAlias, TableAliasColumnDef, TableFactor,
    Value, ValueWithSpan, VisitorMut,
};

use super::integers::{is_arithmetic, type_integers, type_values};
use super::quantified::{Quantifier, quantified};
use super::select_names::name_columns;
use super::spellings::respelled;
use super::{json_arguments, json_records, ordered_rows, recursion, set_returning, whole_rows};
use crate::functions;
use crate::functions::scalar::{LIKE_PATTERN, PLAIN_ARRAY, TIMEZONE, to_vector_name};
use crate::parse::walk::{change, visit_expressions};
use crate::statement::name;
use crate::types::interval::in_units;
use crate::types::vector::VectorKind;
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
        limit_by_fetch(query);
        name_columns(query);
        whole_rows::in_order(query);
        if query.locks.is_empty() {
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(Error::unsupported("SELECT ... FOR UPDATE or FOR SHARE"))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        self.groups |= is_grouped(select);
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
        if let Err(error) = values_in_from(select) {
            return ControlFlow::Break(error);
        }
        let mut first = true;
        for item in &mut select.from {
            type_derived(&mut item.relation);
            let joined = item.joins.iter_mut().map(|join| &mut join.relation);
            for relation in std::iter::once(&mut item.relation).chain(joined) {
                if let Err(error) = set_returning::in_from(relation) {
                    return ControlFlow::Break(error);
                }
            }
            name_unnested(&mut item.relation);
            if !first {
                make_lateral(&mut item.relation);
            }
            first = false;
            for join in &mut item.joins {
                name_unnested(&mut join.relation);
                type_derived(&mut join.relation);
                make_lateral(&mut join.relation);
            }
        }
        ControlFlow::Continue(())
    }
}

fn is_grouped(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(expressions, _) => !expressions.is_empty(),
    }
}

fn type_derived(relation: &mut TableFactor) {
    if let TableFactor::Derived { subquery, .. } = relation {
        type_values(subquery);
    }
}

/// The one column of `FROM unnest(array) AS x` is called as the table is; WITH ORDINALITY unnests the places beside it.
fn name_unnested(relation: &mut TableFactor) {
    let TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } = relation else { return };
    let [array] = array_exprs.as_slice() else { return };
    let places = std::mem::take(with_ordinality).then(|| {
        let one = || Expr::value(Value::Number("1".to_string(), false));
        let behind = Expr::BinaryOp {
            left: Box::new(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(call("cardinality", vec![array.clone()])),
                data_type: SqlType::BigInt(None),
                array: false,
                format: None,
            }),
            op: BinaryOperator::Plus,
            right: Box::new(one()),
        };
        call("range", vec![one(), behind])
    });
    let alias = alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: Ident::new("unnest"),
        columns: Vec::new(),
        at: None,
    });
    let column = |name: Ident| TableAliasColumnDef { name, data_type: None };
    if alias.columns.is_empty() {
        alias.columns.push(column(alias.name.clone()));
    }
    if let Some(places) = places {
        array_exprs.push(places);
        if alias.columns.len() == 1 {
            alias.columns.push(column(Ident::new("ordinality")));
        }
    }
}

fn make_lateral(relation: &mut TableFactor) {
    if let TableFactor::Table { name, args: Some(args), alias, with_ordinality, .. } = relation
        && functions::table::is_known(name)
        && args.args.iter().any(names_a_column)
    {
        *relation = TableFactor::Function {
            lateral: true,
            name: name.clone(),
            args: args.args.clone(),
            with_ordinality: *with_ordinality,
            alias: alias.clone(),
        };
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

/// Functions of one value in FROM.
fn values_in_from(select: &mut Select) -> Result<()> {
    for item in &mut select.from {
        let joined = item.joins.iter_mut().map(|join| &mut join.relation);
        for relation in std::iter::once(&mut item.relation).chain(joined) {
            let lateral = match relation {
                TableFactor::Table { args: Some(args), .. } => args.args.iter().any(names_a_column),
                _ => false,
            };
            set_returning::value_in_from(relation, lateral)?;
        }
    }
    Ok(())
}

/// Whether an argument refers to a column: only then does the function need the rows before it.
fn names_a_column(argument: &FunctionArg) -> bool {
    let (FunctionArg::Unnamed(value)
    | FunctionArg::Named { arg: value, .. }
    | FunctionArg::ExprNamed { arg: value, .. }) = argument;
    let FunctionArgExpr::Expr(expression) = value else { return false };
    let named = visit_expressions(expression, &mut |part| match part {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    named.is_break()
}

/// An interval whose text has a time of day in it.
fn interval(expression: &Expr) -> Option<Expr> {
    let Expr::Value(value) = expression else { return None };
    let Value::SingleQuotedString(text) = &value.value else { return None };
    let units = in_units(text);
    (&units != text).then(|| {
        Expr::Interval(ast::Interval {
            value: Box::new(Expr::value(Value::SingleQuotedString(units))),
            leading_field: None,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        })
    })
}

pub(super) fn rewrite_one(expression: &Expr) -> Result<Option<Expr>> {
    if let Some(respelled) = respelled(expression)? {
        return Ok(Some(respelled));
    }
    match expression {
        Expr::Cast { kind, expr, data_type, .. } => match kind {
            CastKind::Cast | CastKind::DoubleColon => Ok(cast(expr, data_type)),
            CastKind::TryCast | CastKind::SafeCast => Ok(None),
        },
        Expr::TypedString(typed) => Ok(cast(&Expr::Value(typed.value.clone()), &typed.data_type)),
        Expr::Interval(written) if written.leading_field.is_none() => Ok(interval(&written.value)),
        Expr::Function(function) => json_arguments::typed(function),
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
        Expr::AnyOp { left, compare_op, right, .. } => quantified(left, compare_op, right, Quantifier::Any),
        Expr::AllOp { left, compare_op, right } => quantified(left, compare_op, right, Quantifier::All),
        Expr::AtTimeZone { timestamp, time_zone } => {
            Ok(Some(call(TIMEZONE, vec![time_zone.as_ref().clone(), timestamp.as_ref().clone()])))
        }
        Expr::CompoundFieldAccess { root, access_chain } => Ok(fields(root, access_chain)),
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

fn operator(name: &str) -> Error {
    Error::unsupported(format!("operator {name}"))
}

fn cast(expression: &Expr, data_type: &SqlType) -> Option<Expr> {
    match data_type {
        // Literals and parameters are no vectors yet.
        SqlType::Array(_) if !matches!(expression, Expr::Value(_)) => {
            let array = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(expression.clone()),
                data_type: data_type.clone(),
                array: false,
                format: None,
            };
            Some(call(PLAIN_ARRAY, vec![array]))
        }
        // A number that is written out becomes the float nearest to it, not to the numeric's digits.
        SqlType::Real | SqlType::Float4 | SqlType::Float8 | SqlType::Double(_) | SqlType::DoublePrecision => {
            let Expr::Value(value) = expression else { return None };
            let Value::Number(digits, _) = &value.value else { return None };
            Some(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(Expr::value(Value::SingleQuotedString(digits.clone()))),
                data_type: data_type.clone(),
                array: false,
                format: None,
            })
        }
        SqlType::JSON => Some(call("muster_to_json", vec![expression.clone()])),
        SqlType::JSONB => Some(call("muster_to_jsonb", vec![expression.clone()])),
        SqlType::Interval { .. } => interval(expression),
        SqlType::Bytea => Some(call("muster_to_bytea", vec![expression.clone()])),
        // An explicit cast cuts; an assignment refuses.
        SqlType::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | SqlType::CharacterVarying(Some(CharacterLength::IntegerLength { length, .. })) => {
            Some(first(*length, expression))
        }
        // Blanks at the end of a char(n) mean nothing: they are left out, as in a column of that type.
        SqlType::Char(length) | SqlType::Character(length) => {
            let length = match length {
                Some(CharacterLength::IntegerLength { length, .. }) => *length,
                _ => 1,
            };
            Some(call("rtrim", vec![first(length, expression)]))
        }
        SqlType::Uuid => Some(call("muster_to_uuid", vec![expression.clone()])),
        SqlType::Custom(name, modifiers) => {
            let last = name.0.last().and_then(ObjectNamePart::as_ident)?;
            let kind = VectorKind::named(&last.value)?;
            let mut arguments = vec![expression.clone()];
            match modifiers.as_slice() {
                [] => {}
                // Modifiers that are no number are refused where types are planned.
                [modifier] if modifier.parse::<i32>().is_ok() => {
                    arguments.push(Expr::value(Value::Number(modifier.clone(), false)));
                }
                _ => return None,
            }
            Some(call(to_vector_name(kind), arguments))
        }
        _ => None,
    }
}

/// The first characters of an expression's text.
fn first(length: u64, expression: &Expr) -> Expr {
    let text = Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expression.clone()),
        data_type: SqlType::Text,
        array: false,
        format: None,
    };
    call("left", vec![text, Expr::value(Value::Number(length.to_string(), false))])
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
