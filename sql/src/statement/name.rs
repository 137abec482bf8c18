//! Names as statements write them: folded to lower case unless quoted, with or without a schema. As in PostgreSQL and in
//! DataFusion, letters beyond ASCII stay as they are.
//!
//! Which relation a name without a schema means is not decided here: [`crate::catalog::Namespace`] looks along the
//! search path, and [`crate::planning::qualify`] has written what it found into the statement before it is planned.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};

use crate::catalog::relation::{SEPARATOR, stored};
use crate::catalog::{CATALOG, SCHEMA};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// One identifier.
pub(crate) fn ident(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_ascii_lowercase() }
}

/// A table or index as storage knows it, where the statement's names are those of the search path already.
///
/// # Errors
/// As [`parts`].
pub(crate) fn table(name: &ObjectName) -> Result<String> {
    let (schema, table) = parts(name)?;
    Ok(stored(schema.as_deref().unwrap_or(SCHEMA), &table))
}

/// The schema, if one is written, and the name of `t`, `app.t` or `muster.app.t`.
///
/// # Errors
/// 42601 and 42602 for what is no name, 0A000 for another database.
pub(crate) fn parts(name: &ObjectName) -> Result<(Option<String>, String)> {
    let parts: Option<Vec<String>> = name.0.iter().map(|part| part.as_ident().map(ident)).collect();
    let parts = parts.ok_or_else(|| Error::new(SqlState::SyntaxError, format!("{name} is no name")))?;
    for part in &parts {
        check(part)?;
    }
    match parts.as_slice() {
        [table] => Ok((None, table.clone())),
        [schema, table] => Ok((Some(schema.clone()), table.clone())),
        [database, schema, table] if database == CATALOG || database == "postgres" => {
            Ok((Some(schema.clone()), table.clone()))
        }
        _ => Err(Error::unsupported(format!("reference to another database ({name})"))),
    }
}

/// Whether an identifier can be the name of an object.
///
/// # Errors
/// 42601 for an empty one, 42602 for a character that no name has, 0A000 for one that is too long.
pub(crate) fn check(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(SqlState::SyntaxError, "zero-length delimited identifier"));
    }
    if name.contains(SEPARATOR) {
        return Err(Error::new(SqlState::InvalidName, "a name has no unit separator (U+001F)"));
    }
    // PostgreSQL cuts longer names; two names that are cut alike would be one, so this refuses.
    if name.len() > 63 {
        return Err(Error::unsupported("an identifier of more than 63 bytes"));
    }
    Ok(())
}
