//! A server under many writing clients that is killed, again and again, over one folder.
//!
//! `MUSTER_KILLS` says how often; without it, as often as fits into a minute.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::ledger::{Ledger, TABLES};
use super::log::Log;
use super::writer::{COUNTERS, MARKS, Writer, of_its_own, vacuum};
use super::{connect, random};
use crate::server::{PATIENCE, Process};

/// Clients that write at once.
const WRITERS: usize = 50;
/// Until the kill, from the moment when all clients are connected.
const MOMENT: Duration = Duration::from_millis(1200);
/// Statements of rounds before that one writer may delete in a round.
const DELETABLE: usize = 2;
/// After so many rounds all rows are compared, not those of the round alone.
const WHOLE: usize = 25;
/// How long it goes on unless it is told how often.
const TIME: Duration = Duration::from_secs(55);

async fn create(client: &::tokio_postgres::Client) {
    client.batch_execute(TABLES).await.unwrap();
    let counters: Vec<_> = (0..COUNTERS).map(|counter| format!("({counter}, 0)")).collect();
    let marks = (0..WRITERS * MARKS).map(|mark| format!("({mark}, {}, 0)", mark / MARKS));
    let marks = marks.collect::<Vec<_>>().join(", ");
    let sql =
        format!("INSERT INTO counters VALUES {}; INSERT INTO marks VALUES {marks}", counters.join(", "));
    client.batch_execute(&sql).await.unwrap();
}

/// Lets clients write until the server is killed, and gives what they know then.
fn kill_under_writers(
    server: Process,
    runtime: &tokio::runtime::Runtime,
    ledger: &Ledger,
    round: usize,
    random: &mut ChaCha8Rng,
) -> Log {
    let log = Arc::new(Mutex::new(Log::default()));
    let (begins, begun) = mpsc::channel();
    let mut old = ledger.deletable();
    old.shuffle(random);
    let mut clients: Vec<_> = (0..WRITERS)
        .map(|number| {
            let old = old.split_off(old.len().saturating_sub(DELETABLE));
            let writer = Writer { round, number, log: log.clone(), old, random: of_its_own(random) };
            runtime.spawn(writer.write(server.address, begins.clone()))
        })
        .collect();
    for _ in 0..WRITERS {
        begun.recv_timeout(PATIENCE).unwrap();
    }
    clients.push(runtime.spawn(vacuum(server.address, of_its_own(random))));
    std::thread::sleep(MOMENT.mul_f64(random.random_range(0.0..1.0)));
    server.kill();
    runtime.block_on(async {
        for client in clients {
            client.await.unwrap();
        }
    });
    Arc::into_inner(log).unwrap().into_inner().unwrap()
}

#[test]
fn killed_under_writers_it_keeps_what_it_acknowledged_and_nothing_by_halves() {
    let kills: Option<usize> = std::env::var("MUSTER_KILLS").ok().map(|kills| kills.parse().unwrap());
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut ledger = Ledger::default();
    let start = Instant::now();
    let mut left = None;
    for round in 0.. {
        let server = Process::serve(folder.path(), &[]);
        let last = kills.map_or(start.elapsed() > TIME, |kills| round >= kills);
        runtime.block_on(async {
            let client = connect(server.address).await.unwrap();
            match left.take() {
                None => create(&client).await,
                Some(log) => ledger.settle(&client, log, round - 1).await,
            }
            if last || round % WHOLE == 0 {
                ledger.check(&client, round).await;
            }
        });
        if last {
            break;
        }
        left = Some(kill_under_writers(server, &runtime, &ledger, round, &mut random));
    }
    assert!(ledger.counts.acknowledged > 0, "the server was killed before it could do anything");
}
