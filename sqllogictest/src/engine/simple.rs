//! The engine over the simple protocol: a client of a hundred lines, because drivers hide the type
//! OIDs and the tags that the server sends there, and these are what is to be checked.

use async_trait::async_trait;
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Message};
use postgres_protocol::message::frontend;
use sqllogictest::{AsyncDB, DBOutput};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::types::Type;

use super::{REOPEN, SharedHost, cell, tag_count};
use crate::column::ColumnType;
use crate::error::{Error, Result};
use crate::params;

/// The OID under which the server reports pgvector's type: pgvector's own is assigned when the
/// extension is created, so a server may choose; arrow-pg, which encodes ours, chose this one.
const VECTOR_OID: u32 = 16385;
/// The same for `halfvec`.
const HALFVEC_OID: u32 = 16388;

/// One connection that only ever sends Query messages.
pub struct Simple {
    host: SharedHost,
    wire: Option<Wire>,
}

impl Simple {
    /// Connects to the host's server.
    pub async fn connect(host: SharedHost) -> Result<Simple> {
        let wire = Wire::connect(host.lock().await.address()?).await?;
        Ok(Simple { host, wire: Some(wire) })
    }

    async fn reopen(&mut self) -> Result<DBOutput<ColumnType>> {
        self.shutdown().await;
        let mut host = self.host.lock().await;
        host.reopen().await?;
        self.wire = Some(Wire::connect(host.address()?).await?);
        Ok(DBOutput::StatementComplete(0))
    }
}

#[async_trait]
impl AsyncDB for Simple {
    type Error = Error;
    type ColumnType = ColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<ColumnType>> {
        if sql.trim() == REOPEN {
            return self.reopen().await;
        }
        let wire = self.wire.as_mut().ok_or_else(|| Error::runner("the connection has ended"))?;
        let (sql, given) = params::split(sql)?;
        if given.is_empty() { wire.query(sql).await } else { wire.query(&params::inline(sql, &given)?).await }
    }

    async fn shutdown(&mut self) {
        if let Some(wire) = self.wire.take() {
            wire.close().await;
        }
    }

    fn engine_name(&self) -> &str {
        "simple"
    }

    fn error_sql_state(error: &Error) -> Option<String> {
        error.sqlstate().map(str::to_owned)
    }
}

/// A socket that has passed startup.
struct Wire {
    socket: TcpStream,
    input: BytesMut,
}

impl Wire {
    async fn connect(address: std::net::SocketAddr) -> Result<Wire> {
        let mut wire = Wire { socket: TcpStream::connect(address).await?, input: BytesMut::new() };
        let mut out = BytesMut::new();
        frontend::startup_message([("user", "postgres"), ("database", "muster")], &mut out)?;
        wire.socket.write_all(&out).await?;
        loop {
            match wire.next().await? {
                Message::AuthenticationOk | Message::BackendKeyData(_) | Message::ParameterStatus(_) => {}
                Message::ReadyForQuery(_) => return Ok(wire),
                Message::ErrorResponse(body) => return Err(database_error(body.fields())),
                _ => return Err(Error::protocol("unexpected message while connecting")),
            }
        }
    }

    async fn query(&mut self, sql: &str) -> Result<DBOutput<ColumnType>> {
        let mut out = BytesMut::new();
        frontend::query(sql, &mut out)?;
        self.socket.write_all(&out).await?;
        let mut types: Option<Vec<ColumnType>> = None;
        let mut rows = Vec::new();
        let mut complete = None;
        let mut failure = None;
        // Whatever happens, the answer ends with ReadyForQuery, so the next statement finds a clean wire.
        loop {
            match self.next().await? {
                Message::RowDescription(body) if types.is_none() => {
                    let fields = body.fields().map(|field| Ok(column_type(field.type_oid())));
                    types = Some(fields.collect()?);
                }
                Message::DataRow(body) if types.is_some() => rows.push(text_row(&body)?),
                Message::CommandComplete(body) if complete.is_none() => {
                    complete = Some(body.tag()?.to_owned());
                }
                Message::ErrorResponse(body) => failure = Some(database_error(body.fields())),
                Message::NoticeResponse(_)
                | Message::ParameterStatus(_)
                | Message::NotificationResponse(_) => {}
                // A case has no rows to give.
                Message::CopyInResponse(_) => {
                    let mut out = BytesMut::new();
                    frontend::copy_fail("COPY FROM STDIN in a case", &mut out)?;
                    self.socket.write_all(&out).await?;
                }
                Message::ReadyForQuery(_) => break,
                _ => failure = failure.or_else(|| Some(Error::protocol("unexpected message after a query"))),
            }
        }
        match (failure, complete, types) {
            (Some(error), _, _) => Err(error),
            (None, None, _) => Err(Error::protocol("no command tag")),
            (None, Some(tag), Some(types)) => {
                // The tag of a query counts the rows that were sent.
                if tag.starts_with("SELECT") && tag_count(&tag) != rows.len() as u64 {
                    return Err(Error::protocol(format!("tag `{tag}` after {} rows", rows.len())));
                }
                Ok(DBOutput::Rows { types, rows })
            }
            (None, Some(tag), None) => Ok(DBOutput::StatementComplete(tag_count(&tag))),
        }
    }

    async fn next(&mut self) -> Result<Message> {
        loop {
            if let Some(message) = Message::parse(&mut self.input)? {
                return Ok(message);
            }
            if self.socket.read_buf(&mut self.input).await? == 0 {
                return Err(Error::protocol("the server closed the connection"));
            }
        }
    }

    async fn close(mut self) {
        let mut out = BytesMut::new();
        frontend::terminate(&mut out);
        // The server may have gone first; there is nothing left to say to it then.
        let _ = self.socket.write_all(&out).await;
        let _ = self.socket.shutdown().await;
    }
}

fn column_type(oid: u32) -> ColumnType {
    match Type::from_oid(oid) {
        Some(known) => ColumnType::from_wire(&known),
        None if [VECTOR_OID, HALFVEC_OID].contains(&oid) => ColumnType::Vector,
        None => ColumnType::Other,
    }
}

fn text_row(body: &DataRowBody) -> Result<Vec<String>> {
    let mut cells = Vec::new();
    let mut ranges = body.ranges();
    while let Some(range) = ranges.next()? {
        let value = match range {
            None => None,
            Some(range) => {
                let bytes =
                    body.buffer().get(range).ok_or_else(|| Error::protocol("a value out of its row"))?;
                let text = std::str::from_utf8(bytes).map_err(|error| Error::protocol(error.to_string()))?;
                Some(text.to_owned())
            }
        };
        cells.push(cell(value));
    }
    Ok(cells)
}

fn database_error(mut fields: ErrorFields<'_>) -> Error {
    let (mut sqlstate, mut message) = (String::new(), String::new());
    while let Ok(Some(field)) = fields.next() {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => sqlstate = value,
            b'M' => message = value,
            _ => {}
        }
    }
    Error::Database { sqlstate, message }
}
