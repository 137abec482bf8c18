//! The load itself: the roster is written, the clients connect, the time runs, beats are taken.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tokio_postgres::{Config, NoTls};

use super::client::Client;
use super::failure::Failure;
use super::pool;
use super::roster::Roster;
use super::scenario::Scenario;
use super::steps::{Actor, Material, Outcome};
use super::tally::{Beat, Tally};
use super::usage::Watched;
use crate::cli::error::{Error, Result};
use crate::cli::interrupt;
use crate::cli::output::complain;

/// What is to run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) config: Config,
    /// The server's process, when it is the load's own.
    pub(super) watched: Option<Watched>,
    pub(super) concurrency: usize,
    pub(super) duration: Duration,
    pub(super) warmup: Duration,
    pub(super) corpus: String,
    pub(super) seed: u64,
    pub(super) result_cache: bool,
}

/// Between two beats.
const BEAT: Duration = Duration::from_secs(1);

/// Beats between two lines where nobody watches.
const LINE_EVERY: usize = 10;

/// How long a client waits before it connects again.
const PAUSE: Duration = Duration::from_millis(200);

/// How to reach a server on this machine.
pub(super) fn connect_config(address: SocketAddr) -> Config {
    let mut config = Config::new();
    config.host(address.ip().to_string()).port(address.port()).user("postgres").dbname("muster");
    config
}

/// Writes the roster, and makes all that clients share.
///
/// # Errors
/// When the server cannot be reached, or has nobody to find.
pub(super) async fn prepare(plan: &Plan) -> Result<Rc<Material>> {
    let failed =
        |error: tokio_postgres::Error| Error::Task { reason: format!("preparing: {}", told(&error)) };
    let (connection, driver) = plan.config.connect(NoTls).await.map_err(failed)?;
    tokio::task::spawn_local(async move {
        let _closed = driver.await;
    });
    let corpus = plan.corpus.replace('\'', "''");
    let probe = format!(
        "SELECT count(*) FROM matrix_search('{}', corpora => ARRAY['{corpus}'])",
        "forklift operator"
    );
    let found: i64 = connection.query_one(&probe, &[]).await.map_err(failed)?.try_get(0).map_err(failed)?;
    if found < 10 {
        let message = format!(
            "corpus \"{}\" has {found} rows; load some: muster generate workers --rows 100000 --seed 42 --out w.parquet, \
             then muster load w.parquet --table workers --data DIR",
            plan.corpus
        );
        return Err(Error::Usage { message });
    }
    let roster = Roster::new();
    let insert = "INSERT INTO workers (worker_id, name, role, city, state, status, profile) \
                  VALUES ($1, $2, $3, $4, $5, 'active', $6) \
                  ON CONFLICT (worker_id) DO UPDATE SET name = excluded.name, role = excluded.role, \
                  city = excluded.city, state = excluded.state, status = excluded.status";
    let insert = connection.prepare(insert).await.map_err(failed)?;
    for worker in &roster.workers {
        let profile = format!(
            "{} of the bench roster, {} in {} {}",
            worker.name, worker.role, worker.city, worker.state
        );
        let row = [
            &worker.id,
            &worker.name,
            &worker.role.to_string(),
            &worker.city.to_string(),
            &worker.state.to_string(),
            &profile,
        ];
        let row: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            row.iter().map(|value| *value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
        connection.execute(&insert, &row).await.map_err(failed)?;
    }
    let source = format!("bench-{:016x}", rand::random::<u64>());
    let queries = pool::queries();
    Ok(Rc::new(Material { queries, roster, corpus: plan.corpus.clone(), source }))
}

fn told(error: &tokio_postgres::Error) -> String {
    Failure::statement("", error).reason
}

/// Runs all clients until the time is over, or Ctrl-C; gives what was counted, and for how many seconds.
///
/// # Errors
/// When a client cannot connect at the start.
pub(super) async fn run(plan: &Plan, material: Rc<Material>) -> Result<(Tally, f64)> {
    let tally = Rc::new(RefCell::new(Tally::new()));
    let over = Rc::new(Cell::new(false));
    let counting = Rc::new(Cell::new(plan.warmup.is_zero()));
    let mut clients = Vec::with_capacity(plan.concurrency);
    for number in 0..plan.concurrency {
        let client = Client::connect(&plan.config, &plan.corpus, plan.result_cache).await;
        let client =
            client.map_err(|failure| Error::Task { reason: format!("client {number}: {failure}") })?;
        // Orders are new in each run, so the client's random numbers must be: the tag is mixed in.
        let seed = plan.seed ^ hash(&material.source) ^ (number as u64) << 32;
        let random = ChaCha8Rng::seed_from_u64(seed);
        let actor = Actor { client, random, material: material.clone() };
        clients.push((actor, tally.clone(), over.clone(), counting.clone()));
    }
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|(actor, tally, over, counting)| {
            let (config, corpus, cache) = (plan.config.clone(), plan.corpus.clone(), plan.result_cache);
            tokio::task::spawn_local(async move {
                act(actor, &tally, &over, &counting, &|| Client::connect(&config, &corpus, cache)).await;
            })
        })
        .collect();
    let interrupted = interrupt::interrupted();
    tokio::pin!(interrupted);
    if !plan.warmup.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(plan.warmup) => {}
            () = &mut interrupted => {}
        }
        counting.set(true);
    }
    let seconds = beats(plan, &tally, interrupted).await;
    over.set(true);
    for task in tasks {
        let _ended = task.await;
    }
    let tally = std::mem::replace(&mut *tally.borrow_mut(), Tally::new());
    Ok((tally, seconds))
}

