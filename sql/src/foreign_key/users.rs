//! The foreign keys of other tables when something of a table is renamed or goes.
//!
//! Foreign keys know tables and columns by their names; here they follow them.

use muster_storage::{Alteration, Changes, Snapshot, TableDefinition};

use super::reference::matching;
use super::{ForeignKey, REFERENCED, all, property, referring};
use crate::Result;
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{RelationName, SCHEMA};

/// `constraint c_fkey on table c`, as PostgreSQL names it in errors.
pub(crate) fn shown(table: &str, name: &str) -> String {
    let of = match schema_of(table) {
        SCHEMA => plain(table).to_string(),
        _ => RelationName::of_stored(table).to_string(),
    };
    format!("constraint {name} on table {of}")
}

/// The alteration that keeps a foreign key.
pub(crate) fn set(key: &ForeignKey) -> Result<Alteration> {
    let (key, value) = key.property()?;
    Ok(Alteration::SetProperty { key, value: Some(value) })
}

/// The alteration that takes it away.
pub(crate) fn unset(name: &str) -> Alteration {
    Alteration::SetProperty { key: property(name), value: None }
}

/// The alteration that marks a table as referenced. It is made even where the mark is there: statements that were worked
/// out before the foreign key was made, and know nothing of it, then fail and run again.
pub(crate) fn mark() -> Alteration {
    Alteration::SetProperty { key: REFERENCED.to_string(), value: Some("yes".to_string()) }
}

/// The foreign keys that rely on a key of a table, with the tables that they are of.
///
/// # Errors
/// XX001 for a definition that is damaged.
pub(crate) fn of_key(
    snapshot: &Snapshot,
    table: &TableDefinition,
    key: &str,
) -> Result<Vec<(String, ForeignKey)>> {
    let relies = |foreign: &ForeignKey| {
        let places = foreign.referenced.iter().map(|name| table.schema.index_of(name).ok());
        let places = places.collect::<Option<Vec<usize>>>();
        places.and_then(|places| matching(table, &places)).is_some_and(|(constraint, _)| constraint == key)
    };
    Ok(of_table(snapshot, table)?.into_iter().filter(|(_, foreign)| relies(foreign)).collect())
}

/// The foreign keys that refer to a table, its own as it is in a statement that alters it.
///
/// # Errors
/// XX001 for a definition that is damaged.
pub(crate) fn of_table(snapshot: &Snapshot, table: &TableDefinition) -> Result<Vec<(String, ForeignKey)>> {
    if !super::is_referenced(&table.properties) {
        return Ok(Vec::new());
    }
    let others = referring(snapshot, &table.name)?.into_iter();
    let others = others.filter(|(child, _)| child.name != table.name);
    let mut found: Vec<_> = others.map(|(child, key)| (child.name.clone(), key)).collect();
    let own = all(&table.properties)?.into_iter().filter(|key| key.parent == table.name);
    found.extend(own.map(|key| (table.name.clone(), key)));
    Ok(found)
}

/// Other tables' foreign keys to a table under its new name.
///
/// # Errors
/// XX001 for a definition that is damaged.
pub(crate) fn follow_table(
    mut changes: Changes,
    snapshot: &Snapshot,
    from: &str,
    to: &str,
) -> Result<Changes> {
    for (child, mut key) in referring(snapshot, from)?.into_iter().filter(|(child, _)| child.name != from) {
        key.parent = to.to_string();
        changes = changes.alter_table(&child.name, set(&key)?);
    }
    Ok(changes)
}

/// Other tables' foreign keys to a column under its new name.
///
/// # Errors
/// XX001 for a definition that is damaged.
pub(crate) fn follow_column(
    mut changes: Changes,
    snapshot: &Snapshot,
    table: &str,
    (from, to): (&str, &str),
) -> Result<Changes> {
    for (child, mut key) in referring(snapshot, table)?.into_iter().filter(|(child, _)| child.name != table) {
        if renamed(&mut key.referenced, from, to) {
            changes = changes.alter_table(&child.name, set(&key)?);
        }
    }
    Ok(changes)
}

/// Whether a column was among these, which is under its new name then.
pub(crate) fn renamed(columns: &mut [String], from: &str, to: &str) -> bool {
    let mut found = false;
    for column in columns.iter_mut().filter(|column| *column == from) {
        *column = to.to_string();
        found = true;
    }
    found
}
