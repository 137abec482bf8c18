//! Expressions that PostgreSQL spells in words or signs and plans have as functions: `extract(year FROM x)`, `x ~ 'a'`, `|/ x`,
//! `x SIMILAR TO 'a%'`, `(a, b) OVERLAPS (c, d)`, `localtimestamp`.
//!
//! It changes the AST, of which the result's column names are not made. SQLSTATE: 0A000 for bit strings and normal forms, by name.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, CeilFloorKind, DataType as SqlType, DateTimeField, Expr,
    Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    TimezoneInfo, UnaryOperator, Value, ValueWithSpan,
};

use super::call;
use crate::functions::scalar::typed::{
    EXTRACT, LIKE_ALL, LIKE_ANY, MATCHES, MATCHES_ANY_CASE, OVERLAPS, SIMILAR,
};
use crate::parse::SYMMETRIC;
use crate::{Error, Result};

/// The expression as a call, if it is one of those.
pub(super) fn respelled(expression: &Expr) -> Result<Option<Expr>> {
    Ok(match expression {
        Expr::Extract { field, expr, .. } => Some(call(EXTRACT, vec![text(&field_name(field)), copy(expr)])),
        Expr::Ceil { expr, field } => rounded("ceil", expr, field),
        Expr::Floor { expr, field } => rounded("floor", expr, field),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let from = substring_from.as_deref().cloned().unwrap_or_else(|| number("1"));
            let arguments = [Some(copy(expr)), Some(from), substring_for.as_deref().cloned()];
            Some(call("substr", arguments.into_iter().flatten().collect()))
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            let arguments = [
                Some(copy(expr)),
                Some(copy(overlay_what)),
                Some(copy(overlay_from)),
                overlay_for.as_deref().cloned(),
            ];
            Some(call("overlay", arguments.into_iter().flatten().collect()))
        }
        Expr::SimilarTo { negated, expr, pattern, escape_char } => {
            let escape = escape_char.as_ref().map(|escape| Expr::Value(escape.clone()));
            let arguments = [Some(copy(expr)), Some(copy(pattern)), escape];
            Some(unless(*negated, call(SIMILAR, arguments.into_iter().flatten().collect())))
        }
        Expr::IsNormalized { .. } => return Err(Error::unsupported("IS NORMALIZED")),
        Expr::Like { negated, any, expr, pattern, escape_char } => {
            several(*negated, *any, expr, pattern, escape_char.as_ref(), false)?
        }
        Expr::ILike { negated, any, expr, pattern, escape_char } => {
            several(*negated, *any, expr, pattern, escape_char.as_ref(), true)?
        }
        Expr::Between { expr, negated, low, high } => symmetric(expr, *negated, low, high),
        Expr::UnaryOp { op, expr } => match op {
            UnaryOperator::PGSquareRoot => Some(call("sqrt", vec![copy(expr)])),
            UnaryOperator::PGCubeRoot => Some(call("cbrt", vec![copy(expr)])),
            UnaryOperator::PGAbs => Some(call("abs", vec![copy(expr)])),
            UnaryOperator::BitwiseNot => Some(call("muster_bit_not", vec![copy(expr)])),
            _ => None,
        },
        Expr::BinaryOp { left, op, right } => binary(left, op, right),
        Expr::Value(value) => match &value.value {
            Value::UnicodeStringLiteral(written) => Some(text(written)),
            Value::SingleQuotedByteStringLiteral(_) | Value::HexStringLiteral(_) => {
                return Err(Error::unsupported("type bit"));
            }
            _ => None,
        },
        Expr::Function(function) => named(function)?,
        _ => None,
    })
}

fn copy(expression: &Expr) -> Expr {
    expression.clone()
}

fn text(written: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(written.to_string()))
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_string(), false))
}

fn unless(negated: bool, expression: Expr) -> Expr {
    match negated {
        true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(expression) },
        false => expression,
    }
}

fn field_name(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(ident) => ident.value.clone(),
        other => other.to_string().trim_matches('\'').to_lowercase(),
    }
}

fn rounded(name: &str, expression: &Expr, kind: &CeilFloorKind) -> Option<Expr> {
    match kind {
        CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => Some(call(name, vec![copy(expression)])),
        _ => None,
    }
}

