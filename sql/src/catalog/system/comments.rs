//! The comments that `COMMENT ON` made, by the ids of what they are on.

use datafusion::error::Result;
use muster_storage::Snapshot;

use super::oid;
use crate::catalog::comment::{Commented, find};
use crate::catalog::relation::{schema_of, stored};
use crate::catalog::{Sequence, View};
use crate::check_constraint as check;
use crate::foreign_key;

/// A comment.
pub(super) struct Comment {
    /// What it is on, by its id.
    pub(super) object: i32,
    /// The catalog that the id is of.
    pub(super) class: &'static str,
    /// The number of a column; 0 for the object itself.
    pub(super) column: i32,
    /// Whether it is on a constraint.
    pub(super) constraint: bool,
    pub(super) text: String,
}

/// All of them.
pub(super) fn all(snapshot: &Snapshot) -> Result<Vec<Comment>> {
    let mut comments = Vec::new();
    let mut add = |object: i32, class: &'static str, column: usize, on: Commented<'_>| {
        let constraint = matches!(on, Commented::Constraint(_, _));
        if let Some(text) = find(snapshot, on) {
            let column = i32::try_from(column).unwrap_or(i32::MAX);
            comments.push(Comment { object, class, column, constraint, text });
        }
    };
    for table in snapshot.tables() {
        let table = table.definition();
        let id = oid::table(table.id);
        add(id, "pg_class", 0, Commented::Relation(&table.name));
        for (place, field) in table.schema.fields().iter().enumerate() {
            add(id, "pg_class", place + 1, Commented::Column(&table.name, field.name()));
        }
        for (place, key) in table.keys.iter().enumerate() {
            let id = oid::key(table.id, place);
            add(id, "pg_constraint", 0, Commented::Constraint(&table.name, &key.name));
            let index = stored(schema_of(&table.name), &key.name);
            add(id, "pg_class", 0, Commented::Relation(&index));
        }
        for (place, (name, _)) in check::all(&table.properties).enumerate() {
            add(oid::check(table.id, place), "pg_constraint", 0, Commented::Constraint(&table.name, name));
        }
        for (place, key) in foreign_key::all(&table.properties)?.iter().enumerate() {
            let id = oid::foreign_key(table.id, place);
            add(id, "pg_constraint", 0, Commented::Constraint(&table.name, &key.name));
        }
        for index in &table.indexes {
            add(oid::index(index.id), "pg_class", 0, Commented::Relation(&index.name));
        }
    }
    for (name, view) in View::all(snapshot)? {
        let id = oid::object(view.id);
        add(id, "pg_class", 0, Commented::Relation(&name));
        for (place, field) in view.columns.fields().iter().enumerate() {
            add(id, "pg_class", place + 1, Commented::Column(&name, field.name()));
        }
    }
    for (name, sequence) in Sequence::all(snapshot)? {
        add(oid::object(sequence.id), "pg_class", 0, Commented::Relation(&name));
    }
    for (name, id) in oid::schemas(snapshot) {
        add(id, "pg_namespace", 0, Commented::Schema(&name));
    }
    Ok(comments)
}
