//! What is done before the clock starts: the corpus is looked at, the roster written, every client connected.

use std::rc::Rc;

use futures::future::try_join_all;
use tokio_postgres::{Client as Connection, Config};

use super::client::Client;
use super::failure;
use super::pool;
use super::roster::{Roster, Worker};
use super::run::Plan;
use super::steps::Material;
use crate::cli::error::{Error, Result};

/// Answers that the scenarios need to find.
const LEAST: i64 = 10;

/// What the load runs with.
pub(super) struct Prepared {
    pub(super) material: Rc<Material>,
    pub(super) clients: Vec<Client>,
}

/// Writes the roster, connects the clients, and makes all that they share.
///
/// # Errors
/// When the server cannot be reached, or has nobody to find.
pub(super) async fn prepare(plan: &Plan) -> Result<Prepared> {
    let (connection, driver) =
        plan.target.connect().await.map_err(failed(format!("reach {}", server(&plan.target.config))))?;
    tokio::task::spawn_local(async move {
        let _closed = driver.await;
    });
    look(&connection, plan).await?;
    let roster = Roster::new();
    write(&connection, &roster.workers).await.map_err(failed("write the roster into workers".to_owned()))?;

    let mut clients = Vec::with_capacity(plan.concurrency);
    for number in 1..=plan.concurrency {
        let client = Client::connect(&plan.target, &plan.corpus, plan.result_cache).await;
        let client = client.map_err(|failure| Error::Bench {
            reason: format!("cannot connect client {number} of {}: {}", plan.concurrency, failure.reason),
        });
        clients.push(client?);
    }
    let source = format!("bench-multitier-{:016x}", rand::random::<u64>());
    let material = Material { queries: pool::queries(), roster, corpus: plan.corpus.clone(), source };
    Ok(Prepared { material: Rc::new(material), clients })
}

/// What became of something that the server was to do.
fn failed(what: String) -> impl Fn(tokio_postgres::Error) -> Error {
    move |error| Error::Bench { reason: format!("cannot {what}: {}", failure::reason(&error)) }
}

/// Where a server is, without the password that leads to it.
fn server(config: &Config) -> String {
    use tokio_postgres::config::Host;
    let host = config.get_hosts().first().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let port = config.get_ports().first().copied().unwrap_or(5432);
    host.map_or_else(|| "the server".to_owned(), |host| format!("{host}:{port}"))
}

/// Fails unless there is somebody to find.
async fn look(connection: &Connection, plan: &Plan) -> Result<()> {
    let corpus = &plan.corpus;
    let failed = failed(format!("search corpus {corpus}"));
    let literal = corpus.replace('\'', "''");
    let probe =
        format!("SELECT count(*) FROM matrix_search('forklift operator', corpora => ARRAY['{literal}'])");
    let row = connection.query_one(&probe, &[]).await.map_err(&failed)?;
    let found: i64 = row.try_get(0).map_err(&failed)?;
    if found < LEAST {
        let message = format!("a search of corpus {corpus} finds {found} rows. Load some: {HOW_TO_LOAD}");
        return Err(Error::Usage { message });
    }
    Ok(())
}

/// How a database comes by workers.
pub(super) const HOW_TO_LOAD: &str = "muster generate workers --rows 100000 --seed 42 --out workers.parquet, \
                                      then muster load workers.parquet --table workers --data DIR";

/// Writes the roster, all rows on their way at once.
async fn write(
    connection: &Connection,
    workers: &[Worker],
) -> std::result::Result<(), tokio_postgres::Error> {
    let insert = "INSERT INTO workers \
                  (worker_id, name, role, city, state, years_experience, email, phone, profile, status, blacklisted_clients) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', NULL) \
                  ON CONFLICT (worker_id) DO UPDATE SET name = excluded.name, role = excluded.role, \
                  city = excluded.city, state = excluded.state, years_experience = excluded.years_experience, \
                  email = excluded.email, phone = excluded.phone, profile = excluded.profile, \
                  status = excluded.status, blacklisted_clients = excluded.blacklisted_clients";
    let insert = &connection.prepare(insert).await?;
    let write = |worker: &Worker| {
        let worker = worker.clone();
        async move {
            let Worker { id, name, role, city, state, years, email, phone } = &worker;
            let profile = worker.profile();
            connection.execute(insert, &[id, name, role, city, state, years, email, phone, &profile]).await
        }
    };
    try_join_all(workers.iter().map(write)).await.map(|_| ())
}
