//! Who owns an object and what is granted on it, as storage keeps it: JSON by the object's kind and name.
//!
//! What has no file belongs to `postgres`, with the grants that are there from the start. So databases from before there were
//! owners need no conversion. Indexes belong to whom their tables belong to, and so do sequences that go with a column.

use muster_storage::{Changes, Snapshot};
use serde::{Deserialize, Serialize};

use super::acl::StoredEntry;
use super::object::table_of_index;
use super::{Acl, Object};
use crate::catalog::{RelationKind, Sequence};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The kind under which storage keeps it.
const KIND: &str = "access";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The number of the role that owns the object.
    pub(crate) owner: u64,
    /// `None` while nobody has granted or revoked anything.
    pub(crate) acl: Option<Acl>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    owner: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acl: Option<Vec<StoredEntry>>,
}

impl Access {
    /// That of an object that is there.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn of(snapshot: &Snapshot, object: &Object) -> Result<Self> {
        let found = snapshot.object(KIND, &object.key());
        let mut access = match found {
            Some(bytes) => Self::decode(object, bytes)?,
            None => Self { owner: 0, acl: None },
        };
        match object {
            Object::Relation(RelationKind::Index, stored) => {
                if let Some(table) = table_of_index(snapshot, stored) {
                    access.owner = Self::of_table(snapshot, &table.name)?.owner;
                }
            }
            Object::Relation(RelationKind::Sequence, stored) => {
                let owner = Sequence::find(snapshot, stored)?.and_then(|sequence| sequence.owner);
                if let Some((table, _)) = owner {
                    access.owner = Self::of_table(snapshot, &table)?.owner;
                }
            }
            _ => {}
        }
        Ok(access)
    }

    /// That of a table.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn of_table(snapshot: &Snapshot, stored: &str) -> Result<Self> {
        Self::of(snapshot, &Object::Relation(RelationKind::Table, stored.to_string()))
    }

    fn decode(object: &Object, bytes: &[u8]) -> Result<Self> {
        let damaged = |error: &dyn std::fmt::Display| {
            let message = format!("what is granted on {} is damaged: {error}", object.shown());
            Error::new(SqlState::DataCorrupted, message)
        };
        let Stored { owner, acl } = serde_json::from_slice(bytes).map_err(|error| damaged(&error))?;
        let acl = match acl {
            Some(entries) => {
                Some(Acl::of_stored(entries).ok_or_else(|| damaged(&"a privilege that nobody knows"))?)
            }
            None => None,
        };
        Ok(Self { owner, acl })
    }

    /// Makes it the object's.
    ///
    /// # Errors
    /// XX000: everything can be written.
    pub(crate) fn put(&self, changes: Changes, object: &Object) -> Result<Changes> {
        let stored = Stored { owner: self.owner, acl: self.acl.as_ref().map(Acl::stored) };
        let bytes = serde_json::to_vec(&stored)
            .map_err(|error| Error::internal(format!("grants that cannot be written: {error}")))?;
        Ok(changes.set_object(KIND, object.key(), Some(bytes)))
    }

    /// The grants, those among them that nobody has had to say.
    pub(crate) fn grants(&self, object: &Object) -> Acl {
        self.acl.clone().unwrap_or_else(|| object.default_acl(self.owner))
    }

    /// The grants as the catalogs show them: `None` where nobody has said anything.
    pub(crate) fn shown(&self, object: &Object) -> Option<Acl> {
        if object.is_open() { Some(self.grants(object)) } else { self.acl.clone() }
    }
}

/// All that is stored: objects with an owner of their own or with grants.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn all(snapshot: &Snapshot) -> Result<Vec<(Object, Access)>> {
    let mut all = Vec::new();
    for (key, _) in snapshot.objects(KIND) {
        if let Some(object) = Object::of_key(snapshot, key) {
            let access = Access::of(snapshot, &object)?;
            all.push((object, access));
        }
    }
    Ok(all)
}

/// Takes owner and grants of a relation along to its new name; `None`: they go with it.
pub(crate) fn move_relation(changes: Changes, snapshot: &Snapshot, from: &str, to: Option<&str>) -> Changes {
    let key = |stored: &str| Object::Relation(RelationKind::Table, stored.to_string()).key();
    move_key(changes, snapshot, &key(from), to.map(key))
}

/// Forgets owner and grants of a schema that is dropped.
pub(crate) fn drop_schema(changes: Changes, snapshot: &Snapshot, name: &str) -> Changes {
    move_key(changes, snapshot, &Object::Schema(name.to_string()).key(), None)
}

fn move_key(changes: Changes, snapshot: &Snapshot, from: &str, to: Option<String>) -> Changes {
    let Some(bytes) = snapshot.object(KIND, from) else { return changes };
    let changes = changes.set_object(KIND, from, None);
    match to {
        Some(to) => changes.set_object(KIND, to, Some(bytes.as_ref().clone())),
        None => changes,
    }
}
