//! Why a step failed: which step, and what was wrong.

use std::error::Error;
use std::fmt;

/// A step that failed. Equal ones are counted together in the report.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Failure {
    pub(super) step: &'static str,
    pub(super) reason: String,
    /// Whether the connection is gone.
    pub(super) disconnected: bool,
}

impl Failure {
    /// A step that gave what it must not give.
    pub(super) fn wrong(step: &'static str, reason: impl Into<String>) -> Self {
        Self { step, reason: reason.into(), disconnected: false }
    }

    /// A statement that failed.
    pub(super) fn statement(step: &'static str, error: &tokio_postgres::Error) -> Self {
        Self { step, reason: reason(error), disconnected: error.is_closed() }
    }
}

/// The server's SQLSTATE and message, or what the client ran into, with its cause.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(told), _) => format!("{}: {}", told.code().code(), told.message()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.reason)
    }
}
