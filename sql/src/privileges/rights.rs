//! What a statement may do: each question that it has to ask, with PostgreSQL's answer.
//!
//! There are none for a superuser, who is not asked. Rights are looked up in the latest commit, as PostgreSQL does; a
//! transaction that has changed objects of its own sees them in its draft.

use std::sync::Arc;

use muster_storage::Snapshot;

use super::{Access, Object, Privilege, Privileges, Subject};
use crate::catalog::search_path::TEMPORARY;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) subject: Arc<Subject>,
    /// What the rights are looked up in.
    snapshot: Arc<Snapshot>,
    /// What the statement reads, in which there may be relations that have another name by now.
    statement: Arc<Snapshot>,
    /// The session's own schema.
    temporary: String,
}

impl Rights {
    pub(crate) fn new(
        subject: Arc<Subject>,
        (snapshot, statement): (Arc<Snapshot>, Arc<Snapshot>),
        temporary: &str,
    ) -> Self {
        Self { subject, snapshot, statement, temporary: temporary.to_string() }
    }

    /// Owner and grants of an object.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn access(&self, object: &Object) -> Result<Access> {
        let latest = match object {
            _ if Arc::ptr_eq(&self.snapshot, &self.statement) => true,
            // Another that has its name by now says nothing of the one that the statement reads.
            Object::Relation(_, _) => object.number(&self.snapshot)? == object.number(&self.statement)?,
            Object::Schema(_) | Object::Database => true,
        };
        Access::of(if latest { &self.snapshot } else { &self.statement }, object)
    }

    /// What may be done with an object.
    ///
    /// # Errors
    /// As [`Self::access`].
    pub(crate) fn allowed(&self, object: &Object) -> Result<Privileges> {
        if let Object::Schema(name) = object
            && name.starts_with(TEMPORARY)
        {
            return Ok(if *name == self.temporary { object.privileges() } else { Privileges::NONE });
        }
        Ok(self.subject.allowed(object, &self.access(object)?))
    }

    /// # Errors
    /// 42501 where not all of these privileges are given.
    pub(crate) fn need(&self, object: &Object, privileges: Privileges) -> Result<()> {
        if self.allowed(object)?.has_all(privileges) { Ok(()) } else { Err(denied(object)) }
    }

    /// # Errors
    /// 42501 where none of these privileges is given.
    pub(crate) fn need_any(&self, object: &Object, privileges: Privileges) -> Result<()> {
        if self.allowed(object)?.and(privileges).is_empty() { Err(denied(object)) } else { Ok(()) }
    }

    /// Whether what is in a schema may be looked up.
    ///
    /// # Errors
    /// 42501 where it may not.
    pub(crate) fn need_usage(&self, schema: &str) -> Result<()> {
        self.need(&Object::Schema(schema.to_string()), Privilege::Usage.into())
    }

    /// Whether a table may be read that is not named in the statement: by a function.
    ///
    /// # Errors
    /// 42501 where it may not.
    pub(crate) fn need_read(&self, stored: &str) -> Result<()> {
        let Some(object) = Object::of_stored(&self.statement, stored) else { return Ok(()) };
        self.need_usage(object.schema_name().unwrap_or_default())?;
        self.need(&object, Privilege::Select.into())
    }

    /// Whether the subject has an owner's rights.
    ///
    /// # Errors
    /// As [`Self::access`].
    pub(crate) fn owns(&self, object: &Object) -> Result<bool> {
        if let Object::Schema(name) = object
            && *name == self.temporary
        {
            return Ok(true);
        }
        Ok(self.subject.has_rights_of(self.access(object)?.owner))
    }

    /// # Errors
    /// 42501 for whoever is not the owner.
    pub(crate) fn need_owner(&self, object: &Object) -> Result<()> {
        if self.owns(object)? { Ok(()) } else { Err(not_owner(object)) }
    }

    /// Whether an object may be dropped, which the owner of its schema may as well.
    ///
    /// # Errors
    /// 42501 where it may not.
    pub(crate) fn need_drop(&self, object: &Object) -> Result<()> {
        let by_schema = match object.schema_name() {
            Some(schema) => self.owns(&Object::Schema(schema.to_string()))?,
            None => false,
        };
        if by_schema { Ok(()) } else { self.need_owner(object) }
    }
}

/// The refusal of a privilege.
pub(crate) fn denied(object: &Object) -> Error {
    Error::new(SqlState::InsufficientPrivilege, format!("permission denied for {}", object.shown()))
}

/// The refusal of what only owners do.
pub(crate) fn not_owner(object: &Object) -> Error {
    Error::new(SqlState::InsufficientPrivilege, format!("must be owner of {}", object.shown()))
}
