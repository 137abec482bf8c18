//! `ON COMMIT DELETE ROWS | DROP | PRESERVE ROWS`: what the end of a transaction does to a temporary table.
//!
//! A property of the table keeps it. Invariant: it is part of the transaction that ends; without a block a statement is
//! one.

use datafusion::sql::sqlparser::ast::{self, CreateTable};
use muster_storage::{Changes, Snapshot};
use roaring::RoaringTreemap;

use super::drop::{Dropping, Target};
use crate::catalog::relation::schema_of;
use crate::catalog::{Namespace, SearchPath};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The property, and its values.
const PROPERTY: &str = "on commit";
const DELETE_ROWS: &str = "delete rows";
const DROP: &str = "drop";

/// The property of a table that is to be made.
///
/// # Errors
/// 42P16 for a table that is not temporary.
pub(super) fn property(create: &CreateTable, temporary: bool) -> Result<Option<(String, String)>> {
    let value = match &create.on_commit {
        None => return Ok(None),
        Some(_) if !temporary => {
            return Err(Error::new(
                SqlState::InvalidTableDefinition,
                "ON COMMIT can only be used on temporary tables",
            ));
        }
        Some(ast::OnCommit::PreserveRows) => return Ok(None),
        Some(ast::OnCommit::DeleteRows) => DELETE_ROWS,
        Some(ast::OnCommit::Drop) => DROP,
    };
    Ok(Some((PROPERTY.to_string(), value.to_string())))
}

/// Whether the end of a transaction empties a table.
pub(crate) fn empties(definition: &muster_storage::TableDefinition) -> bool {
    definition.properties.get(PROPERTY).is_some_and(|value| value == DELETE_ROWS)
}

/// What a session's temporary tables want at the end of a transaction that leaves them like this.
///
/// # Errors
/// XX001 when the definition of what depends on a table is damaged.
pub(crate) fn changes(snapshot: &Snapshot, path: &SearchPath) -> Result<Changes> {
    let mut dropping = Dropping::new(Namespace { snapshot, path }, true);
    let mut emptied = Changes::new();
    for table in snapshot.tables() {
        let definition = table.definition();
        if schema_of(&definition.name) != path.temporary() {
            continue;
        }
        match definition.properties.get(PROPERTY).map(String::as_str) {
            Some(DROP) => dropping.add(Target::Table(definition.name.clone()))?,
            Some(DELETE_ROWS) => {
                let mut rows = RoaringTreemap::new();
                for part in table.parts() {
                    rows.extend(super::alter_table::positions(part).map(|position| part.row_id(position)));
                }
                if !rows.is_empty() {
                    emptied = emptied.delete(&definition.name, rows);
                }
            }
            _ => {}
        }
    }
    Ok(emptied.and(dropping.changes()?))
}
