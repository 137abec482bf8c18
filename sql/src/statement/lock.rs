//! `LOCK TABLE`: the modes that a snapshot keeps the promise of.
//!
//! ACCESS SHARE, ROW SHARE and ROW EXCLUSIVE keep others from no rows: they say that a transaction reads or writes a table, so that
//! nobody takes it away meanwhile. A snapshot has all tables as they were until its transaction ends, and what it
//! writes to one that was altered is a conflict at its commit. The stronger modes keep others out, which nothing here
//! does; they are refused by name. Invariant: a lock that is taken has nobody to wait for.

use datafusion::sql::sqlparser::ast::{Lock, LockTableMode};

use crate::catalog::{Namespace, RelationKind};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Looks whether the tables are there and the mode is one of these.
///
/// # Errors
/// 3F000 and 42P01 for a table that is not there, 42809 for what is no table or view, 0A000 for the stronger modes.
pub(crate) fn check(namespace: Namespace<'_>, lock: &Lock) -> Result<()> {
    for target in &lock.tables {
        match namespace.find(&target.name)? {
            Some((_, RelationKind::Table | RelationKind::View)) => {}
            Some((found, _)) => {
                let message = format!("\"{}\" is not a table or view", found.name);
                return Err(Error::new(SqlState::WrongObjectType, message));
            }
            None => return Err(namespace.missing(&target.name, None)?),
        }
    }
    let mode = lock.lock_mode.as_ref().unwrap_or(&LockTableMode::AccessExclusive);
    match mode {
        LockTableMode::AccessShare | LockTableMode::RowShare | LockTableMode::RowExclusive => Ok(()),
        LockTableMode::ShareUpdateExclusive
        | LockTableMode::Share
        | LockTableMode::ShareRowExclusive
        | LockTableMode::Exclusive
        | LockTableMode::AccessExclusive => Err(Error::unsupported(format!("LOCK TABLE IN {mode} MODE"))
            .with_hint("Nobody waits for tables here. SERIALIZABLE transactions are told of what others have changed in them.")),
    }
}
