//! What a statement tells beside its result: it succeeded, but there is something to know.

use crate::sqlstate::SqlState;

/// A warning or a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `WARNING`, `NOTICE`, `INFO` or `DEBUG`.
    pub severity: &'static str,
    /// The five characters that clients look at.
    pub sqlstate: &'static str,
    /// The text.
    pub message: String,
}

impl Notice {
    pub(crate) fn warning(state: SqlState, message: impl Into<String>) -> Self {
        Self { severity: "WARNING", sqlstate: state.code(), message: message.into() }
    }

    /// Something that went otherwise than the statement says, and does no harm.
    pub(crate) fn note(message: impl Into<String>) -> Self {
        Self { severity: "NOTICE", sqlstate: "00000", message: message.into() }
    }

    /// What only those want to know who look for a mistake.
    pub(crate) fn debug(message: impl Into<String>) -> Self {
        Self { severity: "DEBUG", sqlstate: "00000", message: message.into() }
    }

    /// What the statement was asked to tell.
    pub(crate) fn info(message: impl Into<String>) -> Self {
        Self { severity: "INFO", sqlstate: "00000", message: message.into() }
    }
}
