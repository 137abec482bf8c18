//! The end of temporary relations: with their session, or, for what a process left when it was killed, when the
//! database is opened again. Tables are in memory alone; views and sequences over them are kept like all others.

use muster_storage::{Changes, Snapshot, Store};

use super::comment;
use super::namespace::{SEQUENCE_KIND, VIEW_KIND};
use super::relation::schema_of;
use super::search_path::TEMPORARY;
use crate::Result;

/// Drops all relations of one session's temporary schema, or of all of them.
///
/// # Errors
/// What storage gives.
pub(crate) fn drop_all(store: &Store, schema: Option<&str>) -> Result<()> {
    let changes = changes(&store.snapshot(), schema);
    if !changes.is_empty() {
        store.commit(changes)?;
    }
    Ok(())
}

/// The changes that drop all relations of one session's temporary schema.
pub(crate) fn all_of(snapshot: &Snapshot, schema: &str) -> Changes {
    changes(snapshot, Some(schema))
}

fn changes(snapshot: &Snapshot, schema: Option<&str>) -> Changes {
    let goes = |stored: &str| match schema {
        Some(schema) => schema_of(stored) == schema,
        None => schema_of(stored).starts_with(TEMPORARY),
    };
    let mut changes = Changes::new();
    for table in snapshot.tables().map(|table| &table.definition().name).filter(|name| goes(name)) {
        changes = comment::move_all(changes, snapshot, table, None).drop_table(table);
    }
    for kind in [VIEW_KIND, SEQUENCE_KIND] {
        for (name, _) in snapshot.objects(kind).filter(|(name, _)| goes(name)) {
            changes = comment::move_all(changes, snapshot, name, None).set_object(kind, name, None);
        }
    }
    changes
}
