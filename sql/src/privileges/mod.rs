//! Who may do what: owners, grants, and what statements ask of them, as PostgreSQL 15 has it.
//!
//! - [`Privilege`], [`Privileges`]: what can be granted.
//! - [`Object`]: what it is granted on.
//! - [`Acl`]: the grants on one object.
//! - [`Access`]: an object's owner and grants, as storage keeps them.
//! - [`Subject`]: who asks, with the roles whose rights it has.
//! - [`Rights`]: the questions that statements ask, and the refusals.
//! - [`Needs`]: what a query or a change of rows needs.
//! - [`definition`]: what definitions need, and whom what they make belongs to.
//! - [`disclosure`]: what errors show of rows.
//! - [`Command`]: GRANT, REVOKE, REASSIGN OWNED and DROP OWNED; [`grant`], [`membership`], [`owned`] work them out.
//! - [`owner`]: `OWNER TO`. [`assume`]: SET ROLE and SET SESSION AUTHORIZATION.
//!
//! It lets nobody in, which is [`crate::roles`]. Invariant: rights are asked for when a statement runs, by the role that runs it:
//! no plan and no kept result knows whom it was made for.

mod access;
mod acl;
pub(crate) mod assume;
mod command;
pub(crate) mod definition;
pub(crate) mod disclosure;
pub(crate) mod grant;
pub(crate) mod membership;
mod needs;
mod object;
pub(crate) mod owned;
pub(crate) mod owner;
mod privilege;
mod rights;
mod subject;

pub(crate) use access::{Access, all, drop_schema, move_relation};
pub(crate) use acl::{Acl, Entry, PUBLIC};
pub(crate) use command::{Command, Objects, RoleSpec, Wanted};
pub(crate) use needs::Needs;
pub(crate) use object::Object;
pub(crate) use privilege::{Privilege, Privileges};
pub(crate) use rights::{Block, Rights, States, merged};
pub(crate) use subject::{LastSubject, Subject};

use crate::roles::predefined;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Whether the server reads, or writes, files for somebody.
///
/// # Errors
/// 42501 where it does not.
pub(crate) fn need_files(subject: &Subject, write: bool) -> Result<()> {
    let (role, name, direction) = match write {
        true => (predefined::WRITE_SERVER_FILES, "pg_write_server_files", "to"),
        false => (predefined::READ_SERVER_FILES, "pg_read_server_files", "from"),
    };
    if subject.has_rights_of(role) {
        return Ok(());
    }
    let message =
        format!("must be superuser or have privileges of the {name} role to COPY {direction} a file");
    Err(Error::new(SqlState::InsufficientPrivilege, message)
        .with_hint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone."))
}
