//! Why a record could not be run: an error of the database, with its SQLSTATE, or of the runner.

/// The one error of an engine. sqllogictest matches `error (42P01)` against [`Error::sqlstate`].
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused the statement: this is what `statement error (...)` compares.
    #[error("{sqlstate}: {message}")]
    Database {
        /// Five characters, as PostgreSQL's appendix A lists them.
        sqlstate: String,
        /// The sentence for people.
        message: String,
    },
    /// The connection broke or spoke out of turn: look at the server.
    #[error("protocol: {message}")]
    Protocol {
        /// What was seen.
        message: String,
    },
    /// A value came back that the runner cannot print: teach [`crate::text`] its type.
    #[error("cannot print a value of type {type_name}: {reason}")]
    Value {
        /// The type's name on the wire or in Arrow.
        type_name: String,
        /// What was wrong with it.
        reason: String,
    },
    /// The record itself is wrong: correct the case file.
    #[error("the record is not usable: {reason}")]
    Record {
        /// What is wrong with it.
        reason: String,
    },
    /// The runner's own surroundings failed (a folder, a port).
    #[error("runner: {message}")]
    Runner {
        /// What failed.
        message: String,
    },
}

/// A result with the runner's [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The SQLSTATE, when the database gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Error::Database { sqlstate, .. } => Some(sqlstate),
            Error::Protocol { .. } | Error::Value { .. } | Error::Record { .. } | Error::Runner { .. } => {
                None
            }
        }
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Error {
        Error::Protocol { message: message.into() }
    }

    pub(crate) fn value(type_name: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::Value { type_name: type_name.into(), reason: reason.into() }
    }

    pub(crate) fn record(reason: impl Into<String>) -> Error {
        Error::Record { reason: reason.into() }
    }

    pub(crate) fn runner(message: impl Into<String>) -> Error {
        Error::Runner { message: message.into() }
    }
}

impl From<muster::Error> for Error {
    fn from(error: muster::Error) -> Error {
        Error::Database { sqlstate: error.sqlstate().to_owned(), message: error.to_string() }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        match error.as_db_error() {
            Some(db) => {
                Error::Database { sqlstate: db.code().code().to_owned(), message: db.message().to_owned() }
            }
            None => Error::protocol(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::protocol(error.to_string())
    }
}
