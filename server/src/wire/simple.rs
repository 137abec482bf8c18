//! The simple query protocol: a string of statements, each with its own result and tag.
//!
//! Several statements are one transaction, unless BEGIN and COMMIT among them say otherwise. The first
//! error ends the string: what follows is not run.

use std::time::Instant;

use futures::StreamExt;
use muster::{Outcome, Rows, Statement};
use pgwire::messages::PgWireBackendMessage as Backend;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::connection::Client;
use super::copy;
use super::encode::Layout;
use super::error::{Error, Result};
use super::slow::Step;

impl Client {
    /// Runs each statement of a Query message.
    pub(super) async fn query(&mut self, sql: &str) -> Result<()> {
        // As in PostgreSQL, a simple query ends the unnamed statement and portal.
        self.statements.remove("");
        self.portals.remove("");
        let mut began = Instant::now();
        let statements = self.session.parse(sql)?;
        let Some((last, before)) = statements.split_last() else {
            return self.sink.put(&Backend::EmptyQueryResponse(EmptyQueryResponse::new()));
        };
        for statement in before {
            self.session.begin_implicit();
            self.start_clock();
            self.begin_statement(Step::Statement, statement, began);
            let tag = self.statement_of_query(statement).await?;
            self.complete(tag)?;
            self.end_statement();
            began = Instant::now();
        }
        if !before.is_empty() {
            self.session.begin_implicit();
        }
        self.start_clock();
        self.begin_statement(Step::Statement, last, began);
        let tag = self.statement_of_query(last).await?;
        // What the last tag says is durable.
        self.session.end_implicit().await?;
        self.complete(tag)?;
        self.end_statement();
        Ok(())
    }

    /// Runs one statement and sends its rows; gives its tag.
    async fn statement_of_query(&mut self, statement: &Statement) -> Result<String> {
        let prepared = self.session.prepare(statement, &[]).await?;
        if !prepared.parameters().is_empty() {
            return Err(Error::NoParameters);
        }
        let Outcome { tag, rows, copy, binary } = self.session.run(&prepared, &[]).await?;
        match (copy, rows) {
            (Some(copy), _) => copy::transfer(copy, &mut self.sink, &mut self.inbox).await,
            (None, Some(rows)) => Ok(tag.complete(self.send_all(rows, binary).await?)),
            (None, None) => Ok(tag.complete(0)),
        }
    }

    /// Sends the columns and all rows of a result, as text unless they are wanted in binary; says how many rows they were.
    async fn send_all(&mut self, rows: Rows, binary: bool) -> Result<u64> {
        let layout = Layout::new(&rows.schema, if binary { &[1] } else { &[] }, &self.session)?;
        self.sink.put(&Backend::RowDescription(layout.description()))?;
        self.send_rows(&layout, rows).await
    }

    /// Sends rows alone; says how many they were.
    pub(super) async fn send_rows(&mut self, layout: &Layout, rows: Rows) -> Result<u64> {
        let mut batches = rows.batches;
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

    /// Tells the client that a statement is done, and what it had to tell beside its result.
    pub(super) fn complete(&mut self, tag: String) -> Result<()> {
        if matches!(tag.as_str(), "COMMIT" | "ROLLBACK") {
            self.end_portals();
        }
        if matches!(tag.as_str(), "DEALLOCATE" | "DEALLOCATE ALL" | "DISCARD ALL") {
            self.forget_deallocated(&tag);
        }
        self.send_notices()?;
        self.sink.put(&Backend::CommandComplete(CommandComplete::new(tag)))
    }
}
