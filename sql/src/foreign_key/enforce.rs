//! A statement's changes with what foreign keys make of them.

use std::sync::Arc;

use muster_storage::{Changes, Snapshot};

use super::cascade::Cascade;
use super::check::check;
use super::commit::conditions;
use super::{Deferral, has_any, is_referenced};
use crate::Result;
use crate::session::StatementContext;
use crate::write::Replaced;

/// Whether changes are of rows that foreign keys are about: new rows do nothing to those that refer to others.
pub(crate) fn concerns(snapshot: &Snapshot, changes: &Changes) -> bool {
    changes.tables_of_rows().any(|name| {
        snapshot.table(name).is_some_and(|table| {
            let properties = &table.definition().properties;
            has_any(properties) || is_referenced(properties) && !changes.deleted(name).is_empty()
        })
    })
}

/// The changes of a statement, its cascades among them. `deferral` is its transaction block's; without one nothing is put
/// off, and the conditions of the commit are among the changes.
///
/// # Errors
/// 23503; what the rows that an action changes give: 23502, 23514, 23505.
pub(crate) fn enforce(
    context: &StatementContext,
    changes: Changes,
    replaced: Vec<Replaced>,
    deferral: Option<&Deferral>,
) -> Result<Changes> {
    let snapshot: &Arc<Snapshot> = &context.snapshot;
    if !concerns(snapshot, &changes) {
        return Ok(changes);
    }
    let work = Cascade::new(context, snapshot.clone()).run(changes, replaced)?;
    check(&work, &|table, key| !deferral.is_some_and(|deferral| deferral.defers(&table.name, key)))?;
    let changes = work.changes()?;
    match deferral {
        Some(_) => Ok(changes),
        None => Ok(changes.and(conditions(&work)?)),
    }
}
