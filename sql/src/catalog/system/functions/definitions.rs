//! `pg_get_indexdef(index [, column, pretty])`, `pg_get_constraintdef(constraint [, pretty])` and
//! `pg_get_expr(expression, relation [, pretty])`. What they are not asked about is NULL.

use datafusion::error::Result;

use super::super::definition::{check, find, foreign_key};
use super::Argument::{Flag, Number, Text};
use super::{Answer, Arguments, Catalog, Entry};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_get_indexdef", &[&[Number], &[Number, Number, Flag]], Answer::Text(index)),
    ("pg_get_constraintdef", &[&[Number], &[Number, Flag]], Answer::Text(constraint)),
    ("pg_get_expr", &[&[Text, Number], &[Text, Number, Flag]], Answer::Text(expression)),
];

fn index(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(found) = arguments.oid(0, row).and_then(|oid| find(&catalog.snapshot, oid)) else {
        return Ok(None);
    };
    match arguments.number(1, row) {
        None | Some(0) => found.statement().map(Some),
        Some(number) => found.column(number),
    }
}

/// A key has the id of its index.
fn constraint(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(oid) = arguments.oid(0, row) else { return Ok(None) };
    match find(&catalog.snapshot, oid) {
        Some(found) => found.constraint(),
        None => match check(&catalog.snapshot, oid, arguments.flag(1, row) == Some(true)) {
            None => foreign_key(&catalog.snapshot, &catalog.settings.path, oid),
            check => Ok(check),
        },
    }
}

/// The catalog keeps expressions as SQL.
fn expression(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.text(0, row).map(str::to_string))
}
