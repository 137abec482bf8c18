//! Levels of isolation, and what else a transaction is.

use super::value;
use crate::Result;

/// The characteristics of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes {
    pub(crate) read_only: bool,
    /// The level that was asked for. All of them but SERIALIZABLE are kept by snapshots alone.
    pub(crate) isolation: Isolation,
}

/// The name of a level of isolation.
pub(crate) type Isolation = &'static str;

/// The level of isolation that snapshots do not keep alone: what was read must not have changed at the commit.
pub(in super::super) const SERIALIZABLE: Isolation = "serializable";

/// The levels of isolation: the default, and the others.
pub(super) const LEVELS: (Isolation, [Isolation; 3]) =
    ("repeatable read", ["read committed", "read uncommitted", SERIALIZABLE]);

/// Reads a level of isolation.
///
/// # Errors
/// 22023 for what is no level.
pub(in super::super) fn isolation(setting: &str, written: &str) -> Result<Isolation> {
    let (default, others) = LEVELS;
    let mut levels = std::iter::once(default).chain(others);
    match levels.find(|level| level.eq_ignore_ascii_case(written)) {
        Some(level) => Ok(level),
        None => Err(value::invalid(setting, written)
            .with_hint("Available values: serializable, repeatable read, read committed, read uncommitted.")),
    }
}
