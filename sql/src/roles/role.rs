//! A role as storage keeps it: JSON under its name, changed by CREATE, ALTER and DROP ROLE.
//!
//! `postgres` is always there: until somebody alters it, as a superuser without a password that no file holds. So are the
//! roles of [`super::predefined`].

use chrono::{DateTime, Utc};
use muster_storage::Snapshot;
use serde::{Deserialize, Serialize};

use super::{Verifier, predefined};
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
    /// Whether it has the rights of the roles that it is a member of without becoming one of them by SET ROLE.
    pub inherit: bool,
    /// The roles that it is a member of.
    pub member_of: Vec<Membership>,
}

/// That a role is a member of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The number of the role that it is a member of.
    pub role: u64,
    /// Whether the member may make others members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// The number of the role that has made it one.
    pub grantor: u64,
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
    #[serde(default = "inherits", skip_serializing_if = "is_true")]
    inherit: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    member_of: Vec<Membership>,
}

/// What a role does of which nothing is said.
fn inherits() -> bool {
    true
}

fn is_true(flag: &bool) -> bool {
    *flag
}

impl Role {
    /// A role that may do nothing yet.
    pub(crate) fn new(id: u64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            login: false,
            superuser: false,
            connection_limit: None,
            valid_until: None,
            password: None,
            inherit: true,
            member_of: Vec::new(),
        }
    }

    /// The superuser that is there before anybody made a role.
    fn postgres() -> Self {
        Self { login: true, superuser: true, ..Self::new(0, POSTGRES) }
    }

    /// The roles that no file has to hold.
    fn given() -> impl Iterator<Item = Self> {
        std::iter::once(Self::postgres()).chain(predefined::all())
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
            inherit: self.inherit,
            member_of: self.member_of.clone(),
        };
        serde_json::to_vec(&stored).map_err(|error| damaged(&self.name, error))
    }

    fn decode(name: &str, bytes: &[u8]) -> Result<Self> {
        let stored: Stored = serde_json::from_slice(bytes).map_err(|error| damaged(name, error))?;
        let Stored { id, login, superuser, connection_limit, valid_until, password, inherit, member_of } =
            stored;
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
            inherit,
            member_of,
        })
    }

    /// The role of that name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn find(snapshot: &Snapshot, name: &str) -> Result<Option<Self>> {
        match snapshot.object(ROLE_KIND, name) {
            Some(bytes) => Self::decode(name, bytes).map(Some),
            None => Ok(Self::given().find(|given| given.name == name)),
        }
    }

    /// The role of that number.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn of(snapshot: &Snapshot, id: u64) -> Result<Option<Self>> {
        Ok(Self::all(snapshot)?.into_iter().find(|role| role.id == id))
    }

    /// All roles by name, `postgres` and those of PostgreSQL's among them.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn all(snapshot: &Snapshot) -> Result<Vec<Self>> {
        let stored = snapshot.objects(ROLE_KIND).map(|(name, bytes)| Self::decode(name, bytes));
        let mut all = stored.collect::<Result<Vec<_>>>()?;
        for given in Self::given() {
            if !all.iter().any(|role| role.id == given.id) {
                all.push(given);
            }
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
