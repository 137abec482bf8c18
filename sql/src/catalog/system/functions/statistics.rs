//! Counting anew: `pg_stat_statements_reset`.

use datafusion::error::Result;

use super::super::oid;
use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::roles::Role;
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[(
    "pg_stat_statements_reset",
    &[&[], &[Number], &[Number, Number], &[Number, Number, Number]],
    Answer::Done(reset_statements),
)];

/// Of a user, of a database, of a statement, by their ids; 0 is all of them.
fn reset_statements(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    if !catalog.is_superuser()? {
        let message = "permission denied for function pg_stat_statements_reset";
        return Err(Error::new(SqlState::InsufficientPrivilege, message).into());
    }
    let tally = catalog.tally.as_ref().ok_or_else(|| {
        let message = "pg_stat_statements_reset works in statements of a session alone";
        Error::new(SqlState::ObjectNotInPrerequisiteState, message)
    })?;
    let given = |place: usize| arguments.number(place, row).filter(|id| *id != 0);
    // It is strict, as in PostgreSQL.
    if !arguments.all_given(row) {
        return Ok(None);
    }
    if given(1).is_some_and(|database| database != i64::from(oid::DATABASE)) {
        return Ok(Some(String::new()));
    }
    let user = match given(0) {
        None => None,
        Some(id) if id == i64::from(oid::OWNER) => Some(0),
        Some(id) => {
            let roles = Role::all(&catalog.snapshot)?;
            match roles.iter().find(|role| i64::from(oid::role(role.id)) == id) {
                Some(role) => Some(role.id),
                None => return Ok(Some(String::new())),
            }
        }
    };
    tally.statements.reset(user, given(2));
    Ok(Some(String::new()))
}
