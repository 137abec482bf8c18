//! What can stop a subcommand, how it is printed and which exit code it gives.
//!
//! Errors of statements typed into the shell are not here: the shell draws those itself and goes on,
//! or ends with [`Error::Reported`].

use std::io;
use std::path::PathBuf;

use super::output::complain;

/// The result of a subcommand.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a subcommand ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused; its message, detail and hint say what to change.
    #[error("{source}")]
    Database {
        /// The database's own error.
        #[from]
        source: muster::Error,
    },
    /// The server could not listen or serve: choose another address, or read the source.
    #[error("{source}")]
    Server {
        /// The wire protocol's own error.
        #[from]
        source: crate::wire::Error,
    },
    /// The port for those who watch could not be opened: see the source.
    #[error("{source}")]
    Http {
        /// The port's own error.
        #[from]
        source: crate::http::Error,
    },
    /// A file or folder could not be used: check that it exists and may be read or written.
    #[error("cannot {action} {path:?}: {source}")]
    File {
        /// What was tried, as in "read".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The configuration file says what cannot be: mend it where the message points.
    #[error("configuration {path:?}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, and on which line.
        reason: String,
    },
    /// A file could not be encoded: free space on the disk, or report it.
    #[error("cannot write {path:?}: {reason}")]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        reason: String,
    },
    /// The terminal or the process could not be set up as needed.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried, as in "start the runtime".
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The arguments ask for what is not there: read `muster help`.
    #[error("{message}")]
    Usage {
        /// A sentence saying what is wrong and what would be right.
        message: String,
    },
    /// The server that has the database open refused, or could not be spoken to.
    #[error("the server on {address}: {reason}")]
    Remote {
        /// Where it listens.
        address: std::net::SocketAddr,
        /// What it said, or what the system did.
        reason: String,
    },
    /// A check found damage; the findings are on the screen already.
    #[error("{path:?} is damaged: {damaged} findings about rows, {indexes} about indexes")]
    Damaged {
        /// The database's folder.
        path: PathBuf,
        /// Findings about rows: restore a backup.
        damaged: usize,
        /// Findings about indexes: they are built again when the database is opened.
        indexes: usize,
    },
    /// A load of `muster bench` could not begin: the reason says what to change.
    #[error("{reason}")]
    Bench {
        /// What was tried, and what the server or the system said.
        reason: String,
    },
    /// Work on another thread broke off; report it, with the log.
    #[error("a task of the command broke off: {reason}")]
    Task {
        /// What the runtime said.
        reason: String,
    },
    /// Ctrl-C or SIGTERM; there is nothing to do.
    #[error("interrupted")]
    Interrupted,
    /// A statement failed and its error is on the screen already.
    #[error("a statement failed")]
    Reported,
    /// Whoever read the output has gone, as in `muster sql ... | head`; there is nothing to do.
    #[error("the output was closed")]
    OutputClosed,
}

impl Error {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage { .. } => 2,
            // What shells give for SIGINT.
            Error::Interrupted => 130,
            Error::OutputClosed => 0,
            Error::Database { .. }
            | Error::Server { .. }
            | Error::Http { .. }
            | Error::File { .. }
            | Error::Config { .. }
            | Error::Encode { .. }
            | Error::System { .. }
            | Error::Task { .. }
            | Error::Remote { .. }
            | Error::Damaged { .. }
            | Error::Bench { .. }
            | Error::Reported => 1,
        }
    }

    /// Prints the error to standard error, unless it is one that needs no words.
    pub fn report(&self) {
        if matches!(self, Error::Reported | Error::OutputClosed) {
            return;
        }
        let mut text = format!("muster: {self}\n");
        if let Error::Database { source } = self {
            if let Some(detail) = source.detail() {
                text.push_str(&format!("  detail: {detail}\n"));
            }
            if let Some(hint) = source.hint() {
                text.push_str(&format!("  hint: {hint}\n"));
            }
        }
        complain(&text);
    }

    /// What a failed write to standard output means: a closed pipe is no failure.
    pub(crate) fn output(source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::BrokenPipe {
            Error::OutputClosed
        } else {
            Error::System { action: "write to standard output", source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_failure_and_other_output_errors_are() {
        assert_eq!(Error::output(io::ErrorKind::BrokenPipe.into()).exit_code(), 0);
        assert_eq!(Error::output(io::ErrorKind::StorageFull.into()).exit_code(), 1);
        assert_eq!(Error::Usage { message: String::new() }.exit_code(), 2);
    }
}
