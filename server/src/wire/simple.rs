//! The simple query protocol: a string of statements, each with its own result and tag.
//!
//! The first error ends the string: what follows is not run. What came before stays, since there
//! are no transactions yet that could undo it.

use futures::StreamExt;
use muster::{Outcome, Rows};
use pgwire::messages::PgWireBackendMessage as Backend;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::connection::Client;
use super::copy;
use super::encode::Layout;
use super::error::{Error, Result};

impl Client {
    /// Runs each statement of a Query message.
    pub(super) async fn query(&mut self, sql: &str) -> Result<()> {
        // As in PostgreSQL, a simple query ends the unnamed statement and portal.
        self.statements.remove("");
        self.portals.clear();
        let statements = self.session.parse(sql)?;
        if statements.is_empty() {
            return self.sink.put(&Backend::EmptyQueryResponse(EmptyQueryResponse::new()));
        }
        for statement in &statements {
            let prepared = self.session.prepare(statement, &[]).await?;
            if !prepared.parameters().is_empty() {
                return Err(Error::NoParameters);
            }
            let Outcome { tag, rows, copy } = self.session.run(&prepared, &[]).await?;
            if let Some(copy) = copy {
                let tag = copy::transfer(copy, &mut self.sink, &mut self.inbox).await?;
                self.complete(tag)?;
                continue;
            }
            let sent = match rows {
                Some(rows) => self.send_all(rows).await?,
                None => 0,
            };
            self.complete(tag.complete(sent))?;
        }
        Ok(())
    }

    /// Sends the columns and all rows of a result, as text; says how many rows they were.
    async fn send_all(&mut self, rows: Rows) -> Result<u64> {
        let Rows { schema, mut batches } = rows;
        let layout = Layout::new(&schema, &[], &self.session)?;
        self.sink.put(&Backend::RowDescription(layout.description()))?;
        let mut sent = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            let mut row = 0;
            while row < batch.num_rows() {
                row = layout.write_rows(&batch, row..batch.num_rows(), self.sink.buffer())?;
                self.sink.flush_if_full().await?;
            }
            sent += batch.num_rows() as u64;
        }
        Ok(sent)
    }

    /// Tells the client that a statement is done.
    pub(super) fn complete(&mut self, tag: String) -> Result<()> {
        self.settings_changed |= matches!(tag.as_str(), "SET" | "RESET" | "DISCARD ALL");
        self.sink.put(&Backend::CommandComplete(CommandComplete::new(tag)))
    }
}
