//! A role as storage keeps it: JSON under its name, changed by CREATE, ALTER and DROP ROLE.
//!
//! `postgres` is always there: until somebody alters it, as a superuser without a password that no file holds.

use chrono::{DateTime, Utc};
use muster_storage::Snapshot;
use serde::{Deserialize, Serialize};

use super::Verifier;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The kind under which storage keeps roles.
pub(crate) const ROLE_KIND: &str = "role";
/// The superuser that every database has.
pub(crate) const POSTGRES: &str = "postgres";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its number, by which it is known whatever its name; 0 is `postgres`.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Whether it may begin a session.
    pub login: bool,
    /// Whether it may do everything.
    pub superuser: bool,
    /// How many sessions it may have at once; any number unless it is said.
    pub connection_limit: Option<u32>,
    /// Until when its password lets it in; for ever unless it is said.
    pub valid_until: Option<DateTime<Utc>>,
    /// By what its password is checked, if it has one.
    pub password: Option<Verifier>,
}

/// A role without its name, under which it stands.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    id: u64,
    login: bool,
    superuser: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection_limit: Option<u32>,
    /// Microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl Role {
    /// The superuser that is there before anybody made a role.
    fn postgres() -> Self {
        Self {
            id: 0,
            name: POSTGRES.to_string(),
            login: true,
            superuser: true,
            connection_limit: None,
            valid_until: None,
            password: None,
        }
    }

    /// # Errors
    /// XX000: every role can be written.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let stored = Stored {
            id: self.id,
            login: self.login,
            superuser: self.superuser,
            connection_limit: self.connection_limit,
            valid_until: self.valid_until.map(|until| until.timestamp_micros()),
            password: self.password.as_ref().map(ToString::to_string),
        };
        serde_json::to_vec(&stored).map_err(|error| damaged(&self.name, error))
    }

    fn decode(name: &str, bytes: &[u8]) -> Result<Self> {
        let stored: Stored = serde_json::from_slice(bytes).map_err(|error| damaged(name, error))?;
        let Stored { id, login, superuser, connection_limit, valid_until, password } = stored;
        let valid_until = valid_until.map(|micros| {
            DateTime::from_timestamp_micros(micros).ok_or_else(|| damaged(name, "a time that is none"))
        });
        let password = password
            .map(|text| text.parse::<Verifier>().map_err(|()| damaged(name, "a password that is none")));
        Ok(Self {
            id,
            name: name.to_string(),
            login,
            superuser,
            connection_limit,
            valid_until: valid_until.transpose()?,
            password: password.transpose()?,
        })
    }

    /// The role of that name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn find(snapshot: &Snapshot, name: &str) -> Result<Option<Self>> {
        match snapshot.object(ROLE_KIND, name) {
            Some(bytes) => Self::decode(name, bytes).map(Some),
            None => Ok((name == POSTGRES).then(Self::postgres)),
        }
    }

    /// The role of that number.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn of(snapshot: &Snapshot, id: u64) -> Result<Option<Self>> {
        Ok(Self::all(snapshot)?.into_iter().find(|role| role.id == id))
    }

    /// All roles by name, `postgres` among them.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn all(snapshot: &Snapshot) -> Result<Vec<Self>> {
        let stored = snapshot.objects(ROLE_KIND).map(|(name, bytes)| Self::decode(name, bytes));
        let mut all = stored.collect::<Result<Vec<_>>>()?;
        if !all.iter().any(|role| role.id == 0) {
            all.push(Self::postgres());
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// Whether anybody has said anything of roles.
    pub(crate) fn are_there(snapshot: &Snapshot) -> bool {
        snapshot.objects(ROLE_KIND).next().is_some()
    }

    /// Whether any has a password, still good or not.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn have_passwords(snapshot: &Snapshot) -> Result<bool> {
        Ok(Self::all(snapshot)?.iter().any(|role| role.password.is_some()))
    }

    /// What checks its password now; `None` when it lets nobody in.
    #[must_use]
    pub fn verifier(&self, now: DateTime<Utc>) -> Option<&Verifier> {
        self.password.as_ref().filter(|_| self.valid_until.is_none_or(|until| now < until))
    }
}

fn damaged(name: &str, error: impl std::fmt::Display) -> Error {
    Error::new(SqlState::DataCorrupted, format!("the definition of role \"{name}\" is damaged: {error}"))
}
