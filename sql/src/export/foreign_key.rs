//! Foreign keys, which are made once all tables and their rows are there.

use muster_storage::{Snapshot, TableDefinition};

use super::line;
use super::names::{full, quoted, text};
use crate::catalog::comment::{self, Commented};
use crate::{Result, foreign_key};

/// The statements that make a table's foreign keys, with the comments on them.
pub(super) fn create(out: &mut String, snapshot: &Snapshot, definition: &TableDefinition) -> Result<()> {
    let table = full(&definition.name);
    for key in foreign_key::all(&definition.properties)? {
        let (name, sql) = (quoted(&key.name), key.sql(quoted, &full(&key.parent)));
        line(out, format_args!("ALTER TABLE {table} ADD CONSTRAINT {name} {sql};"));
        if let Some(comment) = comment::find(snapshot, Commented::Constraint(&definition.name, &key.name)) {
            line(out, format_args!("COMMENT ON CONSTRAINT {name} ON {table} IS {};", text(&comment)));
        }
    }
    Ok(())
}
