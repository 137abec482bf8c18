//! Which role a session has taken on: `SET ROLE` and `SET SESSION AUTHORIZATION`.
//!
//! They are settings, so that SET LOCAL, savepoints and ROLLBACK treat them as such; but their values are roles, which
//! [`crate::privileges::assume`] looks up and allows. Invariant: no text is a value, so none that a client sends can name a role
//! that nobody has looked at.

use crate::roles::Identity;

/// The settings whose values are roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assumable {
    /// That of SET ROLE.
    Role,
    /// That of SET SESSION AUTHORIZATION.
    Authorization,
}

/// A role that a session has taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// What a setting is to be.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// What the session began with.
    First,
    /// A role, or none but whoever has begun the session.
    Role(Option<Taken>),
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Assumed {
    role: Option<Taken>,
    authorization: Option<Taken>,
}

impl Assumable {
    /// The setting of that name, if it is one of these.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Role, Self::Authorization].into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Authorization => "session_authorization",
        }
    }

    /// The settings that change with it: as in PostgreSQL, who says whose session it is lets go of the role.
    pub(crate) fn changes(self) -> &'static [Self] {
        match self {
            Self::Role => &[Self::Role],
            Self::Authorization => &[Self::Authorization, Self::Role],
        }
    }
}

impl Assumed {
    /// Gives a setting its value; `first` are those that the session began with.
    pub(super) fn set(&mut self, setting: Assumable, wanted: Wanted, first: &Self) {
        match (setting, wanted) {
            (Assumable::Role, Wanted::First) => self.role.clone_from(&first.role),
            (Assumable::Role, Wanted::Role(role)) => self.role = role,
            (Assumable::Authorization, Wanted::First) => self.clone_from(first),
            (Assumable::Authorization, Wanted::Role(authorization)) => {
                *self = Self { role: None, authorization };
            }
        }
    }

    /// The value of a setting.
    pub(super) fn taken(&self, setting: Assumable) -> Option<Taken> {
        match setting {
            Assumable::Role => self.role.clone(),
            Assumable::Authorization => self.authorization.clone(),
        }
    }

    /// Gives a setting alone the value that it had before.
    pub(super) fn bring_back(&mut self, setting: Assumable, taken: Option<Taken>) {
        match setting {
            Assumable::Role => self.role = taken,
            Assumable::Authorization => self.authorization = taken,
        }
    }

    /// What SHOW tells of SET ROLE.
    pub(super) fn role_name(&self) -> &str {
        self.role.as_ref().map_or("none", |taken| taken.name.as_str())
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