fn binary(left: &Expr, operator: &BinaryOperator, right: &Expr) -> Option<Expr> {
    let both = || vec![copy(left), copy(right)];
    Some(match operator {
        BinaryOperator::PGRegexMatch => call(MATCHES, both()),
        BinaryOperator::PGRegexIMatch => call(MATCHES_ANY_CASE, both()),
        BinaryOperator::PGRegexNotMatch => unless(true, call(MATCHES, both())),
        BinaryOperator::PGRegexNotIMatch => unless(true, call(MATCHES_ANY_CASE, both())),
        BinaryOperator::PGStartsWith => call("starts_with", both()),
        BinaryOperator::PGExp => call("power", both()),
        BinaryOperator::Overlaps => match (left, right) {
            (Expr::Tuple(first), Expr::Tuple(second)) if first.len() == 2 && second.len() == 2 => {
                call(OVERLAPS, first.iter().chain(second).cloned().collect())
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// `LIKE ANY (array)` and `LIKE ALL (array)`, of which the parser takes the latter for a function.
fn several(
    negated: bool,
    any: bool,
    expression: &Expr,
    pattern: &Expr,
    escape: Option<&ValueWithSpan>,
    ignores_case: bool,
) -> Result<Option<Expr>> {
    let (patterns, all) = match pattern {
        Expr::Function(function) if is_all(function) => match arguments(function).as_slice() {
            [patterns] => (patterns.clone(), true),
            _ => return Ok(None),
        },
        patterns if any => (patterns.clone(), false),
        _ => return Ok(None),
    };
    if escape.is_some() {
        return Err(Error::unsupported("ESCAPE beside LIKE ANY or LIKE ALL"));
    }
    let mut patterns = patterns;
    while let Expr::Nested(inner) = patterns {
        patterns = *inner;
    }
    if matches!(patterns, Expr::Subquery(_)) {
        return Err(Error::unsupported("LIKE ANY or LIKE ALL of a subquery"));
    }
    if matches!(&patterns, Expr::Value(_)) {
        patterns = Expr::Cast {
            kind: CastKind::DoubleColon,
            expr: Box::new(patterns),
            data_type: SqlType::Array(ArrayElemTypeDef::SquareBracket(Box::new(SqlType::Text), None)),
            array: false,
            format: None,
        };
    }
    let mode = match (negated, ignores_case) {
        (false, false) => "~~",
        (true, false) => "!~~",
        (false, true) => "~~*",
        (true, true) => "!~~*",
    };
    let name = if all { LIKE_ALL } else { LIKE_ANY };
    Ok(Some(call(name, vec![copy(expression), patterns, text(mode)])))
}

/// `x BETWEEN SYMMETRIC a AND b`: between them, whichever is the lower.
fn symmetric(expression: &Expr, negated: bool, low: &Expr, high: &Expr) -> Option<Expr> {
    let Expr::Function(function) = low else { return None };
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return None };
    if name.value != SYMMETRIC {
        return None;
    }
    let low = arguments(function).into_iter().next()?;
    let between = |low: &Expr, high: &Expr| Expr::Between {
        expr: Box::new(copy(expression)),
        negated: false,
        low: Box::new(copy(low)),
        high: Box::new(copy(high)),
    };
    let either = Expr::BinaryOp {
        left: Box::new(between(&low, high)),
        op: BinaryOperator::Or,
        right: Box::new(between(high, &low)),
    };
    Some(unless(negated, Expr::Nested(Box::new(either))))
}

fn is_all(function: &Function) -> bool {
    matches!(function.name.0.as_slice(), [ObjectNamePart::Identifier(name)] if name.value.eq_ignore_ascii_case("all"))
}

/// The arguments that are expressions.
fn arguments(function: &Function) -> Vec<Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    let value = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression.clone()),
        _ => None,
    };
    list.args.iter().filter_map(value).collect()
}

fn cast(expression: Expr, data_type: SqlType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expression), data_type, array: false, format: None }
}

/// Functions whose results have the type of integers that are written out in their arguments: `integer` where they fit.
const OF_INTEGERS: &[&str] = &[
    "abs",
    "mod",
    "gcd",
    "lcm",
    "array_append",
    "array_prepend",
    "array_cat",
    "array_fill",
    "array_remove",
    "array_replace",
    "array_position",
    "array_positions",
    "trim_array",
    "muster_series",
];

