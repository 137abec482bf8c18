//! `SET name = value`: the setting and the value that are meant.
//!
//! It changes nothing: the session does.

use datafusion::sql::sqlparser::ast::{ContextModifier, Expr, ObjectName, Set, UnaryOperator, Value};

use super::name;
use crate::catalog::search_path::quoted;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What a SET asks for.
pub(crate) struct Assignment {
    pub(crate) name: String,
    /// `None` for DEFAULT.
    pub(crate) value: Option<String>,
    /// Whether it lasts until the end of the transaction.
    pub(crate) local: bool,
}

/// Reads a SET.
///
/// # Errors
/// 22023 for what is no value, 0A000 for a form that is not there.
pub(crate) fn assignment(set: &Set) -> Result<Assignment> {
    let of = |name: &str, value: Option<String>, local: bool| {
        Ok(Assignment { name: name.to_string(), value, local })
    };
    match set {
        Set::SingleAssignment { scope, variable, values, .. } => {
            if matches!(scope, Some(ContextModifier::Global)) {
                return Err(Error::unsupported("SET GLOBAL"));
            }
            let local = matches!(scope, Some(ContextModifier::Local));
            let name = name_of(variable);
            if let [word] = values.as_slice()
                && is_word(word, "default")
            {
                return of(&name, None, local);
            }
            let value = match name.eq_ignore_ascii_case("search_path") {
                true => search_path(values)?,
                false => values.iter().map(value).collect::<Result<Vec<_>>>()?.join(", "),
            };
            of(&name, Some(value), local)
        }
        Set::SetTimeZone { value: zone, local } => {
            let first = is_word(zone, "default") || is_word(zone, "local");
            of("TimeZone", if first { None } else { Some(value(zone)?) }, *local)
        }
        Set::SetNames { charset_name, .. } => of("client_encoding", Some(charset_name.value.clone()), false),
        Set::SetNamesDefault {} => of("client_encoding", None, false),
        Set::SetRole { .. } => Err(Error::unsupported("SET ROLE")),
        Set::SetSessionAuthorization(_) => Err(Error::unsupported("SET SESSION AUTHORIZATION")),
        other => Err(Error::unsupported(format!("{other}"))),
    }
}

/// The name of a setting, as one text.
pub(crate) fn name_of(variable: &ObjectName) -> String {
    let parts = variable.0.iter().filter_map(|part| part.as_ident());
    parts.map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

/// Each value is one schema: a name is folded as names are, a text is taken as it is.
fn search_path(values: &[Expr]) -> Result<String> {
    let schemas = values.iter().map(|schema| match schema {
        Expr::Identifier(ident) => Ok(quoted(&name::ident(ident))),
        other => Ok(quoted(&value(other)?)),
    });
    Ok(schemas.collect::<Result<Vec<_>>>()?.join(", "))
}

pub(crate) fn is_word(expression: &Expr, word: &str) -> bool {
    matches!(expression, Expr::Identifier(ident)
        if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case(word))
}

/// A value as a text.
///
/// # Errors
/// 22023 for what is none.
pub(crate) fn value(expression: &Expr) -> Result<String> {
    match expression {
        Expr::Identifier(ident) => Ok(ident.value.clone()),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text)
            | Value::DoubleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text) => Ok(text.clone()),
            Value::DollarQuotedString(text) => Ok(text.value.clone()),
            Value::Number(number, _) => Ok(number.clone()),
            Value::Boolean(on) => Ok(if *on { "true" } else { "false" }.to_string()),
            other => Err(wrong(&other.to_string())),
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Ok(format!("-{}", value(expr)?)),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => value(expr),
        other => Err(wrong(&other.to_string())),
    }
}

fn wrong(text: &str) -> Error {
    Error::new(SqlState::InvalidParameterValue, format!("{text} is no value for a setting"))
}
