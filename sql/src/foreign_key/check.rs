//! Whether what a transaction comes to leaves rows without their keys.
//!
//! It looks at what is different from the transaction's base: rows that were put need their keys, keys that are gone
//! must have no rows. Invariant: where the base has no orphan and all foreign keys are checked, the draft has none.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;
use muster_storage::{KeySet, Snapshot, Table, TableDefinition, Transaction};

use super::reference::table;
use super::{Action, ForeignKey, Reference, all, has_any, is_referenced, referring};
use crate::{Error, Result};

/// The tables that are not as they were and that foreign keys are about: how they were, if they were there, and how they
/// are.
pub(super) fn changed(work: &Transaction) -> Vec<(Option<Arc<Table>>, Arc<Table>)> {
    let mut changed = Vec::new();
    for table in work.snapshot().tables() {
        let definition = table.definition();
        let of_name = work.base().table(&definition.name);
        if of_name.is_some_and(|before| Arc::ptr_eq(before, table)) {
            continue;
        }
        if has_any(&definition.properties) || is_referenced(&definition.properties) {
            let same = |other: &&Arc<Table>| other.definition().id == definition.id;
            let before = of_name.filter(same).or_else(|| work.base().tables().find(same));
            changed.push((before.cloned(), table.clone()));
        }
    }
    changed
}

/// Checks the foreign keys of what a transaction comes to so far that `which` picks, by table and definition.
///
/// # Errors
/// 23503.
pub(crate) fn check(work: &Transaction, which: &dyn Fn(&TableDefinition, &ForeignKey) -> bool) -> Result<()> {
    let snapshot = work.snapshot();
    let changed = changed(work);
    for (before, now) in &changed {
        let definition = now.definition();
        let since = before.as_ref().map_or(0, |before| before.end());
        if !has_any(&definition.properties) || now.end() == since {
            continue;
        }
        for key in all(&definition.properties)?.into_iter().filter(|key| which(definition, key)) {
            let reference = Reference::of(snapshot, definition, key)?;
            let parent = table(snapshot, &reference.key.parent)?;
            for rows in now.rows_since(since, &reference.columns)? {
                check_rows(&reference, parent, rows.columns())?;
            }
        }
    }
    for (before, now) in &changed {
        if !is_referenced(&now.definition().properties) {
            continue;
        }
        let Some(before) = before else {
            check_all(snapshot, now, which)?;
            continue;
        };
        let deleted: Vec<u64> = work.deleted(&now.definition().name).iter().collect();
        if deleted.is_empty() {
            continue;
        }
        for (child, key) in referring(snapshot, &now.definition().name)? {
            let settled = |action| !matches!(action, Action::Nothing);
            if !which(&child, &key) || settled(key.on_delete) && settled(key.on_update) {
                continue;
            }
            let reference = Reference::of(snapshot, &child, key)?;
            let keys = gone(work, &reference, before, now, &deleted)?;
            let child = table(snapshot, &child.name)?;
            if let Some(found) = child.first_referring(&reference.columns, &keys, 0)? {
                return Err(reference.still_used(keys.columns(), found.key as usize));
            }
        }
    }
    Ok(())
}

/// Checks all rows that refer to a table that was made anew, of which nothing tells the keys that it had.
fn check_all(
    snapshot: &Snapshot,
    parent: &Arc<Table>,
    which: &dyn Fn(&TableDefinition, &ForeignKey) -> bool,
) -> Result<()> {
    for (child, key) in referring(snapshot, &parent.definition().name)? {
        if !which(&child, &key) {
            continue;
        }
        let reference = Reference::of(snapshot, &child, key)?;
        for rows in table(snapshot, &child.name)?.rows_since(0, &reference.columns)? {
            check_rows(&reference, parent, rows.columns())?;
        }
    }
    Ok(())
}

/// The keys that these rows had before and that no row has now.
pub(super) fn gone(
    work: &Transaction,
    reference: &Reference,
    before: &Table,
    now: &Table,
    deleted: &[u64],
) -> Result<KeySet> {
    let schema = &before.definition().schema;
    // The transaction itself may have given columns other names since.
    let of_base = work.base().tables().find(|table| table.definition().id == reference.child.id);
    let of_base = of_base.map(|table| all(&table.definition().properties)).transpose()?.unwrap_or_default();
    let of_base = of_base.into_iter().find(|key| key.name == reference.key.name);
    let names = of_base.map_or_else(|| reference.key.referenced.clone(), |key| key.referenced);
    let places = names.iter().map(|name| schema.index_of(name).ok());
    let places = places.collect::<Option<Vec<usize>>>().ok_or_else(|| {
        Error::unsupported("renaming the columns of a key and changing its rows in one transaction")
    })?;
    let keys = KeySet::new(before.rows_of(deleted, &places)?.columns().to_vec())?;
    reference.gone(now, keys)
}

/// Checks rows, of which these are the foreign key's columns.
///
/// # Errors
/// 23503.
pub(crate) fn check_rows(reference: &Reference, parent: &Table, columns: &[ArrayRef]) -> Result<()> {
    let rows = columns.first().map_or(0, |column| column.len());
    if rows == 0 {
        return Ok(());
    }
    let mut nulls = None;
    for column in columns {
        nulls = NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref());
    }
    let there = match nulls.as_ref().is_some_and(|nulls| nulls.null_count() == rows) {
        true => vec![false; rows],
        false => reference.is_there(parent, columns)?,
    };
    for (row, there) in there.into_iter().enumerate() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            // One null is enough for MATCH SIMPLE.
            let all = columns.iter().all(|column| column.is_null(row));
            if reference.key.full && !all {
                return Err(reference.mixed());
            }
        } else if !there {
            return Err(reference.missing(columns, row));
        }
    }
    Ok(())
}
