//! Identifiers and texts as they stand in SQL, whatever they are made of.

use crate::catalog::relation::{plain, schema_of};

/// An identifier, quoted.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A relation with its schema.
pub(super) fn full(stored: &str) -> String {
    format!("{}.{}", quoted(schema_of(stored)), quoted(plain(stored)))
}

/// A list of identifiers.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// A literal.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
