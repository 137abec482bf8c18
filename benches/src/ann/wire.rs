//! A server of the PostgreSQL protocol, asked by one client program: the same for Muster and for PostgreSQL.
//!
//! Statements are prepared, parameters and results binary, and parameters are encoded before the clock starts. One
//! thread drives all connections, as pgbench does with `-j 1`. A measurement goes on for some time, and over all
//! queries at least once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use tokio::runtime::Runtime;
use tokio_postgres::types::{Kind, Type};
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::args::CONNECTIONS;
use super::pass::Pass;
use super::problem::Problem;
use super::process::Process;
use super::sql;
use super::system::{Built, Line, System};
use super::vectors::Encoded;

/// How to reach a server.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    pub(super) user: &'static str,
    pub(super) database: &'static str,
}

/// Opens a connection, whose own task runs on the runtime that this is awaited on.
///
/// # Errors
/// When there is no server.
pub(super) async fn connect(endpoint: &Endpoint) -> Result<Client> {
    let Endpoint { address, user, database } = endpoint;
    let config = format!("host={} port={} user={user} dbname={database}", address.ip(), address.port());
    let (client, connection) = tokio_postgres::connect(&config, NoTls).await?;
    tokio::spawn(async {
        // Its error is the client's to see.
        drop(connection.await);
    });
    Ok(client)
}

/// One thread that drives connections.
pub(super) fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// The type `vector`, whose object id differs between servers.
///
/// # Errors
/// When the server has no such type.
pub(super) async fn vector_type(client: &Client) -> Result<Type> {
    let row = client.query_one("SELECT oid FROM pg_catalog.pg_type WHERE typname = 'vector'", &[]).await?;
    Ok(Type::new("vector".into(), row.try_get(0)?, Kind::Simple, "public".into()))
}

/// The ids of a search's rows.
fn ids(rows: &[Row]) -> Result<Vec<i64>> {
    rows.iter()
        .map(|row| {
            let column = row.columns().first().context("a search returns ids")?;
            Ok(if *column.type_() == Type::TEXT {
                row.try_get::<_, &str>(0)?.parse()?
            } else {
                row.try_get(0)?
            })
        })
        .collect()
}

/// A connection with the search prepared.
struct Asking {
    client: Client,
    search: Statement,
}

/// What the connections of one measurement share.
struct Work {
    queries: Arc<Vec<Encoded>>,
    next: AtomicUsize,
    start: Instant,
    least: Duration,
}

impl Work {
    /// The next query's position, and whether it is the first time; `None` when enough was asked.
    fn take(&self) -> Option<(usize, bool)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let first = number < self.queries.len();
        (first || self.start.elapsed() < self.least).then(|| (number % self.queries.len().max(1), first))
    }
}

/// See the module.
pub(super) struct Wire {
    built: Built,
    label: &'static str,
    queries: Arc<Vec<Encoded>>,
    connections: Vec<Arc<Asking>>,
    runtime: Runtime,
    least: Duration,
    // Dropped last: the connections are closed by then.
    _process: Process,
}

impl Wire {
    /// Opens as many connections as the most that are measured, and prepares the search on each.
    ///
    /// # Errors
    /// The server's.
    pub(super) fn connect(
        label: &'static str,
        built: Built,
        process: Process,
        endpoint: &Endpoint,
        search: &str,
        problem: &Problem,
        least: f64,
    ) -> Result<Self> {
        let runtime = runtime()?;
        let connections = runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..CONNECTIONS.iter().copied().max().unwrap_or(1) {
                let client = connect(endpoint).await?;
                client.batch_execute(sql::NO_RESULT_CACHE).await?;
                let vector = vector_type(&client).await?;
                let search = client.prepare_typed(search, &[vector]).await?;
                connections.push(Arc::new(Asking { client, search }));
            }
            anyhow::Ok(connections)
        })?;
        Ok(Self {
            built,
            label,
            queries: Arc::new(problem.queries().map(Encoded::vector).collect()),
            connections,
            runtime,
            least: Duration::from_secs_f64(least),
            _process: process,
        })
    }

    fn drive(&self, connections: &[Arc<Asking>], least: Duration) -> Result<Pass> {
        let work = Arc::new(Work {
            queries: self.queries.clone(),
            next: AtomicUsize::new(0),
            start: Instant::now(),
            least,
        });
        self.runtime.block_on(async {
            let asking = connections.iter().map(|asking| tokio::spawn(ask(asking.clone(), work.clone())));
            let done = try_join_all(asking).await?;
            let mut pass = Pass { seconds: work.start.elapsed().as_secs_f64(), ..Pass::default() };
            for part in done {
                let part = part?;
                pass.answers.extend(part.answers);
                pass.nanos.extend(part.nanos);
            }
            Ok(pass)
        })
    }
}

/// One connection's share: searches, one after the other.
async fn ask(asking: Arc<Asking>, work: Arc<Work>) -> Result<Pass> {
    let mut pass = Pass::default();
    while let Some((number, first)) = work.take() {
        let Some(query) = work.queries.get(number) else { break };
        let start = Instant::now();
        let rows = asking.client.query(&asking.search, &[query]).await?;
        pass.nanos.push(start.elapsed().as_nanos() as u64);
        if first {
            pass.answers.push((number, ids(&rows)?));
        }
    }
    Ok(pass)
}

impl System for Wire {
    fn built(&self) -> &Built {
        &self.built
    }

    fn lines(&self) -> Vec<Line> {
        CONNECTIONS
            .into_iter()
            .map(|connections| Line { connections: Some(connections), ..Line::in_process(self.label) })
            .collect()
    }

    fn measure(&mut self, line: &Line, ef: usize) -> Result<Pass> {
        let count = line.connections.unwrap_or(1);
        let connections = self.connections.get(..count).context("not as many connections were opened")?;
        self.runtime.block_on(async {
            for asking in connections {
                asking.client.batch_execute(&sql::set_ef(ef)).await?;
            }
            anyhow::Ok(())
        })?;
        // Once over all queries warms up.
        self.drive(connections, Duration::ZERO)?;
        self.drive(connections, self.least)
    }
}
