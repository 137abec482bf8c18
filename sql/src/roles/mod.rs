//! Roles: who may come in, and who is a superuser.
//!
//! - [`Role`]: a role as storage keeps it, an object like a view or a sequence, changed by transactions.
//! - [`Verifier`]: what is kept of a password.
//! - [`Identity`]: who runs a session.
//! - [`predefined`]: the roles that are there without anybody having made them.
//!
//! It lets nobody in: whoever drives sessions asks for the password. Invariant: no password is kept or shown, only what
//! one can be checked by.

mod entry;
mod identity;
pub(crate) mod predefined;
mod role;
mod verifier;

pub(crate) use identity::Identity;
pub use role::{Membership, Role};
pub(crate) use role::{POSTGRES, ROLE_KIND};
pub use verifier::Verifier;
