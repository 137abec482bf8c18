//! A portal: a prepared statement with its parameters, which may be run bit by bit.
//!
//! It holds the stream of rows between two Execute messages; dropping it ends the statement.

use std::sync::Arc;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use futures::StreamExt;
use futures::stream::BoxStream;
use muster::{CommandTag, Outcome, Session, Value};

use super::copy;
use super::encode::Layout;
use super::error::{Error, Result};
use super::extended::Prepared;
use super::inbox::Inbox;
use super::sink::Sink;

/// A portal and how far it is.
pub(super) struct Portal {
    pub(super) prepared: Arc<Prepared>,
    pub(super) result_formats: Vec<i16>,
    pub(super) parameters: Vec<Value>,
    /// The time that it has run for, while it is suspended.
    pub(super) spent: Duration,
    state: State,
}

enum State {
    Bound,
    /// Rows are left, or may be.
    Running(Cursor),
    /// All was said; a statement with rows may be asked again, and has none.
    Finished(Option<CommandTag>),
}

struct Cursor {
    tag: CommandTag,
    layout: Layout,
    batches: BoxStream<'static, muster::Result<RecordBatch>>,
    /// The batch being sent, from the row given.
    current: Option<(RecordBatch, usize)>,
}

/// How an Execute ended.
pub(super) enum Execution {
    /// The statement is complete, with this tag.
    Complete(String),
    /// The limit was reached; the portal can go on.
    Suspended,
    /// There was no statement.
    Empty,
}

impl Portal {
    pub(super) fn new(prepared: Arc<Prepared>, parameters: Vec<Value>, result_formats: Vec<i16>) -> Self {
        Self { prepared, result_formats, parameters, spent: Duration::ZERO, state: State::Bound }
    }

    /// Whether it has begun and is not done.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Runs the portal or lets it go on, for at most `limit` rows (0: all).
    pub(super) async fn execute(
        &mut self,
        name: &str,
        session: &Session,
        sink: &mut Sink,
        inbox: &mut Inbox,
        limit: usize,
    ) -> Result<Execution> {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let mut cursor = match std::mem::replace(&mut self.state, State::Finished(None)) {
            State::Bound => match self.start(session, sink, inbox).await? {
                Started::Rows(cursor) => cursor,
                Started::Done(execution) => return Ok(execution),
            },
            State::Running(cursor) => cursor,
            State::Finished(Some(tag)) => {
                let text = tag.complete(0);
                self.state = State::Finished(Some(tag));
                return Ok(Execution::Complete(text));
            }
            State::Finished(None) => return Err(Error::PortalFinished { name: name.to_string() }),
        };
        let sent = cursor.send(sink, limit).await?;
        if sent == limit {
            self.state = State::Running(cursor);
            return Ok(Execution::Suspended);
        }
        let text = cursor.tag.complete(sent as u64);
        self.state = State::Finished(Some(cursor.tag));
        Ok(Execution::Complete(text))
    }

    async fn start(&mut self, session: &Session, sink: &mut Sink, inbox: &mut Inbox) -> Result<Started> {
        let Some(statement) = &self.prepared.statement else {
            self.state = State::Bound;
            return Ok(Started::Done(Execution::Empty));
        };
        let Outcome { tag, rows, copy, .. } = session.run(statement, &self.parameters).await?;
        if let Some(copy) = copy {
            return Ok(Started::Done(Execution::Complete(copy::transfer(copy, sink, inbox).await?)));
        }
        let Some(rows) = rows else { return Ok(Started::Done(Execution::Complete(tag.complete(0)))) };
        let layout = Layout::new(&rows.schema, &self.result_formats, session)?;
        if !self.prepared.describes(&layout) {
            return Err(Error::ResultTypeChanged);
        }
        Ok(Started::Rows(Cursor { tag, layout, batches: rows.batches, current: None }))
    }
}

enum Started {
    Rows(Cursor),
    Done(Execution),
}

impl Cursor {
    /// Sends up to `limit` rows; fewer only when there are no more.
    async fn send(&mut self, sink: &mut Sink, limit: usize) -> Result<usize> {
        let mut sent = 0;
        while sent < limit {
            let (batch, row) = match self.current.take() {
                Some(current) => current,
                None => match self.batches.next().await {
                    Some(batch) => (batch?, 0),
                    None => break,
                },
            };
            let end = batch.num_rows().min(row.saturating_add(limit - sent));
            let next = self.layout.write_rows(&batch, row..end, sink.buffer())?;
            sent += next - row;
            if next < batch.num_rows() {
                self.current = Some((batch, next));
            }
            sink.flush_if_full().await?;
        }
        Ok(sent)
    }
}
