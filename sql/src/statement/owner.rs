//! `OWNER TO`: everything belongs to `postgres`, so that is what it can say.

use datafusion::sql::sqlparser::ast::Owner;
use muster_storage::Snapshot;

use super::name;
use crate::roles::Role;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// # Errors
/// 42704 for a role that is not there, 0A000 for any but `postgres`.
pub(super) fn check(snapshot: &Snapshot, owner: &Owner) -> Result<()> {
    let Owner::Ident(ident) = owner else {
        return Err(Error::unsupported(format!("OWNER TO {owner}")));
    };
    let name = name::ident(ident);
    match Role::find(snapshot, &name)? {
        Some(role) if role.id == 0 => Ok(()),
        Some(_) => Err(Error::unsupported("an owner other than postgres")),
        None => Err(Error::new(SqlState::UndefinedObject, format!("role \"{name}\" does not exist"))),
    }
}
