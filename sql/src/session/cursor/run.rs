//! `DECLARE`, `FETCH`, `MOVE`, `CLOSE`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::Utc;
use datafusion::common::ScalarValue;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::sql::sqlparser::ast::{self, CloseCursor, Declare, FetchDirection, Ident};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::OwnedMutexGuard;

use super::super::{Planned, Prepared, Session};
use super::direction::Direction;
use super::reader::{Reader, Span};
use super::{Cursor, exists, in_use, unknown};
use crate::outcome::{CommandTag, Outcome, Rows};
use crate::parse::is_move;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::statement::refused::refusal;
use crate::{Error, Result};

/// Whether a statement is about cursors.
pub(in super::super) fn is_about_cursors(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::Declare { .. } | ast::Statement::Fetch { .. } | ast::Statement::Close { .. }
    )
}

/// The cursor that a statement declares.
pub(in super::super) fn declared(statement: &ast::Statement) -> Option<(&Declare, &Ident, &ast::Query)> {
    let ast::Statement::Declare { stmts } = statement else { return None };
    let [declare] = stmts.as_slice() else { return None };
    let [name] = declare.names.as_slice() else { return None };
    Some((declare, name, declare.for_query.as_deref()?))
}

/// The cursor that a statement fetches rows from.
pub(in super::super) fn fetched(statement: &ast::Statement) -> Option<String> {
    match statement {
        ast::Statement::Fetch { name, into, .. } if !is_move(into) => Some(name::ident(name)),
        _ => None,
    }
}

impl Session {
    /// The columns of an open cursor; `None` where there is none of that name.
    #[must_use]
    pub fn cursor_columns(&self, name: &str) -> Option<SchemaRef> {
        self.live.cursors.get(name).ok().map(|cursor| cursor.columns)
    }

    /// The next rows of a cursor, at most so many (0: all).
    ///
    /// # Errors
    /// 34000 where there is none of that name; what computing the rows gives.
    pub async fn fetch_cursor(&self, name: &str, most: usize) -> Result<Outcome> {
        let rows = if most == 0 { u64::MAX } else { most as u64 };
        self.fetch(name, Direction::Forward(rows)).await.inspect_err(|_| self.fail())
    }

    async fn fetch(&self, name: &str, direction: Direction) -> Result<Outcome> {
        let cursor = self.live.cursors.get(name)?;
        let batches = self.rows(name, &cursor, direction).await?;
        let rows = Rows { schema: cursor.columns, batches };
        let outcome = Outcome::with_rows(CommandTag::returning("FETCH"), rows);
        Ok(Outcome { binary: cursor.binary, ..outcome })
    }

    /// Closes a cursor, and says whether there was one.
    pub fn close_cursor(&self, name: &str) -> bool {
        self.live.cursors.close(name)
    }

    /// The same statement as it stands now: a FETCH gives the columns that its cursor has when it runs.
    #[must_use]
    pub fn renewed(&self, prepared: &Prepared) -> Option<Prepared> {
        let cursor = self.live.cursors.get(&fetched(&prepared.statement.ast)?).ok()?;
        let is_same = prepared.columns.as_ref() == Some(&cursor.columns);
        (!is_same).then(|| Prepared { columns: Some(cursor.columns), ..prepared.clone() })
    }

    /// Runs a statement about cursors.
    pub(in super::super) async fn run_cursor(
        &self,
        prepared: &Prepared,
        params: &[ScalarValue],
    ) -> Result<Outcome> {
        let statement = prepared.statement.ast.as_ref();
        match statement {
            ast::Statement::Declare { .. } => self.declare(prepared, params).await,
            ast::Statement::Fetch { name, direction, into, .. } => {
                let name = name::ident(name);
                if is_move(into) {
                    return self.move_cursor(&name, direction).await;
                }
                self.fetch(&name, Direction::of(direction)?).await
            }
            ast::Statement::Close { cursor: CloseCursor::All } => {
                self.live.cursors.close_all();
                Ok(Outcome::done(CommandTag::plain("CLOSE CURSOR ALL")))
            }
            ast::Statement::Close { cursor: CloseCursor::Specific { name } } => {
                let name = name::ident(name);
                if !self.live.cursors.close(&name) {
                    return Err(unknown(&name));
                }
                Ok(Outcome::done(CommandTag::plain("CLOSE CURSOR")))
            }
            other => Err(refusal(other)),
        }
    }

    async fn declare(&self, prepared: &Prepared, params: &[ScalarValue]) -> Result<Outcome> {
        let (Planned::Declare(query), Some((declare, name, _))) =
            (prepared.planned.as_ref(), declared(&prepared.statement.ast))
        else {
            return Err(refusal(&prepared.statement.ast));
        };
        let name = name::ident(name);
        let hold = declare.hold == Some(true);
        let block = self.live.block.with(|block| block.as_ref().map(|block| block.number()));
        if block.is_none() && !hold {
            return Err(Error::new(
                SqlState::NoActiveSqlTransaction,
                "DECLARE CURSOR can only be used in transaction blocks",
            ));
        }
        // Before the query runs, which may be long.
        if self.live.cursors.get(&name).is_ok() {
            return Err(exists(&name));
        }
        let rows = Box::pin(self.run_within(query, params)).await?.rows;
        let Rows { schema, batches } = rows.ok_or_else(|| Error::internal("a query gives no rows"))?;
        let scroll = declare.scroll == Some(true);
        let pool = &self.database.shared().planner.state().runtime_env().memory_pool;
        let memory = MemoryConsumer::new("cursor").register(pool);
        let mut reader = Reader::new(batches, scroll, memory);
        // Alone it is a transaction of its own, which it outlives.
        if block.is_none() {
            reader.read_all().await?;
        }
        let cursor = Cursor {
            statement: Arc::from(prepared.statement.text()),
            columns: schema,
            hold,
            binary: declare.binary == Some(true),
            scroll,
            created: Utc::now(),
            block,
            number: self.live.cursors.next_number(),
            reader: Arc::new(tokio::sync::Mutex::new(reader)),
        };
        self.live.cursors.put(&name, cursor)?;
        Ok(Outcome::done(CommandTag::plain("DECLARE CURSOR")))
    }

    async fn move_cursor(&self, name: &str, direction: &FetchDirection) -> Result<Outcome> {
        let cursor = self.live.cursors.get(name)?;
        let mut rows = self.rows(name, &cursor, Direction::of(direction)?).await?;
        let mut count = 0;
        while let Some(batch) = rows.try_next().await? {
            count += batch.num_rows() as u64;
        }
        Ok(Outcome::done(CommandTag::affecting("MOVE", count)))
    }

    /// The rows that a FETCH gives, computed as they are read. The cursor is its own until then.
    async fn rows(
        &self,
        name: &str,
        cursor: &Cursor,
        direction: Direction,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let mut reader = cursor.reader.clone().try_lock_owned().map_err(|_| in_use(name))?;
        let span = reader.begin(direction).await?;
        let rows = stream::unfold(Some((reader, span)), |state| async {
            let (mut reader, span): (OwnedMutexGuard<Reader>, Span) = state?;
            match reader.advance(span).await {
                Ok(Some((batch, left))) => {
                    // Once all is given the next statement may have the cursor.
                    let is_done = matches!(left, Span::Forward(0) | Span::Backward(0));
                    Some((Ok(batch), (!is_done).then_some((reader, left))))
                }
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(rows.boxed())
    }
}
