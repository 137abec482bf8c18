//! What a statement may do: each question that it has to ask, with PostgreSQL's answer.
//!
//! There are none for a superuser, who is not asked. Rights are looked up in the latest commit, as PostgreSQL does; where a
//! transaction has changed objects itself, what it has changed is as its draft has it and everything else as it is committed:
//! what others take away meanwhile is gone.

use std::sync::Arc;

use muster_storage::Snapshot;

use super::{Access, Object, Privilege, Privileges, Subject};
use crate::catalog::search_path::TEMPORARY;
use crate::roles::Role;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) subject: Arc<Subject>,
    states: States,
    /// What the statement reads, in which there may be relations that have another name by now.
    statement: Arc<Snapshot>,
    /// The session's own schema.
    temporary: String,
}

/// What rights are looked up in.
#[derive(Clone, Debug)]
pub(crate) enum States {
    One(Arc<Snapshot>),
    /// Of a block that has changed objects.
    Block(Block),
}

/// The states of a block that has changed objects.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) draft: Arc<Snapshot>,
    pub(crate) latest: Arc<Snapshot>,
    /// What it has begun with.
    pub(crate) base: Arc<Snapshot>,
}

/// What holds in a block: what it has changed itself, and else what is committed.
pub(crate) fn merged<T: PartialEq>(draft: T, latest: T, base: &T) -> T {
    if draft == *base { latest } else { draft }
}

impl States {
    /// Whoever a way of looking finds.
    ///
    /// # Errors
    /// What that gives.
    pub(crate) fn subject(&self, find: &dyn Fn(&Snapshot) -> Result<Subject>) -> Result<Subject> {
        match self {
            Self::One(snapshot) => find(snapshot),
            Self::Block(Block { draft, latest, base }) => {
                Ok(Subject::merged(find(draft)?, &find(latest)?, &find(base)?))
            }
        }
    }
}

impl Rights {
    pub(crate) fn new(
        subject: Arc<Subject>,
        states: States,
        statement: Arc<Snapshot>,
        temporary: &str,
    ) -> Self {
        Self { subject, states, statement, temporary: temporary.to_string() }
    }

    /// What is asked of an object in each state. Another that has its name there says nothing of the one that the statement
    /// reads: then that is asked as the statement sees it.
    fn ask<T>(&self, object: &Object, ask: &dyn Fn(&Access) -> T, merge: &dyn Fn(T, T, T) -> T) -> Result<T> {
        let of = |snapshot: &Snapshot| Ok::<T, Error>(ask(&Access::of(snapshot, object)?));
        let is_same = |snapshot: &Arc<Snapshot>| match object {
            _ if Arc::ptr_eq(snapshot, &self.statement) => Ok(true),
            Object::Relation(_, _) => {
                Ok::<_, Error>(object.number(snapshot)? == object.number(&self.statement)?)
            }
            Object::Schema(_) | Object::Database => Ok(true),
        };
        match &self.states {
            States::One(snapshot) if is_same(snapshot)? => of(snapshot),
            States::Block(Block { draft, latest, base }) if is_same(latest)? && is_same(base)? => {
                Ok(merge(of(draft)?, of(latest)?, of(base)?))
            }
            _ => of(&self.statement),
        }
    }

    /// The number of the role that owns an object.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn owner(&self, object: &Object) -> Result<u64> {
        self.ask(object, &|access| access.owner, &|draft, latest, base| merged(draft, latest, &base))
    }

    /// What may be done with an object.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub(crate) fn allowed(&self, object: &Object) -> Result<Privileges> {
        if let Object::Schema(name) = object
            && name.starts_with(TEMPORARY)
        {
            return Ok(if *name == self.temporary { object.privileges() } else { Privileges::NONE });
        }
        self.allowed_to(&self.subject, object)
    }

    /// What somebody else may do with an object that is not temporary.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub(crate) fn allowed_to(&self, subject: &Subject, object: &Object) -> Result<Privileges> {
        self.ask(object, &|access| subject.allowed(object, access), &|draft, latest, base| {
            let changed = draft.without(base).with(base.without(draft));
            draft.and(changed).with(latest.without(changed))
        })
    }

    /// The role of that number, as whose rights are asked for.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub(crate) fn role(&self, number: u64) -> Result<Subject> {
        self.states.subject(&|snapshot| Ok(Subject::of_number(number, &Role::all(snapshot)?)))
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
    /// As [`Self::owner`].
    pub(crate) fn owns(&self, object: &Object) -> Result<bool> {
        if let Object::Schema(name) = object
            && *name == self.temporary
        {
            return Ok(true);
        }
        Ok(self.subject.has_rights_of(self.owner(object)?))
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
