//! The extended query protocol: Parse, Bind, Describe, Execute, Close.
//!
//! Statements are planned once, at Parse. Names that are empty mean the unnamed statement and
//! portal, which the next of their kind replaces.

use std::sync::Arc;
use std::time::{Duration, Instant};

use muster::{Outcome, Session, TransactionStatus};
use pgwire::api::Type;
use pgwire::messages::PgWireBackendMessage as Backend;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{BindComplete, CloseComplete, ParseComplete, PortalSuspended};
use pgwire::messages::response::EmptyQueryResponse;

use super::connection::Client;
use super::encode::{Layout, check_formats};
use super::error::{Error, Result};
use super::message::{Bind, Target};
use super::params;
use super::portal::{Execution, Portal};
use super::settings::time_zone;
use super::slow::Step;
use super::types;

/// A prepared statement, as the client knows it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The planned statement; `None` for an empty query.
    pub(super) statement: Option<muster::Prepared>,
    /// The types of its parameters.
    parameters: Vec<Type>,
    /// The columns of its rows, in text; `None` when it gives no rows.
    columns: Option<Layout>,
}

impl Prepared {
    /// Plans the one statement of a Parse message, or none.
    async fn plan(session: &Session, sql: &str, types: &[u32]) -> Result<Self> {
        let declared = types.iter().map(|oid| types::declared_field(*oid)).collect::<Result<Vec<_>>>()?;
        let statements = session.parse(sql)?;
        let statement = match statements.as_slice() {
            [] => return Ok(Self { statement: None, parameters: Vec::new(), columns: None }),
            [statement] => statement,
            _ => return Err(Error::MultipleStatements),
        };
        Self::of(session, session.prepare(statement, &declared).await?)
    }

