//! One statement to a server: enough for a command that finds its database served.
//!
//! It gets no rows. It speaks to the server that this command's own user runs on this machine, as `postgres`, with the
//! password of `PGPASSWORD` where one is asked for.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::Path;

use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, SimpleQueryMessage};

use super::connect::Target;
use super::error::{Error, Result};

/// What came of a statement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What the server told beside its result.
    pub(crate) notices: Vec<String>,
    /// How many rows it was about.
    pub(crate) rows: u64,
}

/// Runs a statement.
///
/// # Errors
///
/// [`Error::Remote`] with the server's own words, or when it cannot be spoken to.
pub(crate) fn run(address: SocketAddr, sql: &str) -> Result<Answer> {
    let target = Target::local(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::System { action: "start the runtime", source })?;
    let failed = |error: tokio_postgres::Error| Error::Remote { address, reason: reason(&error) };
    runtime.block_on(async {
        let (client, mut connection) = target.connect().await.map_err(failed)?;
        let mut answer = Answer::default();
        let mut statement = std::pin::pin!(client.simple_query(sql));
        let messages = loop {
            tokio::select! {
                biased;
                message = poll_fn(|context| connection.poll_message(context)) => match message {
                    Some(Ok(AsyncMessage::Notice(notice))) => answer.notices.push(words(&notice)),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(failed(error)),
                    None => {
                        let reason = "it closed the connection".to_owned();
                        return Err(Error::Remote { address, reason });
                    }
                },
                done = &mut statement => break done.map_err(failed)?,
            }
        };
        for message in messages {
            if let SimpleQueryMessage::CommandComplete(rows) = message {
                answer.rows = rows;
            }
        }
        Ok(answer)
    })
}

/// A path as the server, which may run in another folder, finds it.
///
/// # Errors
///
/// [`Error::File`], and [`Error::Usage`] for one that is no text.
pub(crate) fn path(path: &Path) -> Result<String> {
    let absolute = std::path::absolute(path).map_err(|source| Error::File {
        action: "find",
        path: path.to_path_buf(),
        source,
    })?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::Usage { message: format!("{path:?} is no text that a statement can hold") })
}

/// A text as a literal of a statement.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name of a relation as a statement has it: as it is written, upper case and all.
pub(crate) fn identifier(name: &str) -> String {
    let quoted = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(".")
}

/// What the server said, or what kept it from saying anything.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        return words(told);
    }
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reason = format!("{reason}: {error}");
        cause = error.source();
    }
    if reason.contains("password missing") {
        reason = "it asks for a password: set PGPASSWORD".to_owned();
    }
    reason
}

/// The message, detail and hint of an error or a notice.
fn words(told: &DbError) -> String {
    let mut words = told.message().to_owned();
    for more in [told.detail(), told.hint()].into_iter().flatten() {
        words.push_str("; ");
        words.push_str(more);
    }
    words
}
