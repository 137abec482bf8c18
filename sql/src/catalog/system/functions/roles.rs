//! Who runs the session, and roles by their ids.

use datafusion::error::Result;

use super::super::oid;
use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry};
use crate::roles::Role;

/// The function that `current_user` is rewritten to, which the parser takes for a word of its own.
pub(crate) const CURRENT_USER: &str = "muster_current_user";

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("session_user", &[&[]], Answer::Text(session_user)),
    (CURRENT_USER, &[&[]], Answer::Text(current_user)),
    ("pg_get_userbyid", &[&[Number]], Answer::Text(name_of)),
];

fn session_user(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(Some(catalog.settings.authorized().name(&catalog.snapshot)?))
}

/// Who it runs as: another after SET ROLE.
fn current_user(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(Some(catalog.settings.identity().name(&catalog.snapshot)?))
}

fn name_of(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(wanted) = arguments.number(0, row) else { return Ok(None) };
    let roles = Role::all(&catalog.snapshot)?;
    let found = roles.into_iter().find(|role| i64::from(oid::role(role.id)) == wanted);
    Ok(Some(found.map_or_else(|| format!("unknown (OID={wanted})"), |role| role.name)))
}