    /// A planned statement.
    fn of(session: &Session, statement: muster::Prepared) -> Result<Self> {
        let parameters = statement
            .parameters()
            .iter()
            .map(|field| {
                types::pg_type(field).ok_or_else(|| Error::Unsupported {
                    feature: format!("a parameter of type {}", field.data_type()),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let columns = match statement.columns() {
            Some(schema) => Some(Layout::new(&schema, &[], session)?),
            None => None,
        };
        Ok(Self { statement: Some(statement), parameters, columns })
    }

    /// Whether it is this one.
    fn is_of(&self, statement: &muster::Prepared) -> bool {
        self.statement.as_ref().is_some_and(|own| own.is_same(statement))
    }

    /// Whether a result has the columns that the client was told of.
    pub(super) fn describes(&self, result: &Layout) -> bool {
        self.columns.as_ref().is_some_and(|columns| columns.same_types(result))
    }
}

impl Client {
    pub(super) async fn parse(&mut self, name: String, sql: &str, types: &[u32]) -> Result<()> {
        if name.is_empty() {
            self.statements.remove("");
        } else if self.statement(&name).is_ok() {
            return Err(Error::StatementExists { name });
        }
        let began = Instant::now();
        let prepared = Prepared::plan(&self.session, sql, types).await?;
        if let Some(statement) = &prepared.statement {
            self.note_slow(Step::Parse, statement.statement(), began.elapsed());
        }
        if let Some(statement) = prepared.statement.as_ref().filter(|_| !name.is_empty()) {
            self.session.keep_statement(&name, statement)?;
        }
        self.statements.insert(name, Arc::new(prepared));
        self.sink.put(&Backend::ParseComplete(ParseComplete::new()))
    }

    pub(super) fn bind(&mut self, bind: Bind) -> Result<()> {
        let Bind { portal, statement, parameter_formats, parameters, result_formats } = bind;
        let prepared = self.statement_now(&statement)?;
        if portal.is_empty() {
            self.portals.remove("");
        } else if self.portals.contains_key(&portal) {
            return Err(Error::PortalExists { name: portal });
        }
        if parameters.len() != prepared.parameters.len() {
            return Err(Error::protocol(format!(
                "bind message supplies {} parameters, but prepared statement \"{statement}\" requires {}",
                parameters.len(),
                prepared.parameters.len(),
            )));
        }
        let fields = prepared.statement.as_ref().map_or(&[][..], |statement| statement.parameters());
        let values = params::decode(fields, &parameter_formats, &parameters, time_zone(&self.session)?)?;
        if let Some(columns) = &prepared.columns {
            check_formats(&result_formats, columns.len(), "result")?;
        }
        self.portals.insert(portal, Portal::new(prepared, values, result_formats));
        self.sink.put(&Backend::BindComplete(BindComplete::new()))
    }

    pub(super) fn describe(&mut self, target: Target, name: &str) -> Result<()> {
        let message = match target {
            Target::Statement => {
                let prepared = self.statement(name)?;
                let oids = prepared.parameters.iter().map(Type::oid).collect();
                self.sink.put(&Backend::ParameterDescription(ParameterDescription::new(oids)))?;
                prepared.columns.as_ref().map(Layout::description)
            }
            Target::Portal => {
                match (self.portals.get(name), self.session.cursor_columns(name)) {
                    (Some(portal), _) => {
                        let columns = portal.prepared.columns.as_ref();
                        columns.map(|columns| columns.with_formats(&portal.result_formats).description())
                    }
                    // A cursor that SQL declared is a portal, too.
                    (None, Some(columns)) => Some(Layout::new(&columns, &[], &self.session)?.description()),
                    (None, None) => return Err(unknown_portal(name)),
                }
            }
        };
        self.sink.put(&message.map_or_else(|| Backend::NoData(NoData::new()), Backend::RowDescription))
    }

    pub(super) async fn execute(&mut self, name: String, max_rows: usize) -> Result<()> {
        // The portal is out of the map while it runs, so that what interrupts it also ends it.
        let Some(mut portal) = self.portals.remove(&name) else {
            return self.execute_cursor(&name, max_rows).await;
        };
        if portal.is_running() && self.session.transaction_status() == TransactionStatus::Failed {
            return Err(Error::TransactionAborted);
        }
        // What stands alone before its Sync is a statement of its own; several are one transaction. Who
        // gives rows to a COPY may wait to be asked for them before sending more.
        let statement = portal.prepared.statement.as_ref();
        if statement.is_some_and(|statement| !statement.takes_rows()) && !self.inbox.sync_follows().await {
            self.session.begin_implicit();
        }
        if let Some(statement) = portal.prepared.statement.as_ref() {
            self.begin_statement(Step::Execute, statement.statement(), Instant::now());
        }
        if let Some(at_hand) = &mut self.at_hand {
            at_hand.before = portal.spent;
        }
        let execution =
            portal.execute(&name, &self.session, &mut self.sink, &mut self.inbox, max_rows).await?;
        match execution {
            Execution::Complete(tag) => {
                portal.spent = Duration::ZERO;
                self.portals.insert(name, portal);
                self.complete(tag)?;
                self.end_statement();
                Ok(())
            }
            Execution::Suspended => {
                portal.spent = self.suspend_statement();
                self.portals.insert(name, portal);
                self.sink.put(&Backend::PortalSuspended(PortalSuspended::new()))
            }
            Execution::Empty => {
                self.portals.insert(name, portal);
                self.sink.put(&Backend::EmptyQueryResponse(EmptyQueryResponse::new()))
            }
        }
    }

    /// Runs a cursor that SQL declared, which is a portal, too.
    async fn execute_cursor(&mut self, name: &str, max_rows: usize) -> Result<()> {
        if self.session.cursor_columns(name).is_none() {
            return Err(unknown_portal(name));
        }
        if self.session.transaction_status() == TransactionStatus::Failed {
            return Err(Error::TransactionAborted);
        }
        let Outcome { rows, binary, .. } = self.session.fetch_cursor(name, max_rows).await?;
        let Some(rows) = rows else { return Err(unknown_portal(name)) };
        let layout = Layout::new(&rows.schema, if binary { &[1] } else { &[] }, &self.session)?;
        let sent = self.send_rows(&layout, rows).await?;
        if max_rows > 0 && sent == max_rows as u64 {
            return self.sink.put(&Backend::PortalSuspended(PortalSuspended::new()));
        }
        self.complete(format!("SELECT {sent}"))
    }

    pub(super) fn close(&mut self, target: Target, name: &str) -> Result<()> {
        // Closing what does not exist is no error, says the protocol.
        match target {
            Target::Statement => {
                self.statements.remove(name);
                self.session.forget_statement(name);
            }
            Target::Portal => {
                if self.portals.remove(name).is_none() {
                    self.session.close_cursor(name);
                }
            }
        }
        self.sink.put(&Backend::CloseComplete(CloseComplete::new()))
    }

    /// Forgets statements that SQL has deallocated; empty ones, of which the session does not know, with all.
    pub(super) fn forget_deallocated(&mut self, tag: &str) {
        let session = &self.session;
        self.statements.retain(|name, known| {
            let is_empty = known.statement.is_none() && tag == "DEALLOCATE";
            name.is_empty() || is_empty || session.kept_statement(name).is_ok()
        });
    }

    /// The statement of a name as it runs now: a FETCH has the columns of its cursor.
    fn statement_now(&mut self, name: &str) -> Result<Arc<Prepared>> {
        let known = self.statement(name)?;
        let renewed = known.statement.as_ref().and_then(|statement| self.session.renewed(statement));
        match renewed {
            Some(statement) => Ok(Arc::new(Prepared::of(&self.session, statement)?)),
            None => Ok(known),
        }
    }

    /// The statement of a name, which may have been prepared or deallocated by SQL meanwhile.
    fn statement(&mut self, name: &str) -> Result<Arc<Prepared>> {
        let known = self.statements.get(name);
        let statement = match (known, self.session.kept_statement(name)) {
            // Those without a name, and empty ones, are the protocol's alone.
            (Some(known), _) if name.is_empty() || known.statement.is_none() => return Ok(known.clone()),
            (Some(known), Ok(kept)) if known.is_of(&kept) => return Ok(known.clone()),
            (_, Ok(kept)) => kept,
            (_, Err(_)) => {
                self.statements.remove(name);
                return Err(Error::UnknownStatement { name: name.to_string() });
            }
        };
        let prepared = Arc::new(Prepared::of(&self.session, statement)?);
        self.statements.insert(name.to_string(), prepared.clone());
        Ok(prepared)
    }
}

fn unknown_portal(name: &str) -> Error {
    Error::UnknownPortal { name: name.to_string() }
}
