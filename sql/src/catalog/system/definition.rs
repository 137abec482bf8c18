//! The SQL that an index or a constraint would be made with, as PostgreSQL writes it.

use arrow::datatypes::Field;
use datafusion::error::Result;
use muster_storage::{IndexDefinition, KeyConstraint, Snapshot, TableDefinition};

use super::column_type::ColumnType;
use super::functions::type_text;
use super::library::quoted;
use super::oid;
use crate::catalog::SearchPath;
use crate::catalog::relation::{plain as plain_name, schema_of};
use crate::index::plain;
use crate::{check_constraint as check, column, foreign_key, index};

/// What an object id stands for among the indexes of a snapshot.
pub(super) enum Indexed<'a> {
    Key(&'a TableDefinition, &'a KeyConstraint),
    /// Any other.
    Index(&'a TableDefinition, &'a IndexDefinition),
}

/// The index with this id.
pub(super) fn find(snapshot: &Snapshot, wanted: i32) -> Option<Indexed<'_>> {
    for table in snapshot.tables() {
        let table = table.definition();
        for (position, key) in table.keys.iter().enumerate() {
            if oid::key(table.id, position) == wanted {
                return Some(Indexed::Key(table, key));
            }
        }
        for index in &table.indexes {
            if oid::index(index.id) == wanted {
                return Some(Indexed::Index(table, index));
            }
        }
    }
    None
}

/// The CHECK constraint with this id, as CREATE TABLE writes it; `pretty` is without parentheses that mean nothing.
pub(super) fn check(snapshot: &Snapshot, wanted: i32, pretty: bool) -> Option<String> {
    snapshot.tables().find_map(|table| {
        let table = table.definition();
        let mut checks = check::all(&table.properties).enumerate();
        let (_, (_, sql)) = checks.find(|(position, _)| oid::check(table.id, *position) == wanted)?;
        Some(if pretty { format!("CHECK ({sql})") } else { format!("CHECK (({sql}))") })
    })
}

/// The foreign key with this id, as PostgreSQL shows it where the search path is this one.
pub(super) fn foreign_key(snapshot: &Snapshot, path: &SearchPath, wanted: i32) -> Result<Option<String>> {
    for table in snapshot.tables() {
        let table = table.definition();
        if !foreign_key::has_any(&table.properties) {
            continue;
        }
        for (place, key) in foreign_key::all(&table.properties)?.into_iter().enumerate() {
            if oid::foreign_key(table.id, place) == wanted {
                let name = |name: &str| quoted(name).unwrap_or_else(|_| name.to_string());
                return Ok(Some(key.sql(name, &key.parent_name(snapshot, path, name))));
            }
        }
    }
    Ok(None)
}

/// `m=16` and `ef_construction=200`, as `pg_class.reloptions` has them.
pub(super) fn options(index: &IndexDefinition) -> Vec<String> {
    index::options_of(index).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

/// A column's default; an identity column has none, as in PostgreSQL. A plain text gets the column's type, as PostgreSQL shows it: `'active'::text`.
pub(super) fn default(field: &Field) -> Result<Option<String>> {
    let Some(sql) = column::default(field).filter(|_| column::identity(field).is_none()) else {
        return Ok(None);
    };
    if let Some(name) = sql.strip_prefix("nextval('").and_then(|rest| rest.strip_suffix("')")) {
        return Ok(Some(format!("nextval('{}'::regclass)", name.strip_prefix("public.").unwrap_or(name))));
    }
    let inner = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    if inner.is_some_and(|inner| !inner.replace("''", "").contains('\'')) {
        let column_type = ColumnType::of(field);
        let name =
            if column_type.name == "bpchar" { "bpchar".to_string() } else { type_text(column_type.oid, -1)? };
        return Ok(Some(format!("{sql}::{name}")));
    }
    Ok(Some(sql.to_string()))
}

/// A relation's schema and name.
fn full_name(stored: &str) -> Result<String> {
    Ok(format!("{}.{}", quoted(schema_of(stored))?, quoted(plain_name(stored))?))
}

/// The name of a column.
fn column_name(table: &TableDefinition, position: usize) -> Result<String> {
    table.schema.fields().get(position).map_or_else(|| Ok(String::new()), |field| quoted(field.name()))
}

fn columns(table: &TableDefinition, positions: &[usize]) -> Result<String> {
    let names = positions.iter().map(|position| column_name(table, *position)).collect::<Result<Vec<_>>>()?;
    Ok(names.join(", "))
}

impl Indexed<'_> {
    /// The CREATE INDEX statement.
    pub(super) fn statement(&self) -> Result<String> {
        match self {
            Self::Key(table, key) => {
                let nulls = if key.nulls_distinct { "" } else { " NULLS NOT DISTINCT" };
                Ok(format!(
                    "CREATE UNIQUE INDEX {} ON {} USING btree ({}){nulls}",
                    quoted(&key.name)?,
                    full_name(&table.name)?,
                    columns(table, &key.columns)?
                ))
            }
            Self::Index(table, index) if plain::is_plain(index) => Ok(format!(
                "CREATE INDEX {} ON {} USING {} ({})",
                quoted(plain_name(&index.name))?,
                full_name(&table.name)?,
                index.method,
                plain::columns_sql(table, index, quoted)?
            )),
            Self::Index(table, index) => {
                let with: Vec<String> = options(index)
                    .iter()
                    .filter_map(|option| option.split_once('='))
                    .map(|(name, value)| format!("{name}='{value}'"))
                    .collect();
                Ok(format!(
                    "CREATE INDEX {} ON {} USING {} ({} {}) WITH ({})",
                    quoted(plain_name(&index.name))?,
                    full_name(&table.name)?,
                    index.method,
                    column_name(table, index.column)?,
                    index::operator_class(table, index),
                    with.join(", ")
                ))
            }
        }
    }

    /// What the index has in its column of this number, from 1 on.
    pub(super) fn column(&self, number: i64) -> Result<Option<String>> {
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let (table, position) = match self {
            Self::Key(table, key) => (table, place.and_then(|place| key.columns.get(place)).copied()),
            Self::Index(table, index) => (table, place.and_then(|place| index.columns().nth(place))),
        };
        position.map(|position| column_name(table, position)).transpose()
    }

    /// The constraint that the index is of, as CREATE TABLE writes it.
    pub(super) fn constraint(&self) -> Result<Option<String>> {
        let Self::Key(table, key) = self else { return Ok(None) };
        if index::unique::is_index(table, &key.name) {
            return Ok(None);
        }
        let kind = match (key.primary, key.nulls_distinct) {
            (true, _) => "PRIMARY KEY",
            (false, true) => "UNIQUE",
            (false, false) => "UNIQUE NULLS NOT DISTINCT",
        };
        Ok(Some(format!("{kind} ({})", columns(table, &key.columns)?)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn a_default_that_is_a_text_alone_names_its_type() {
        let shown = |sql| {
            let field = column::with_default(Field::new("a", DataType::Utf8, true), sql);
            default(&field).unwrap().unwrap()
        };
        assert_eq!(shown("'active'"), "'active'::text");
        assert_eq!(shown("'it''s'"), "'it''s'::text");
        assert_eq!(shown("''"), "''::text");
        assert_eq!(shown("'a' || 'b'"), "'a' || 'b'");
        assert_eq!(shown("now()"), "now()");
    }
}
