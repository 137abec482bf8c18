//! How large relations and the database are: bytes of their files.
//!
//! A table has the files of its segments and its entries in the journal; an index the files of its graphs. Keys and plain indexes are in
//! memory alone, views nowhere: 0. What is in memory as a whole, of a database in memory and of temporary tables, counts as if
//! it were on the disk. An id that nothing has is NULL, as in PostgreSQL.

use datafusion::error::Result;
use muster_storage::{Snapshot, Table};

use super::super::definition::{Indexed, find};
use super::super::oid;
use super::Argument::{Any, Number, Text};
use super::names::{id_of, stored_name};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::catalog::CATALOG;
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_relation_size", &[&[Any], &[Any, Text]], Answer::Number(relation_size)),
    ("pg_table_size", &[&[Any]], Answer::Number(table_size)),
    ("pg_indexes_size", &[&[Any]], Answer::Number(indexes_size)),
    ("pg_total_relation_size", &[&[Any]], Answer::Number(total_size)),
    ("pg_database_size", &[&[Any]], Answer::Number(database_size)),
    ("pg_tablespace_size", &[&[Any]], Answer::Number(tablespace_size)),
    ("pg_size_pretty", &[&[Number]], Answer::Text(pretty_size)),
];

/// The tablespaces that there are, by id and name: everything is in the first.
const TABLESPACES: [(i32, &str); 2] = [(oid::TABLESPACE, "pg_default"), (1664, "pg_global")];

/// Bytes of files.
#[derive(Clone, Copy, Default)]
struct Size {
    rows: u64,
    indexes: u64,
}

impl Size {
    fn of(table: &Table) -> Self {
        let parts = table.parts().map(|part| (part.file_bytes(), part.index_bytes()));
        let unsealed = Self { rows: table.journal().bytes, indexes: 0 };
        parts.fold(unsealed, |size, (rows, indexes)| Self {
            rows: size.rows + rows,
            indexes: size.indexes + indexes,
        })
    }
}

/// The relation that the first argument names, by id or by name.
fn named(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i32>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    if let Some(id) = arguments.any_number(0, row) {
        return Ok(i32::try_from(id).ok());
    }
    let Some(text) = arguments.any_text(0, row) else { return Ok(None) };
    // As a text is read as a regclass.
    if let Ok(id) = text.parse::<u32>() {
        return Ok(i32::try_from(id).ok());
    }
    match id_of(catalog, &text)? {
        Some(id) => Ok(i32::try_from(id).ok()),
        None => Err(Error::undefined_table(&text).into()),
    }
}

/// A relation's size; `None` where there is none of the id.
fn size_of(snapshot: &Snapshot, id: i32) -> Result<Option<Size>> {
    if let Some(table) = snapshot.tables().find(|table| oid::table(table.definition().id) == id) {
        return Ok(Some(Size::of(table)));
    }
    if let Some(Indexed::Index(definition, index)) = find(snapshot, id) {
        let parts = snapshot.table(&definition.name).into_iter().flat_map(|table| table.parts());
        let bytes = parts.filter_map(|part| part.bytes_of_index(index.id)).sum();
        return Ok(Some(Size { rows: bytes, indexes: 0 }));
    }
    let is_there = stored_name(snapshot, id)?.is_some() || oid::system_table_name(id).is_some();
    Ok(is_there.then(Size::default))
}

fn answer(
    catalog: &Catalog,
    arguments: &Arguments,
    row: usize,
    of: impl Fn(Size) -> u64,
) -> Result<Option<i64>> {
    let Some(id) = named(catalog, arguments, row)? else { return Ok(None) };
    let size = size_of(&catalog.snapshot, id)?;
    Ok(size.map(|size| i64::try_from(of(size)).unwrap_or(i64::MAX)))
}

/// Of the rows alone; there is one fork.
fn relation_size(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    if arguments.count() < 2 {
        return answer(catalog, arguments, row, |size| size.rows);
    }
    match arguments.text(1, row) {
        None => Ok(None),
        Some("main") => answer(catalog, arguments, row, |size| size.rows),
        Some("fsm" | "vm" | "init") => answer(catalog, arguments, row, |_| 0),
        Some(_) => Err(Error::new(SqlState::InvalidParameterValue, "invalid fork name")
            .with_hint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
            .into()),
    }
}

fn table_size(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    answer(catalog, arguments, row, |size| size.rows)
}

fn indexes_size(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    answer(catalog, arguments, row, |size| size.indexes)
}

fn total_size(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    answer(catalog, arguments, row, |size| size.rows + size.indexes)
}

/// Of all tables and the journal, whose file is larger than the entries in it.
fn all(catalog: &Catalog) -> Result<Option<i64>> {
    let files = catalog.snapshot.all_tables().flat_map(|table| table.parts());
    let files: u64 = files.map(|part| part.file_bytes() + part.index_bytes()).sum();
    let journal = catalog.store.journal_bytes().map_err(Error::from)?;
    Ok(i64::try_from(files + journal).ok())
}

fn database_size(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    if let Some(id) = arguments.any_number(0, row) {
        let known = [oid::DATABASE, oid::DATABASE_AS_POSTGRES].map(i64::from).contains(&id);
        return if known { all(catalog) } else { Ok(None) };
    }
    let Some(name) = arguments.any_text(0, row) else { return Ok(None) };
    if name != CATALOG && name != "postgres" {
        let message = format!("database \"{name}\" does not exist");
        return Err(Error::new(SqlState::InvalidCatalogName, message).into());
    }
    all(catalog)
}

fn tablespace_size(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    let id = arguments.any_number(0, row);
    let name = arguments.any_text(0, row);
    let is_named =
        |(known, word): &(i32, &str)| id.map_or(name.as_deref() == Some(*word), |id| id == i64::from(*known));
    match (TABLESPACES.iter().find(|space| is_named(space)), id, name) {
        (Some((oid::TABLESPACE, _)), _, _) => all(catalog),
        (Some(_), _, _) => Ok(Some(0)),
        (None, None, Some(name)) => {
            let message = format!("tablespace \"{name}\" does not exist");
            Err(Error::new(SqlState::UndefinedObject, message).into())
        }
        (None, _, _) => Ok(None),
    }
}

/// `10 kB`: PostgreSQL goes on to the next unit from ten of it, and rounds.
fn pretty_size(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.number(0, row).map(pretty))
}

fn pretty(bytes: i64) -> String {
    const UNITS: &[&str] = &["bytes", "kB", "MB", "GB", "TB", "PB"];
    const NEXT_FROM: u64 = 10 * 1024;
    let sign = if bytes < 0 { "-" } else { "" };
    let mut size = bytes.unsigned_abs();
    let mut unit = UNITS.iter();
    let mut name = unit.next();
    while size >= NEXT_FROM {
        let Some(next) = unit.next() else { break };
        size = size.saturating_add(512) / 1024;
        name = Some(next);
    }
    format!("{sign}{size} {}", name.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!(pretty(0), "0 bytes");
        assert_eq!(pretty(10_239), "10239 bytes");
        assert_eq!(pretty(10_240), "10 kB");
        assert_eq!(pretty(-10_240), "-10 kB");
        assert_eq!(pretty(123_456_789), "118 MB");
        assert_eq!(pretty(i64::MIN), "-8192 PB");
    }
}
