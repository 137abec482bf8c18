//! Literals and parameters among the arguments of functions of JSON: they are cast to what the function takes, which is how
//! PostgreSQL reads them. So `jsonb_set(d, '{a}', '1')` takes a path and a document, and `$1` in their places is of their types.
//!
//! What PostgreSQL has of JSON and Muster has not is refused by name.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CastKind, DataType as SqlType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Value,
};

use super::rewrite::rewrite_one;
use crate::functions::scalar::json::{Takes, array_name, takes};
use crate::statement::name;
use crate::{Error, Result};

/// Functions that PostgreSQL has, and Muster has not.
const MISSING: &[&str] = &[
    "json_populate_record",
    "jsonb_populate_record",
    "json_populate_recordset",
    "jsonb_populate_recordset",
    "jsonb_path_exists",
    "jsonb_path_match",
    "jsonb_path_query",
    "jsonb_path_query_array",
    "jsonb_path_query_first",
    "jsonb_path_exists_tz",
    "jsonb_path_match_tz",
    "jsonb_path_query_tz",
    "jsonb_path_query_array_tz",
    "jsonb_path_query_first_tz",
];

/// Functions whose rows are made of columns, in a SELECT list.
const IN_FROM_ONLY: &[&str] = &[
    "json_each",
    "jsonb_each",
    "json_each_text",
    "jsonb_each_text",
    "json_to_record",
    "jsonb_to_record",
    "json_to_recordset",
    "jsonb_to_recordset",
];

/// # Errors
/// 0A000 for a function that there is none of.
pub(super) fn refuse(function: &str) -> Result<()> {
    if MISSING.contains(&function) {
        return Err(Error::unsupported(format!("function {function}")));
    }
    Ok(())
}

/// A call with its arguments cast; `None` for a function of anything else, and where nothing is to be cast.
pub(super) fn typed(function: &Function) -> Result<Option<Expr>> {
    let Some(called) = function.name.0.last().and_then(|part| part.as_ident()).map(name::ident) else {
        return Ok(None);
    };
    refuse(&called)?;
    if IN_FROM_ONLY.contains(&called.as_str()) {
        return Err(Error::unsupported(format!("{called} in a SELECT list")).with_hint("Write it in FROM."));
    }
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let looked_up = array_name(&called).unwrap_or(&called);
    if takes(looked_up, 0).is_none() {
        return Ok(None);
    }
    let mut changed = function.clone();
    let mut any = false;
    let FunctionArguments::List(changed_list) = &mut changed.args else { return Ok(None) };
    for (position, (argument, new)) in list.args.iter().zip(&mut changed_list.args).enumerate() {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(given @ Expr::Value(value))) = argument else {
            continue;
        };
        let wanted = match (takes(looked_up, position), &value.value) {
            (None | Some(Takes::Text), _) => continue,
            (
                Some(wanted),
                Value::SingleQuotedString(_) | Value::EscapedStringLiteral(_) | Value::Placeholder(_),
            ) => wanted,
            _ => continue,
        };
        *new = FunctionArg::Unnamed(FunctionArgExpr::Expr(cast(given, wanted)?));
        any = true;
    }
    Ok(any.then_some(Expr::Function(changed)))
}

fn cast(given: &Expr, wanted: Takes) -> Result<Expr> {
    let data_type = match wanted {
        Takes::Json => SqlType::JSON,
        Takes::Jsonb => SqlType::JSONB,
        Takes::Text => SqlType::Text,
        Takes::Texts if is_nested(given) => array(array(SqlType::Text)),
        Takes::Texts => array(SqlType::Text),
        Takes::Integer => SqlType::Integer(None),
        Takes::Boolean => SqlType::Boolean,
    };
    let expr = Box::new(given.clone());
    let cast = Expr::Cast { kind: CastKind::DoubleColon, expr, data_type, array: false, format: None };
    Ok(rewrite_one(&cast)?.unwrap_or(cast))
}

fn array(element: SqlType) -> SqlType {
    SqlType::Array(ArrayElemTypeDef::SquareBracket(Box::new(element), None))
}

/// Whether a text is an array of arrays.
fn is_nested(given: &Expr) -> bool {
    let Expr::Value(value) = given else { return false };
    let Value::SingleQuotedString(text) = &value.value else { return false };
    text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('{'))
}
