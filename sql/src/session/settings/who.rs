//! Who runs a session: whoever began it, or the roles that it has taken on since.

use std::sync::Arc;

use muster_storage::Snapshot;

use super::Settings;
use super::assumed::{Assumable, Taken, Wanted};
use super::value::on_or_off;
use crate::Result;
use crate::privileges::Subject;
use crate::roles::Identity;

/// Whether the session may do everything.
pub(super) const IS_SUPERUSER: &str = "is_superuser";

/// Whether what a setting is told as depends on what roles there are.
pub(in crate::session) fn is_of_roles(name: &str) -> bool {
    Assumable::named(name) == Some(Assumable::Authorization) || name.eq_ignore_ascii_case(IS_SUPERUSER)
}

impl Settings {
    /// As [`Self::get`], and whose session it is and whether it may do everything, which depends on what roles there are.
    ///
    /// # Errors
    /// XX001 when what is stored of roles is damaged.
    pub(crate) fn told(&self, name: &str, snapshot: &Snapshot) -> Result<Option<String>> {
        if Assumable::named(name) == Some(Assumable::Authorization) {
            return self.authorized().name(snapshot).map(Some);
        }
        if name.eq_ignore_ascii_case(IS_SUPERUSER) {
            let superuser = self.identity().is_superuser(snapshot)?;
            return Ok(Some(on_or_off(superuser).to_string()));
        }
        Ok(self.get(name))
    }

    /// Takes on a role, or lets go of it.
    pub(crate) fn assume(&mut self, setting: Assumable, wanted: Wanted) {
        let first = self.first();
        self.assumed.set(setting, wanted, &first.assumed);
    }

    /// The role that was taken on by a setting.
    pub(in crate::session) fn taken(&self, setting: Assumable) -> Option<Taken> {
        self.assumed.taken(setting)
    }

    /// Who runs the session now.
    pub(crate) fn identity(&self) -> Identity {
        self.assumed.role().unwrap_or_else(|| self.authorized())
    }

    /// Whose session it is, whatever role it has taken on.
    pub(crate) fn authorized(&self) -> Identity {
        self.assumed.authorization().unwrap_or_else(|| self.own.identity.clone())
    }

    /// Whether the program that has the database runs the session, as no other role.
    pub(crate) fn is_program(&self) -> bool {
        self.own.identity == Identity::Program && !self.assumed.is_some()
    }

    /// Whoever runs the session now, as a snapshot has it.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn subject(&self, snapshot: &Snapshot) -> Result<Arc<Subject>> {
        match self.assumed.role().or_else(|| self.assumed.authorization()) {
            Some(identity) => self.own.subject.of(&identity, snapshot),
            None => self.own.subject.of(&self.own.identity, snapshot),
        }
    }
}
