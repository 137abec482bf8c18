//! From names to ids: what `'t'::regtype` and its kin run, and `to_regtype` and its kin, which give NULL for a name that
//! nothing has. A text of digits is the id itself, as in PostgreSQL.

use datafusion::error::Result;

use super::super::tables::is_behind_an_operator;
use super::super::{known_functions, library, oid};
use super::Argument::Text;
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::roles::Role;
use crate::sqlstate::SqlState;

/// From a schema's name to its id.
pub(in super::super) const NAMESPACE_ID: &str = "muster_namespace_id";
/// From a type's name to its id.
pub(in super::super) const TYPE_ID: &str = "muster_type_id";
/// From a function's name to its id.
pub(in super::super) const FUNCTION_ID: &str = "muster_function_id";
/// From a function's id or name to its name.
pub(in super::super) const FUNCTION_NAME: &str = "muster_function_name";
/// From a role's name to its id.
pub(in super::super) const ROLE_ID: &str = "muster_role_id";

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    (NAMESPACE_ID, &[&[Text]], Answer::Number(namespace)),
    (TYPE_ID, &[&[Text]], Answer::Number(of_type)),
    (FUNCTION_ID, &[&[Text]], Answer::Number(function)),
    (FUNCTION_NAME, &[&[Text]], Answer::Text(function_name)),
    (ROLE_ID, &[&[Text]], Answer::Number(role)),
    ("to_regnamespace", &[&[Text]], Answer::Number(maybe_namespace)),
    ("to_regtype", &[&[Text]], Answer::Number(maybe_type)),
    ("to_regproc", &[&[Text]], Answer::Number(maybe_function)),
    ("to_regprocedure", &[&[Text]], Answer::Number(maybe_function)),
    ("to_regrole", &[&[Text]], Answer::Number(maybe_role)),
];

/// The id that a text of digits is.
fn digits(text: &str) -> Option<i64> {
    text.parse::<u32>().ok().map(i64::from)
}

fn maybe_namespace(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    let name = unquoted(text);
    let found = oid::schemas(&catalog.snapshot).into_iter().find(|(known, _)| *known == name);
    Ok(digits(text).or_else(|| found.map(|(_, oid)| oid.into())))
}

fn namespace(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    match maybe_namespace(catalog, arguments, row)? {
        Some(id) => Ok(Some(id)),
        None => {
            Err(Error::new(SqlState::InvalidSchemaName, format!("schema \"{text}\" does not exist")).into())
        }
    }
}

fn maybe_type(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    if text == "-" {
        return Ok(Some(0));
    }
    match digits(text) {
        Some(id) => Ok(Some(id)),
        None => Ok(library::type_named(text)?.map(i64::from)),
    }
}

fn of_type(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    match maybe_type(catalog, arguments, row)? {
        Some(id) => Ok(Some(id)),
        None => Err(Error::new(SqlState::UndefinedObject, format!("type \"{text}\" does not exist")).into()),
    }
}

/// A function's name without its schema and its arguments.
fn plain_name(text: &str) -> String {
    let name = text.split('(').next().unwrap_or_default().trim();
    unquoted(name.strip_prefix("pg_catalog.").unwrap_or(name))
}

fn maybe_function(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    if ["-", ""].contains(&text) {
        return Ok(Some(0));
    }
    let name = plain_name(text);
    let own = || super::super::tables::pg_proc::named(&name);
    let known = known_functions::functions()?.named(&name);
    Ok(digits(text).or_else(|| known.or_else(own).map(i64::from)))
}

fn function(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    match maybe_function(catalog, arguments, row)? {
        Some(id) => Ok(Some(id)),
        // The functions of pgvector's operators have names and no rows in pg_proc.
        None if is_behind_an_operator(&plain_name(text)) => Ok(Some(0)),
        None => Err(undefined_function(text)),
    }
}

fn undefined_function(text: &str) -> datafusion::error::DataFusionError {
    Error::new(SqlState::UndefinedFunction, format!("function \"{text}\" does not exist")).into()
}

fn function_name(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    let Some(id) = digits(text) else {
        return match maybe_function(catalog, arguments, row)? {
            Some(0) => Ok(Some("-".to_string())),
            Some(_) => Ok(Some(plain_name(text))),
            None => Err(undefined_function(text)),
        };
    };
    if id == 0 {
        return Ok(Some("-".to_string()));
    }
    let id = i32::try_from(id).unwrap_or_default();
    let own = || super::super::tables::pg_proc::find(id).map(|function| function.name.to_string());
    let known = known_functions::functions()?.get(id).map(|function| function.name.clone());
    Ok(Some(known.or_else(own).unwrap_or_else(|| text.to_string())))
}

fn maybe_role(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    if let Some(id) = digits(text) {
        return Ok(Some(id));
    }
    let name = unquoted(text);
    let found = Role::all(&catalog.snapshot)?.into_iter().find(|role| role.name == name);
    Ok(found.map(|role| i64::from(oid::role(role.id))))
}

fn role(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    match maybe_role(catalog, arguments, row)? {
        Some(id) => Ok(Some(id)),
        None => Err(Error::new(SqlState::UndefinedObject, format!("role \"{text}\" does not exist")).into()),
    }
}

/// A name as it is kept: between quotes as it stands, else in small letters.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(|| text.to_ascii_lowercase(), |inner| inner.replace("\"\"", "\""))
}
