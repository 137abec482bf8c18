//! Comments on objects, as storage keeps them: a text by the object's kind and name.

use muster_storage::{Changes, Snapshot};

use super::relation::SEPARATOR;
use crate::privileges;

/// The comment on the extension `vector`.
pub(crate) const EXTENSION: &str = "vector data type and hnsw access method";

/// The kind of object that storage keeps comments as.
const KIND: &str = "comment";

/// What a comment is on. Relations by the strings that storage knows them by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Commented<'a> {
    /// A table, view, sequence or index: they share their names.
    Relation(&'a str),
    /// A column of a relation.
    Column(&'a str, &'a str),
    /// A constraint of a table.
    Constraint(&'a str, &'a str),
    Schema(&'a str),
}

impl Commented<'_> {
    fn key(self) -> String {
        match self {
            Self::Relation(name) => format!("relation{SEPARATOR}{name}"),
            Self::Column(relation, column) => {
                format!("column{SEPARATOR}{relation}{SEPARATOR}{SEPARATOR}{column}")
            }
            Self::Constraint(table, name) => {
                format!("constraint{SEPARATOR}{table}{SEPARATOR}{SEPARATOR}{name}")
            }
            Self::Schema(name) => format!("schema{SEPARATOR}{name}"),
        }
    }
}

/// The comment on an object.
pub(crate) fn find(snapshot: &Snapshot, object: Commented<'_>) -> Option<String> {
    let bytes = snapshot.object(KIND, &object.key())?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// Sets, or removes, the comment on an object.
pub(crate) fn set(changes: Changes, object: Commented<'_>, text: Option<&str>) -> Changes {
    changes.set_object(KIND, object.key(), text.map(|text| text.as_bytes().to_vec()))
}

/// Gives the comment on an object to another, which is what it is called from now on; `None`: it is gone.
pub(crate) fn move_to(
    changes: Changes,
    snapshot: &Snapshot,
    from: Commented<'_>,
    to: Option<Commented<'_>>,
) -> Changes {
    let Some(text) = find(snapshot, from) else { return changes };
    let changes = set(changes, from, None);
    match to {
        Some(to) => set(changes, to, Some(&text)),
        None => changes,
    }
}

/// Takes all comments on a relation, its columns and constraints along to its new name, and its owner and grants; `None`: they go.
pub(crate) fn move_all(mut changes: Changes, snapshot: &Snapshot, from: &str, to: Option<&str>) -> Changes {
    changes = move_to(changes, snapshot, Commented::Relation(from), to.map(Commented::Relation));
    changes = privileges::move_relation(changes, snapshot, from, to);
    for kind in ["column", "constraint"] {
        let prefix = format!("{kind}{SEPARATOR}{from}{SEPARATOR}{SEPARATOR}");
        for (key, text) in snapshot.objects(KIND) {
            let Some(name) = key.strip_prefix(&prefix) else { continue };
            changes = changes.set_object(KIND, key, None);
            if let Some(to) = to {
                let key = format!("{kind}{SEPARATOR}{to}{SEPARATOR}{SEPARATOR}{name}");
                changes = changes.set_object(KIND, key, Some(text.as_ref().clone()));
            }
        }
    }
    changes
}
