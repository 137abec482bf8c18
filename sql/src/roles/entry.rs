//! What whoever lets people in asks of a database: its roles, and sessions in their names.

use super::{Identity, Role};
use crate::privileges::{Access, Object, Privilege, Subject};
use crate::{Database, Result, Session};

impl Database {
    /// The role of that name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub fn role(&self, name: &str) -> Result<Option<Role>> {
        Role::find(&self.shared().store.snapshot(), name)
    }

    /// All roles, by name. Every database has the superuser `postgres`.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub fn roles(&self) -> Result<Vec<Role>> {
        Role::all(&self.shared().store.snapshot())
    }

    /// Whether anybody has made a role, or altered `postgres`. Until then there is nobody to be told apart.
    #[must_use]
    pub fn has_roles(&self) -> bool {
        Role::are_there(&self.shared().store.snapshot())
    }

    /// Whether a role may begin sessions in this database: CONNECT, which everybody has until it is revoked.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub fn may_connect(&self, role: &Role) -> Result<bool> {
        let snapshot = self.shared().store.snapshot();
        let subject = Subject::of_role(role, &Role::all(&snapshot)?);
        let access = Access::of(&snapshot, &Object::Database)?;
        Ok(subject.allowed(&Object::Database, &access).has(Privilege::Connect))
    }

    /// A session of a role. It is not asked here for its password: see [`Role::verifier`].
    #[must_use]
    pub fn session_of(&self, role: &Role) -> Session {
        Session::of(self.clone(), Identity::Role(role.id))
    }

    /// A session of somebody who is known by a name alone, with the rights of a superuser, for a database without roles.
    #[must_use]
    pub fn session_of_anybody(&self, name: &str) -> Session {
        Session::of(self.clone(), Identity::Anybody(name.to_string()))
    }
}
