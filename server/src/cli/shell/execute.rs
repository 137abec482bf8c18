//! Running statements: rows are drawn as they come, Ctrl-C stops at once.
//!
//! The statement runs on the runtime's threads and sends what it has over a small channel; this
//! thread draws and listens for Ctrl-C. Invariant: when [`Shell::run_sql`] returns, nothing of the
//! statement is left running except what it computes until it next yields.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::StreamExt;
use muster::{CommandTag, CopyChunk, Session, Statement, Transfer};
use tokio::sync::mpsc;

use super::Shell;
use super::report::{CANCELED, report};
use super::table::ResultPrinter;
use crate::cli::error::{Error, Result};
use crate::cli::interrupt;
use crate::cli::output::complain;
use crate::cli::quantity::milliseconds;

/// Batches that may wait to be drawn.
const WAITING_BATCHES: usize = 2;

/// Why a statement ended before its end.
enum Stopped {
    Failed(muster::Error),
    Canceled,
    Other(Error),
}

impl From<std::io::Error> for Stopped {
    fn from(source: std::io::Error) -> Stopped {
        Stopped::Other(Error::output(source))
    }
}

/// What a running statement has to say.
enum Event {
    Columns(SchemaRef),
    Batch(RecordBatch),
    /// Rows of COPY TO STDOUT, as they are.
    Text(CopyChunk),
    Done(CommandTag),
}

impl Shell {
    /// Runs the statements of `sql` in order, up to the first that fails.
    pub(super) fn run_sql(&self, sql: &str, out: &mut dyn Write) -> Result<()> {
        let statements = self.session.parse(sql).map_err(|error| failed(&error, sql, out))?;
        for statement in statements {
            let start = Instant::now();
            let ran = self.run_statement(&statement, out);
            if self.timing && !matches!(ran, Err(Error::OutputClosed)) {
                writeln!(out, "Time: {}", milliseconds(start.elapsed())).map_err(Error::output)?;
            }
            ran?;
        }
        Ok(())
    }

    fn run_statement(&self, statement: &Statement, out: &mut dyn Write) -> Result<()> {
        let (events, mut received) = mpsc::channel(WAITING_BATCHES);
        let ran = self.runtime.block_on(async {
            let mut ctrl_c = pin!(interrupt::ctrl_c());
            let mut task = self.runtime.spawn(drive(Arc::clone(&self.session), statement.clone(), events));
            let drawn = draw(self, &mut received, ctrl_c.as_mut(), out).await;
            if drawn.is_err() {
                task.abort();
                return drawn;
            }
            let ended = tokio::select! {
                ended = &mut task => ended,
                () = ctrl_c.as_mut() => {
                    task.abort();
                    return Err(Stopped::Canceled);
                }
            };
            match ended {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Stopped::Failed(error)),
                Err(error) => Err(Stopped::Other(Error::Task { reason: error.to_string() })),
            }
        });
        // Before anything is said: a bar that was left would draw over it.
        self.progress.clear();
        ran.map_err(|stopped| match stopped {
            Stopped::Failed(error) => failed(&error, statement.text(), out),
            Stopped::Canceled => canceled(),
            Stopped::Other(error) => error,
        })
    }
}

/// Prepares and runs the statement, and sends everything it gives.
async fn drive(
    session: Arc<Session>,
    statement: Statement,
    events: mpsc::Sender<Event>,
) -> muster::Result<()> {
    let prepared = session.prepare(&statement, &[]).await?;
    let outcome = session.run(&prepared, &[]).await?;
    match outcome.copy {
        None => {}
        Some(Transfer::Out(mut copy)) => {
            // No tag follows, so that what is printed is the rows and nothing else.
            while let Some(chunk) = copy.chunks.next().await {
                if events.send(Event::Text(chunk?)).await.is_err() {
                    break;
                }
            }
            return Ok(());
        }
        Some(copy @ Transfer::In(_)) => return Err(copy.refusal("in this shell")),
    }
    if let Some(mut rows) = outcome.rows {
        if events.send(Event::Columns(Arc::clone(&rows.schema))).await.is_err() {
            return Ok(());
        }
        while let Some(batch) = rows.batches.next().await {
            if events.send(Event::Batch(batch?)).await.is_err() {
                // Nobody draws any more; dropping the rows stops the statement.
                return Ok(());
            }
        }
    }
    let _closed = events.send(Event::Done(outcome.tag)).await;
    Ok(())
}

/// Draws events until the statement has no more of them.
async fn draw(
    shell: &Shell,
    events: &mut mpsc::Receiver<Event>,
    mut ctrl_c: Pin<&mut impl Future<Output = ()>>,
    out: &mut dyn Write,
) -> std::result::Result<(), Stopped> {
    let mut printer = None;
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = ctrl_c.as_mut() => return Err(Stopped::Canceled),
        };
        match event {
            Some(Event::Columns(schema)) => printer = Some(ResultPrinter::new(shell.look.measured(), schema)),
            Some(Event::Batch(batch)) => {
                if let Some(printer) = &mut printer {
                    printer.push(batch, out)?;
                }
            }
            Some(Event::Text(chunk)) => out.write_all(&chunk.bytes)?,
            Some(Event::Done(tag)) => {
                let drawn = match printer.take() {
                    Some(printer) => printer.finish(out).map(|_rows| ()),
                    None => writeln!(out, "{}", tag.complete(0)),
                };
                drawn?;
            }
            None => return Ok(()),
        }
    }
}

/// Shows the error on standard error, after the rows that came before it.
fn failed(error: &muster::Error, sql: &str, out: &mut dyn Write) -> Error {
    if let Err(error) = out.flush() {
        return Error::output(error);
    }
    complain(&report(error, sql));
    Error::Reported
}

fn canceled() -> Error {
    // The terminal has just shown `^C` on this line.
    if std::io::stderr().is_terminal() {
        complain("\n");
    }
    complain(CANCELED);
    Error::Interrupted
}