/// The call with its integers as `integer`; `None` where nothing changes.
fn with_integers(function: &Function) -> Option<Expr> {
    let mut narrowed = function.clone();
    let FunctionArguments::List(list) = &mut narrowed.args else { return None };
    for argument in &mut list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) = argument {
            narrow(expression);
        }
    }
    (&narrowed != function).then_some(Expr::Function(narrowed))
}

/// Casts integers that are written out to `integer`.
pub(super) fn narrow(expression: &mut Expr) {
    match expression {
        Expr::Value(value) => {
            let fits = matches!(&value.value, Value::Number(digits, _) if digits.parse::<i32>().is_ok());
            if fits {
                let digits = std::mem::replace(expression, Expr::value(Value::Null));
                *expression = cast(digits, SqlType::Integer(None));
            }
        }
        Expr::Nested(inner) => narrow(inner),
        Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus, expr } => narrow(expr),
        Expr::Array(array) => array.elem.iter_mut().for_each(narrow),
        _ => {}
    }
}

/// Functions that are others under another name, or with other arguments.
fn named(function: &Function) -> Result<Option<Expr>> {
    let name = match function.name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => name,
        [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(name)]
            if schema.value.eq_ignore_ascii_case("pg_catalog") =>
        {
            name
        }
        _ => return Ok(None),
    };
    if name.quote_style.is_some() {
        return Ok(None);
    }
    let local = || cast(call("now", Vec::new()), SqlType::Timestamp(None, TimezoneInfo::None));
    let renamed = |other: &str| {
        let mut function = function.clone();
        function.name = ObjectName(vec![ObjectNamePart::Identifier(Ident::new(other))]);
        Some(Expr::Function(function))
    };
    let arguments = arguments(function);
    if OF_INTEGERS.contains(&name.value.to_ascii_lowercase().as_str())
        && let Some(narrowed) = with_integers(function)
    {
        return Ok(Some(narrowed));
    }
    Ok(match (name.value.to_ascii_lowercase().as_str(), arguments.as_slice()) {
        ("localtimestamp", [] | [Expr::Value(_)]) => Some(local()),
        ("localtime", [] | [Expr::Value(_)]) => Some(cast(local(), SqlType::Time(None, TimezoneInfo::None))),
        ("current_timestamp", [Expr::Value(_)]) => Some(call("now", Vec::new())),
        ("gen_random_uuid", []) => Some(call("muster_to_uuid", vec![call("uuid", Vec::new())])),
        ("age", [early]) => {
            let today = call("current_date", Vec::new());
            let today = cast(today, SqlType::Timestamp(None, TimezoneInfo::None));
            Some(call("age", vec![today, early.clone()]))
        }
        ("every", _) => renamed("bool_and"),
        ("variance", _) => renamed("var_samp"),
        ("ceiling", _) => renamed("ceil"),
        ("substring", _) => renamed("substr"),
        ("pg_typeof", [Expr::Value(value)])
            if matches!(value.value, Value::SingleQuotedString(_) | Value::Null) =>
        {
            Some(text("unknown"))
        }
        ("make_interval", _) => make_interval(function)?,
        _ => None,
    })
}

/// `make_interval(days => 3)`, whose parameters have defaults.
fn make_interval(function: &Function) -> Result<Option<Expr>> {
    const NAMES: [&str; 7] = ["years", "months", "weeks", "days", "hours", "mins", "secs"];
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    if list.args.len() == NAMES.len() && list.args.iter().all(|it| matches!(it, FunctionArg::Unnamed(_))) {
        return Ok(None);
    }
    let mut values: Vec<Expr> = NAMES.iter().map(|_| number("0")).collect();
    let wrong = || {
        let message = format!("function {function} does not exist");
        Error::new(crate::sqlstate::SqlState::UndefinedFunction, message)
    };
    for (place, argument) in list.args.iter().enumerate() {
        let (place, value) = match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (Some(place), value),
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. }
            | FunctionArg::ExprNamed {
                name: Expr::Identifier(name),
                arg: FunctionArgExpr::Expr(value),
                ..
            } => (NAMES.iter().position(|it| name.value.eq_ignore_ascii_case(it)), value),
            _ => return Err(wrong()),
        };
        let slot = place.and_then(|place| values.get_mut(place)).ok_or_else(wrong)?;
        *slot = value.clone();
    }
    Ok(Some(call("make_interval", values)))
}
