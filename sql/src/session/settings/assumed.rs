//! Which role a session has taken on: `SET ROLE` and `SET SESSION AUTHORIZATION`.
//!
//! They are settings, so that SET LOCAL, savepoints and ROLLBACK treat them as such; but their values are roles, which are
//! looked up before. So they are set by number and name together, as [`Taken`] writes them, and nothing else is a value.

use crate::roles::Identity;
use crate::{Error, Result};

/// The setting of SET ROLE.
pub(crate) const ROLE: &str = "role";
/// The setting of SET SESSION AUTHORIZATION.
pub(crate) const SESSION_AUTHORIZATION: &str = "session_authorization";

/// Between number and name: no name has it.
const SEPARATOR: char = crate::catalog::relation::SEPARATOR;

/// A role that a session has taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Assumed {
    role: Option<Taken>,
    authorization: Option<Taken>,
}

impl Taken {
    /// The value of the setting.
    pub(crate) fn written(&self) -> String {
        format!("{}{SEPARATOR}{}", self.id, self.name)
    }

    fn read(value: &str) -> Option<Self> {
        let (id, name) = value.split_once(SEPARATOR)?;
        Some(Self { id: id.parse().ok()?, name: name.to_string() })
    }
}

impl Assumed {
    /// `None` where the setting is another.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) -> Option<Result<()>> {
        let is_role = name.eq_ignore_ascii_case(ROLE);
        if !is_role && !name.eq_ignore_ascii_case(SESSION_AUTHORIZATION) {
            return None;
        }
        let taken = match value.map(Taken::read) {
            None => None,
            Some(Some(taken)) => Some(taken),
            Some(None) => {
                let statement = if is_role { "SET ROLE" } else { "SET SESSION AUTHORIZATION" };
                return Some(Err(Error::unsupported(format!(
                    "setting \"{name}\" otherwise than by {statement}"
                ))));
            }
        };
        if is_role {
            self.role = taken;
        } else {
            // As in PostgreSQL, the role that was taken on before is let go.
            *self = Self { role: None, authorization: taken };
        }
        Some(Ok(()))
    }

    /// The setting as SHOW tells it, of SET ROLE; `None` where the setting is another, or nothing was taken on.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        if name.eq_ignore_ascii_case(ROLE) {
            return Some(self.role.as_ref().map_or("none", |taken| taken.name.as_str()).to_string());
        }
        self.authorization
            .as_ref()
            .filter(|_| name.eq_ignore_ascii_case(SESSION_AUTHORIZATION))
            .map(|taken| taken.name.clone())
    }

    /// The setting as [`Self::set`] takes it.
    pub(super) fn kept(&self, name: &str) -> Option<String> {
        let taken = if name == ROLE { &self.role } else { &self.authorization };
        taken.as_ref().map(Taken::written)
    }

    pub(super) fn is_some(&self) -> bool {
        self.role.is_some() || self.authorization.is_some()
    }

    pub(super) fn role(&self) -> Option<Identity> {
        self.role.as_ref().map(|taken| Identity::Role(taken.id))
    }

    pub(super) fn authorization(&self) -> Option<Identity> {
        self.authorization.as_ref().map(|taken| Identity::Role(taken.id))
    }
}
