//! Foreign keys of the table that is altered, and of others to it.

use muster_storage::KeySet;

use super::altering::{Altering, Source};
use super::rows::values;
use crate::catalog::comment::{self, Commented};
use crate::foreign_key::{ForeignKey, Reference, all, check_rows, users};
use crate::sqlstate::SqlState;
use crate::{Error, Result, foreign_key};

/// Adds a foreign key.
///
/// # Errors
/// 23503 where rows that are there have no key.
pub(super) fn add(altering: &mut Altering<'_>, key: &ForeignKey) -> Result<()> {
    altering.set_foreign(key)?;
    let own = altering.stored();
    if key.parent == own {
        let marked = "yes".to_string();
        altering.definition.properties.insert(foreign_key::REFERENCED.to_string(), marked);
        altering.alter(users::mark());
    } else {
        altering.change(|changes| changes.alter_table(&key.parent, users::mark()));
    }
    check_rows_there(altering, key)
}

/// Checks the rows that are there. What was seen must still be so when the statement is committed.
fn check_rows_there(altering: &mut Altering<'_>, key: &ForeignKey) -> Result<()> {
    if altering.table.live_rows() == 0 {
        altering.keep_rows();
        return Ok(());
    }
    let snapshot = altering.context.snapshot.clone();
    let definition = std::sync::Arc::new(altering.definition.clone());
    let reference = Reference::of(&snapshot, &definition, key.clone())?;
    let parent = match key.parent == definition.name {
        true => altering.table.clone(),
        false => snapshot.table(&key.parent).ok_or_else(|| Error::undefined_table(&key.parent))?.clone(),
    };
    for part in altering.table.parts().filter(|part| part.live_rows() > 0) {
        let mut columns = Vec::with_capacity(reference.columns.len());
        for position in &reference.columns {
            match altering.sources.get(*position) {
                Some(source @ (Source::Stored(_) | Source::Constant(_))) => {
                    columns.push(values(part, source)?)
                }
                _ => {
                    return Err(Error::unsupported(
                        "a foreign key over a column that the statement computes",
                    ));
                }
            }
        }
        // A column that is new and empty refers to nothing, whatever key the same statement adds.
        if KeySet::new(columns.clone())?.is_empty() && !key.full {
            continue;
        }
        if parent.definition().key(&reference.constraint).is_none() {
            return Err(Error::unsupported("a foreign key to a key that the same statement adds"));
        }
        check_rows(&reference, &parent, &columns)?;
    }
    altering.keep_rows();
    altering.change(|changes| changes.unchanged(&key.parent));
    Ok(())
}

/// Whether a column is one of a foreign key, or one that foreign keys refer to.
pub(super) fn is_used(altering: &Altering<'_>, column: &str) -> Result<bool> {
    let named = |columns: &[String]| columns.iter().any(|name| name == column);
    let own = all(&altering.definition.properties)?;
    let others = users::of_table(&altering.context.snapshot, &altering.definition)?;
    Ok(own.iter().any(|key| named(&key.columns)) || others.iter().any(|(_, key)| named(&key.referenced)))
}

/// The foreign keys that rely on a key, which goes: they go with CASCADE alone.
///
/// # Errors
/// 2BP01.
pub(super) fn drop_users_of_key(altering: &mut Altering<'_>, name: &str, cascade: bool) -> Result<()> {
    let found = users::of_key(&altering.context.snapshot, &altering.definition, name)?;
    if !cascade && !found.is_empty() {
        let of = format!("constraint {name} on table {}", altering.name());
        return Err(in_use(&of, &format!("index {name}"), &found));
    }
    drop_all(altering, &found);
    Ok(())
}

/// The foreign keys of a column, which goes, and with CASCADE those to it.
///
/// # Errors
/// 2BP01 where others refer to it.
pub(super) fn drop_column(altering: &mut Altering<'_>, column: &str, cascade: bool) -> Result<()> {
    let named = |columns: &[String]| columns.iter().any(|name| name == column);
    let mut found = users::of_table(&altering.context.snapshot, &altering.definition)?;
    let own = altering.stored();
    found.retain(|(table, key)| named(&key.referenced) && !(*table == own && named(&key.columns)));
    if !cascade && !found.is_empty() {
        let of = format!("column {column} of table {}", altering.name());
        return Err(in_use(&of, &of, &found));
    }
    drop_all(altering, &found);
    for key in all(&altering.definition.properties)?.iter().filter(|key| named(&key.columns)) {
        drop_all(altering, &[(own.clone(), key.clone())]);
    }
    Ok(())
}

fn in_use(goes: &str, needed: &str, found: &[(String, ForeignKey)]) -> Error {
    let details: Vec<String> = found
        .iter()
        .map(|(table, key)| format!("{} depends on {needed}", users::shown(table, &key.name)))
        .collect();
    Error::new(
        SqlState::DependentObjectsStillExist,
        format!("cannot drop {goes} because other objects depend on it"),
    )
    .with_detail(details.join("\n"))
    .with_hint("Use DROP ... CASCADE to drop the dependent objects too.")
}

fn drop_all(altering: &mut Altering<'_>, found: &[(String, ForeignKey)]) {
    let snapshot = altering.context.snapshot.clone();
    for (table, key) in found {
        if *table == altering.stored() {
            altering.unset_foreign(&key.name);
        } else {
            altering.change(|changes| changes.alter_table(table, users::unset(&key.name)));
        }
        altering.change(|changes| {
            comment::move_to(changes, &snapshot, Commented::Constraint(table, &key.name), None)
        });
    }
}

/// Foreign keys to the table follow it.
pub(super) fn rename_table(altering: &mut Altering<'_>, from: &str, to: &str) -> Result<()> {
    let changes = std::mem::take(&mut altering.changes);
    altering.changes = users::follow_table(changes, &altering.context.snapshot, from, to)?;
    for mut key in all(&altering.definition.properties)?.into_iter().filter(|key| key.parent == from) {
        key.parent = to.to_string();
        altering.set_foreign(&key)?;
    }
    Ok(())
}

/// Foreign keys follow a column.
pub(super) fn rename_column(altering: &mut Altering<'_>, from: &str, to: &str) -> Result<()> {
    let table = altering.stored();
    let changes = std::mem::take(&mut altering.changes);
    altering.changes = users::follow_column(changes, &altering.context.snapshot, &table, (from, to))?;
    for mut key in all(&altering.definition.properties)? {
        let mut found = users::renamed(&mut key.columns, from, to);
        if key.parent == table {
            found |= users::renamed(&mut key.referenced, from, to);
        }
        if found {
            altering.set_foreign(&key)?;
        }
    }
    Ok(())
}

impl Altering<'_> {
    /// A table that is made anew is another one for what commits beside the statement: the rows that refer to it must
    /// still be those that were there.
    pub(super) fn keep_referring(&mut self) -> Result<()> {
        for (table, _) in users::of_table(&self.context.snapshot, &self.definition)? {
            if table != self.definition.name {
                self.change(|changes| changes.unchanged(table));
            }
        }
        Ok(())
    }
}
