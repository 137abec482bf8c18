//! Names as statements write them: folded to lower case unless quoted, with or without a schema.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};

use crate::catalog::{CATALOG, SCHEMA};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// One identifier.
pub(crate) fn ident(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// The name of a table or index: `t`, `public.t` or `muster.public.t`.
///
/// # Errors
/// 3F000 for another schema, 0A000 for another database.
pub(crate) fn table(name: &ObjectName) -> Result<String> {
    let parts: Option<Vec<String>> = name.0.iter().map(|part| part.as_ident().map(ident)).collect();
    let parts = parts.ok_or_else(|| Error::new(SqlState::SyntaxError, format!("{name} is no name")))?;
    let table = match parts.as_slice() {
        [table] => table,
        [schema, table] if schema == SCHEMA => table,
        [database, schema, table] if schema == SCHEMA && (database == CATALOG || database == "postgres") => {
            table
        }
        [schema, _] => {
            return Err(Error::new(
                SqlState::InvalidSchemaName,
                format!("schema \"{schema}\" does not exist"),
            ));
        }
        _ => return Err(Error::unsupported(format!("reference to another database ({name})"))),
    };
    if table.is_empty() {
        return Err(Error::new(SqlState::SyntaxError, "zero-length delimited identifier"));
    }
    // PostgreSQL cuts longer names; two names that are cut alike would be one, so this refuses.
    if table.len() > 63 {
        return Err(Error::unsupported("an identifier of more than 63 bytes"));
    }
    Ok(table.clone())
}
