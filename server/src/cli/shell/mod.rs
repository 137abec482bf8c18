//! The shell behind `muster sql`: statements and backslash commands in, tables and errors out.
//!
//! It runs in the database's own process and speaks no protocol. Invariant: a failed or canceled
//! statement leaves the shell as it was; only the caller decides whether to go on after it.
//!
//! The way of a line: [`repl`] or a script reads it, [`splitter`] cuts it into pieces, [`Shell`]
//! hands statements to `execute` and backslash commands to `command` (`describe` answers `\d`),
//! [`table`] draws rows of values printed by [`value`], `report` draws errors.

mod command;
mod describe;
mod execute;
mod history;
mod repl;
mod report;
mod splitter;
mod table;
mod value;

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;

use muster::{Database, Session};
use tokio::runtime::Handle;

use super::error::{Error, Result};
use super::progress::Display;
pub(crate) use repl::interact;
use splitter::{Piece, Splitter};
pub(crate) use table::{Expanded, Look, ResultPrinter};

/// How deep `\i` files may include one another: beyond it, a file includes itself.
const MAX_INCLUDES: usize = 16;

/// Whether to read on after a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Quit,
}

/// A session with its display settings.
pub(crate) struct Shell {
    runtime: Handle,
    database: Database,
    session: Arc<Session>,
    progress: Arc<Display>,
    look: Look,
    timing: bool,
    includes: usize,
}

impl Shell {
    /// A shell over `database` that draws for standard output as it is.
    pub(crate) fn new(database: &Database, runtime: &Handle) -> Shell {
        let session = database.session();
        let progress = Arc::new(Display::on_stderr());
        session.set_progress(progress.clone());
        Shell {
            runtime: runtime.clone(),
            database: database.clone(),
            session: Arc::new(session),
            progress,
            look: Look::of_stdout(),
            timing: false,
            includes: 0,
        }
    }

    /// Runs everything that `input` holds, up to the first failure.
    pub(crate) fn script(
        &mut self,
        mut input: impl BufRead,
        name: &Path,
        out: &mut dyn Write,
    ) -> Result<Flow> {
        let mut splitter = Splitter::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input.read_until(b'\n', &mut line);
            let length =
                read.map_err(|source| Error::File { action: "read", path: name.to_owned(), source })?;
            if length == 0 {
                break;
            }
            let text = std::str::from_utf8(&line).map_err(|source| Error::File {
                action: "read",
                path: name.to_owned(),
                source: std::io::Error::new(std::io::ErrorKind::InvalidData, source),
            })?;
            splitter.push(text);
            while let Some(piece) = splitter.next_piece() {
                if self.piece(&piece, out)? == Flow::Quit {
                    return Ok(Flow::Quit);
                }
            }
        }
        // The last line may lack the line end that a backslash command waits for.
        splitter.push("\n");
        let last = splitter.next_piece();
        for piece in last.into_iter().chain(splitter.finish()) {
            if self.piece(&piece, out)? == Flow::Quit {
                return Ok(Flow::Quit);
            }
        }
        Ok(Flow::Continue)
    }

    /// Runs one piece and flushes what it wrote.
    fn piece(&mut self, piece: &Piece, out: &mut dyn Write) -> Result<Flow> {
        let ran = match piece {
            Piece::Statement(sql) => self.run_sql(sql, out).map(|()| Flow::Continue),
            Piece::Command(text) => self.command(text, out),
        };
        out.flush().map_err(Error::output)?;
        ran
    }

    /// Runs the file, as `\i` does.
    fn include(&mut self, path: &Path, out: &mut dyn Write) -> Result<Flow> {
        if self.includes >= MAX_INCLUDES {
            return Err(Error::Usage { message: format!("{path:?} is included by itself") });
        }
        let file = std::fs::File::open(path).map_err(|source| Error::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        self.includes += 1;
        let ran = self.script(std::io::BufReader::new(file), path, out);
        self.includes -= 1;
        ran
    }
}
