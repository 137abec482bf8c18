//! `CREATE UNIQUE INDEX name ON t (columns)`: values that may be there once. Rows are looked up by them, too.

use datafusion::sql::sqlparser::ast::{CreateIndex, ObjectName};
use muster_storage::{Alteration, Changes, Snapshot, TableDefinition};

use super::create_table::Builder;
use super::name;
use crate::catalog::namespace::kind;
use crate::catalog::relation::{plain, schema_of, stored};
use crate::index::unique;
use crate::sqlstate::SqlState;
use crate::{Error, Result, check_constraint as check};

/// The index's name, as storage knows it, and what makes it; `None` when it is there and IF NOT EXISTS was said.
///
/// # Errors
/// 0A000 for a partial index, an expression, a descending column and the like; 42703 for a column that is not there;
/// 42P07 for a name that is taken. Storage gives 23505 where values are there twice.
pub(super) fn changes(
    snapshot: &Snapshot,
    definition: &TableDefinition,
    create: &CreateIndex,
) -> Result<Option<(String, Changes)>> {
    let descending = create.columns.iter().any(|column| {
        column.column.options.asc == Some(false) || column.column.options.nulls_first.is_some()
    });
    let refused = [
        (!create.include.is_empty(), "INCLUDE"),
        (create.predicate.is_some(), "a partial index (WHERE)"),
        (create.columns.iter().any(|column| column.operator_class.is_some()), "an operator class of btree"),
        (descending, "DESC and NULLS FIRST in a unique index"),
        (
            !create.with.is_empty() || !create.index_options.is_empty() || !create.alter_options.is_empty(),
            "index options",
        ),
    ];
    if let Some((_, what)) = refused.iter().find(|(said, _)| *said) {
        return Err(Error::unsupported(what));
    }
    let mut builder = Builder::new(definition.name.clone());
    builder.fields = definition.schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    builder.keys.clone_from(&definition.keys);
    let columns = builder.positions(&create.columns)?;
    let schema = schema_of(&definition.name);
    let index = match &create.name {
        Some(name) => index_name(name)?,
        None => free(snapshot, definition, &columns),
    };
    let full = stored(schema, &index);
    let is_constraint = check::all(&definition.properties).any(|(name, _)| name == index);
    if kind(snapshot, &full).is_some() || is_constraint {
        if create.if_not_exists {
            return Ok(None);
        }
        return Err(Error::new(SqlState::DuplicateTable, format!("relation \"{index}\" already exists")));
    }
    builder.add_key(Some(index.clone()), columns, false, create.nulls_distinct.unwrap_or(true))?;
    let Some(key) = builder.keys.pop() else {
        return Err(Error::new(SqlState::InternalError, "the index has no key"));
    };
    let property =
        Alteration::SetProperty { key: unique::property(&index), value: Some("unique".to_string()) };
    let table = &definition.name;
    let changes = Changes::new().alter_table(table, Alteration::AddKey(key)).alter_table(table, property);
    Ok(Some((full, changes)))
}

/// An index is in the schema of its table.
pub(super) fn index_name(name: &ObjectName) -> Result<String> {
    match name::parts(name)? {
        (None, name) => Ok(name),
        (Some(_), _) => Err(Error::new(
            SqlState::SyntaxError,
            format!("{name} has a schema, which an index has from its table"),
        )),
    }
}

/// The name that PostgreSQL gives, with a number where it is taken.
pub(super) fn free(snapshot: &Snapshot, definition: &TableDefinition, columns: &[usize]) -> String {
    let fields = columns.iter().filter_map(|column| definition.schema.fields().get(*column));
    let mut names: Vec<String> = Vec::new();
    for field in fields {
        let mut name = field.name().clone();
        let mut number = 0_u32;
        while names.contains(&name) {
            number += 1;
            name = format!("{}{number}", field.name());
        }
        names.push(name);
    }
    let wanted = format!("{}_{}_idx", plain(&definition.name), names.join("_"));
    let schema = schema_of(&definition.name);
    let mut name = wanted.clone();
    let mut number = 0_u32;
    while kind(snapshot, &stored(schema, &name)).is_some() {
        number += 1;
        name = format!("{wanted}{number}");
    }
    name
}