/// Scenario after scenario until it is over.
async fn act(
    mut actor: Actor,
    tally: &RefCell<Tally>,
    over: &Cell<bool>,
    counting: &Cell<bool>,
    connect: &impl AsyncFn() -> std::result::Result<Client, Failure>,
) {
    while !over.get() {
        let scenario = Scenario::draw(&mut actor.random);
        let mut outcome = Outcome::default();
        let counted = counting.get();
        let started = Instant::now();
        let result = actor.play(scenario, &mut outcome).await;
        let took = started.elapsed();
        let disconnected = result.as_ref().is_err_and(|failure| failure.disconnected);
        // What ends after the time is over is a scenario that ran, and was waited for.
        if counted {
            tally.borrow_mut().add(scenario, took, outcome, result);
        }
        while disconnected && !over.get() {
            tokio::time::sleep(PAUSE).await;
            match connect().await {
                Ok(client) => {
                    actor.client = client;
                    break;
                }
                Err(failure) => tally.borrow_mut().add_failure(failure),
            }
        }
    }
}

/// Takes a beat each second until the time is over; gives the seconds.
async fn beats(
    plan: &Plan,
    tally: &RefCell<Tally>,
    mut interrupted: impl Future<Output = ()> + Unpin,
) -> f64 {
    let started = Instant::now();
    let sample = || plan.watched.as_ref().and_then(Watched::sample);
    let terminal = std::io::stderr().is_terminal();
    let mut number = 0_usize;
    loop {
        let left = plan.duration.saturating_sub(started.elapsed());
        let done = tokio::select! {
            () = tokio::time::sleep(left.min(BEAT)) => left <= BEAT,
            () = &mut interrupted => true,
        };
        let at = started.elapsed().as_secs_f64();
        let beat = tally.borrow_mut().beat(at, sample());
        number += 1;
        if terminal {
            complain(&format!("\r\x1b[K{}", line(&beat)));
        } else if number.is_multiple_of(LINE_EVERY) {
            complain(&format!("{}\n", line(&beat)));
        }
        if done {
            if terminal {
                complain("\r\x1b[K");
            }
            return at;
        }
    }
}

fn line(beat: &Beat) -> String {
    let memory = beat.server.map_or_else(String::new, |server| format!(", {} MiB", server.resident >> 20));
    format!(
        "{:>5.0} s: {:>6.0} scenarios/s, p50 {:.1} ms, p99 {:.1} ms, {} failures{memory}",
        beat.at, beat.per_second, beat.p50, beat.p99, beat.failures
    )
}

/// A number of a text, the same in every build.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
