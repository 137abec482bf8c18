//! `TRUNCATE`: all rows of one or several tables go, as one change.

use datafusion::sql::sqlparser::ast::{CascadeOption, Truncate, TruncateIdentityOption};
use muster_storage::{Changes, Snapshot};
use roaring::RoaringTreemap;

use super::define::Defined;
use super::sequence;
use crate::catalog::relation::plain;
use crate::catalog::{Namespace, RelationKind};
use crate::sqlstate::SqlState;
use crate::{Error, Result, foreign_key};

/// # Errors
/// 42P01 for a table that is not there, 42809 for what is no table, 0A000 for partitions.
pub(super) fn define(namespace: Namespace<'_>, truncate: &Truncate) -> Result<Defined> {
    if truncate.partitions.is_some() || truncate.on_cluster.is_some() {
        return Err(Error::unsupported("TRUNCATE of a partition or on a cluster"));
    }
    let restart = matches!(truncate.identity, Some(TruncateIdentityOption::Restart));
    let mut changes = Changes::new();
    for found in tables(namespace, truncate)? {
        let Some(table) = namespace.snapshot.table(&found) else {
            return Err(Error::undefined_table(&found));
        };
        let mut rows = RoaringTreemap::new();
        for part in table.parts() {
            rows.extend(super::alter_table::positions(part).map(|position| part.row_id(position)));
        }
        if !rows.is_empty() {
            changes = changes.delete(&found, rows);
        }
        if restart {
            changes = sequence::restart_owned(changes, namespace.snapshot, &found)?;
        }
        let properties = &table.definition().properties;
        if foreign_key::has_any(properties) || foreign_key::is_referenced(properties) {
            // Rows that come meanwhile would be left without their keys.
            changes = changes.unchanged(&found);
        }
    }
    Ok(Defined::new(changes, "TRUNCATE TABLE"))
}

/// The tables that lose their rows: those that the statement names, and with CASCADE those that refer to them.
///
/// # Errors
/// As [`define`].
pub(crate) fn tables(namespace: Namespace<'_>, truncate: &Truncate) -> Result<Vec<String>> {
    let mut named = Vec::new();
    for target in &truncate.table_names {
        // No table has children for ONLY to leave out.
        let found = match namespace.find(&target.name)? {
            Some((found, RelationKind::Table)) => found.stored(),
            Some(_) => namespace
                .find_kind(&target.name, RelationKind::Table, false)?
                .map(|found| found.stored())
                .unwrap_or_default(),
            None if truncate.if_exists => continue,
            None => return Err(namespace.missing(&target.name, None)?),
        };
        named.push(found);
    }
    let cascade = matches!(truncate.cascade, Some(CascadeOption::Cascade));
    with_referring(namespace.snapshot, named, cascade)
}

/// The tables, each once, and with CASCADE those that refer to them.
///
/// # Errors
/// 0A000 where another table refers to one of them.
fn with_referring(snapshot: &Snapshot, mut tables: Vec<String>, cascade: bool) -> Result<Vec<String>> {
    let mut at = 0;
    let mut all: Vec<String> = Vec::new();
    while let Some(table) = tables.get(at).cloned() {
        at += 1;
        if all.contains(&table) {
            continue;
        }
        let definition = snapshot.table(&table).ok_or_else(|| Error::undefined_table(&table))?.definition();
        for (child, key) in foreign_key::users::of_table(snapshot, definition)? {
            if tables.contains(&child) {
                continue;
            }
            if !cascade {
                return Err(Error::new(
                    SqlState::FeatureNotSupported,
                    "cannot truncate a table referenced in a foreign key constraint",
                )
                .with_detail(format!("Table \"{}\" references \"{}\".", plain(&child), plain(&key.parent)))
                .with_hint(format!(
                    "Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.",
                    plain(&child)
                )));
            }
            tables.push(child);
        }
        all.push(table);
    }
    Ok(all)
}
