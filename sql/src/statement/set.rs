//! `SET name = value`, `RESET name`.

use datafusion::sql::sqlparser::ast::Reset;
use datafusion::sql::sqlparser::ast::{ContextModifier, Expr, ResetStatement, Set, UnaryOperator, Value};

use super::name;
use crate::catalog::search_path::quoted;
use crate::session::Settings;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Changes the session's settings.
///
/// # Errors
/// 42704 for a setting that nobody knows, 22023 for a value that it cannot have.
pub(crate) fn run(settings: &mut Settings, set: &Set) -> Result<()> {
    match set {
        Set::SingleAssignment { scope, variable, values, .. } => {
            if matches!(scope, Some(ContextModifier::Global)) {
                return Err(Error::unsupported("SET GLOBAL"));
            }
            let name = variable.to_string();
            if name.eq_ignore_ascii_case("search_path") {
                return search_path(settings, values);
            }
            let values: Vec<String> = values.iter().map(value).collect::<Result<_>>()?;
            let joined = values.join(", ");
            settings.set(&name, (!joined.eq_ignore_ascii_case("default")).then_some(joined.as_str()))
        }
        Set::SetTimeZone { value: zone, .. } => settings.set("TimeZone", Some(&value(zone)?)),
        Set::SetNames { charset_name, .. } => settings.set("client_encoding", Some(&charset_name.value)),
        Set::SetNamesDefault {} => settings.set("client_encoding", None),
        Set::SetRole { .. } => Err(Error::unsupported("SET ROLE")),
        other => Err(Error::unsupported(format!("{other}"))),
    }
}

/// Gives settings their defaults back.
///
/// # Errors
/// 42704 for a setting that nobody knows.
pub(crate) fn reset(settings: &mut Settings, reset: &ResetStatement) -> Result<()> {
    match &reset.reset {
        Reset::ALL => {
            settings.reset();
            Ok(())
        }
        Reset::ConfigurationParameter(name) => settings.set(&name.to_string(), None),
    }
}

/// Each value is one schema: a name is folded as names are, a text is taken as it is.
fn search_path(settings: &mut Settings, values: &[Expr]) -> Result<()> {
    if let [Expr::Identifier(word)] = values
        && word.quote_style.is_none()
        && word.value.eq_ignore_ascii_case("default")
    {
        return settings.set("search_path", None);
    }
    let schemas = values.iter().map(|schema| match schema {
        Expr::Identifier(ident) => Ok(quoted(&name::ident(ident))),
        other => Ok(quoted(&value(other)?)),
    });
    let schemas: Vec<String> = schemas.collect::<Result<_>>()?;
    settings.set("search_path", Some(&schemas.join(", ")))
}

fn value(expression: &Expr) -> Result<String> {
    match expression {
        Expr::Identifier(ident) => Ok(ident.value.clone()),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Ok(text.clone()),
            Value::Number(number, _) => Ok(number.clone()),
            Value::Boolean(on) => Ok(if *on { "on" } else { "off" }.to_string()),
            other => Err(wrong(&other.to_string())),
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Ok(format!("-{}", value(expr)?)),
        other => Err(wrong(&other.to_string())),
    }
}

fn wrong(text: &str) -> Error {
    Error::new(SqlState::InvalidParameterValue, format!("{text} is no value for a setting"))
}
