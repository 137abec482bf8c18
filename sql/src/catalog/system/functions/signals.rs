//! `pg_cancel_backend`, `pg_terminate_backend`: one session ends another's statement, or the other itself.
//!
//! Superusers do so to all, others to sessions of roles whose rights they have, and members of `pg_signal_backend` to all but
//! superusers'. Nobody hears it in a session that the program itself has.

use datafusion::error::Result;

use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::notice::Notice;
use crate::privileges::Subject;
use crate::roles::predefined;
use crate::session::Live;
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_cancel_backend", &[&[Number]], Answer::Signal(cancel)),
    ("pg_terminate_backend", &[&[Number], &[Number, Number]], Answer::Signal(terminate)),
];

fn cancel(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    let words = ["cancel superuser query", "whose query is being canceled"];
    let Some(target) = target(catalog, arguments, row, words, true)? else { return Ok(Some(false)) };
    if is_own(catalog, &target) {
        return Err(Error::new(SqlState::QueryCanceled, "canceling statement due to user request").into());
    }
    target.signals.cancel();
    Ok(Some(true))
}

fn terminate(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    match arguments.number(1, row).unwrap_or(0) {
        0 => {}
        ..0 => {
            let message = "\"timeout\" must not be negative";
            return Err(Error::new(SqlState::NumericValueOutOfRange, message).into());
        }
        _ => return Err(Error::unsupported("pg_terminate_backend with a timeout").into()),
    }
    let words = ["terminate superuser process", "whose process is being terminated"];
    let Some(target) = target(catalog, arguments, row, words, false)? else { return Ok(Some(false)) };
    target.signals.terminate();
    target.sessions.counts.terminated();
    if is_own(catalog, &target) {
        let words = "terminating connection due to administrator command";
        return Err(Error::new(SqlState::AdminShutdown, words).into());
    }
    Ok(Some(true))
}

fn is_own(catalog: &Catalog, target: &Live) -> bool {
    catalog.live.as_ref().is_some_and(|live| live.process() == target.process())
}

/// The session that is meant; where there is none that hears, a warning is told. With `own_counts` the one that asks does, for it
/// acts itself.
///
/// # Errors
/// 42501 for whoever may not do this.
fn target(
    catalog: &Catalog,
    arguments: &Arguments,
    row: usize,
    [superusers, others]: [&str; 2],
    own_counts: bool,
) -> Result<Option<std::sync::Arc<Live>>> {
    let live = catalog.live.as_ref().ok_or_else(|| {
        Error::new(SqlState::ObjectNotInPrerequisiteState, "this works in statements of a session alone")
    })?;
    let process = arguments.number(0, row).unwrap_or_default();
    let warn = |message: String| live.tell(Notice::warning(SqlState::Warning, message));
    let Some(target) = live.sessions.of_process(process) else {
        warn(format!("PID {process} is not a PostgreSQL server process"));
        return Ok(None);
    };
    let other = target.identity();
    let denied = |message: String| Err(Error::new(SqlState::InsufficientPrivilege, message).into());
    if !catalog.is_superuser()? {
        if other.is_superuser(&catalog.latest)? {
            return denied(format!("must be a superuser to {superusers}"));
        }
        let own = Subject::of(&catalog.settings.identity(), &catalog.latest)?;
        let role = Subject::of(&other, &catalog.latest)?.role;
        if !own.has_rights_of(predefined::SIGNAL_BACKEND) && !role.is_some_and(|role| own.has_rights_of(role))
        {
            return denied(format!("must be a member of the role {others} or member of pg_signal_backend"));
        }
    }
    if !(target.activity.is_served() || own_counts && is_own(catalog, &target)) {
        warn(format!("the session of PID {process} is the program's own, which alone can end it"));
        return Ok(None);
    }
    Ok(Some(target))
}
