//! Who runs a session: it stays the same from its first statement to its last.

use muster_storage::Snapshot;

use super::Role;
use super::role::POSTGRES;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The program that has the database in its own process, and with it all rights.
    Program,
    /// Somebody whom nobody asked for a password while there were no passwords to ask for, by the name that was given. Once
    /// there are passwords he is the role of that name, or none.
    Anybody(String),
    /// A role, by its number.
    Role(u64),
}

impl Identity {
    /// The name, as `session_user` gives it.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn name(&self, snapshot: &Snapshot) -> Result<String> {
        Ok(match self {
            Self::Program => POSTGRES.to_string(),
            Self::Anybody(name) => name.clone(),
            // One that was dropped while its session went on has no name any more.
            Self::Role(id) => {
                Role::of(snapshot, *id)?.map_or_else(|| format!("unknown (OID={id})"), |role| role.name)
            }
        })
    }

    /// The number of its role; whoever is none counts as `postgres`.
    pub(crate) fn number(&self) -> u64 {
        match self {
            Self::Program | Self::Anybody(_) => 0,
            Self::Role(id) => *id,
        }
    }

    /// Whether it may do everything. A role is asked for each time, for it may have been altered or dropped.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn is_superuser(&self, snapshot: &Snapshot) -> Result<bool> {
        match self {
            Self::Program => Ok(true),
            Self::Anybody(name) if Role::have_passwords(snapshot)? => {
                Ok(Role::find(snapshot, name)?.is_some_and(|role| role.superuser))
            }
            Self::Anybody(_) => Ok(true),
            Self::Role(id) => Ok(Role::of(snapshot, *id)?.is_some_and(|role| role.superuser)),
        }
    }

    /// # Errors
    /// 42501, in these words, for whoever is no superuser.
    pub(crate) fn need_superuser(&self, snapshot: &Snapshot, refusal: &str) -> Result<()> {
        if self.is_superuser(snapshot)? {
            return Ok(());
        }
        Err(Error::new(SqlState::InsufficientPrivilege, refusal))
    }

    /// Whether it is this role.
    pub(crate) fn is(&self, role: &Role) -> bool {
        match self {
            Self::Program => role.id == 0,
            Self::Anybody(name) => &role.name == name,
            Self::Role(id) => role.id == *id,
        }
    }
}
