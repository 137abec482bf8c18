//! The engine over the extended protocol: tokio-postgres prepares, binds parameters as text of the
//! reported types, and asks for every result in binary.

use async_trait::async_trait;
use bytes::BytesMut;
use futures::{TryStreamExt, pin_mut};
use sqllogictest::{AsyncDB, DBOutput};
use tokio::task::JoinHandle;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type};
use tokio_postgres::{Client, NoTls};

use super::{REOPEN, SharedHost, cell};
use crate::column::ColumnType;
use crate::error::{Error, Result};
use crate::{params, text};

type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// One connection of tokio-postgres.
pub struct Extended {
    host: SharedHost,
    link: Option<Link>,
}

struct Link {
    client: Client,
    driver: JoinHandle<std::result::Result<(), tokio_postgres::Error>>,
}

impl Extended {
    /// Connects to the host's server.
    pub async fn connect(host: SharedHost) -> Result<Extended> {
        let link = Link::connect(host.lock().await.address()?).await?;
        Ok(Extended { host, link: Some(link) })
    }

    async fn reopen(&mut self) -> Result<DBOutput<ColumnType>> {
        self.shutdown().await;
        let mut host = self.host.lock().await;
        host.reopen().await?;
        self.link = Some(Link::connect(host.address()?).await?);
        Ok(DBOutput::StatementComplete(0))
    }
}

impl Link {
    async fn connect(address: std::net::SocketAddr) -> Result<Link> {
        let mut config = tokio_postgres::Config::new();
        config.host(address.ip().to_string()).port(address.port()).user("postgres").dbname("muster");
        let (client, connection) = config.connect(NoTls).await?;
        Ok(Link { client, driver: tokio::spawn(connection) })
    }
}

#[async_trait]
impl AsyncDB for Extended {
    type Error = Error;
    type ColumnType = ColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<ColumnType>> {
        if sql.trim() == REOPEN {
            return self.reopen().await;
        }
        let link = self.link.as_ref().ok_or_else(|| Error::runner("the connection has ended"))?;
        let (sql, given) = params::split(sql)?;
        let statement = link.client.prepare(sql).await?;
        let given: Vec<TextParameter> =
            given.iter().map(|value| TextParameter(params::to_text(value))).collect();
        if given.len() != statement.params().len() {
            return Err(Error::record(format!(
                "the server reports {} parameters, the record gives {}",
                statement.params().len(),
                given.len()
            )));
        }
        let borrowed: Vec<&(dyn ToSql + Sync)> = given.iter().map(|value| value as _).collect();
        if statement.columns().is_empty() {
            return Ok(DBOutput::StatementComplete(link.client.execute(&statement, &borrowed).await?));
        }
        let types = statement.columns().iter().map(|column| ColumnType::from_wire(column.type_())).collect();
        let stream = link.client.query_raw(&statement, borrowed).await?;
        pin_mut!(stream);
        let mut lines = Vec::new();
        while let Some(row) = stream.try_next().await? {
            let mut line = Vec::with_capacity(row.len());
            for (index, column) in row.columns().iter().enumerate() {
                let raw: Option<Raw> = row.try_get(index)?;
                let printed = raw.map(|raw| text::binary::value(column.type_(), &raw.0)).transpose()?;
                line.push(cell(printed));
            }
            lines.push(line);
        }
        Ok(DBOutput::Rows { types, rows: lines })
    }

    async fn shutdown(&mut self) {
        if let Some(Link { client, driver }) = self.link.take() {
            drop(client);
            // A connection that broke has failed its statements already.
            let _ = driver.await;
        }
    }

    fn engine_name(&self) -> &str {
        "extended"
    }

    fn error_sql_state(error: &Error) -> Option<String> {
        error.sqlstate().map(str::to_owned)
    }
}

/// A parameter sent in text format, whatever type the server reports.
#[derive(Debug)]
struct TextParameter(Option<String>);

impl ToSql for TextParameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, BoxError> {
        Ok(match &self.0 {
            None => IsNull::Yes,
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, BoxError> {
        self.to_sql(ty, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }
}

/// The bytes of a value as they came.
struct Raw(Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> std::result::Result<Raw, BoxError> {
        Ok(Raw(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
