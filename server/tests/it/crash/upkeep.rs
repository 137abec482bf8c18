//! A server that is killed while it loads in bulk, makes indexes, compacts and takes backups at the same time.
//!
//! Afterwards the database is sound, a load is there as a whole or not at all, and the last backup that was
//! acknowledged can be restored and has what had been acknowledged before it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::SinkExt;
use muster::blocking::Database;
use muster::{Severity, arrow::array::AsArray, arrow::datatypes::Int64Type};
use rand::Rng;

use super::writer::{Ended, Result, run};
use super::{connect, random};
use crate::server::Process;

const ROUNDS: usize = 8;
/// Rows of one load: so many that they go straight into segments.
const ROWS: usize = 17_000;
/// Until the kill.
const MOMENT: Duration = Duration::from_secs(4);

/// Between making an index and dropping it: a load that is under way then has lost.
const PAUSE: Duration = Duration::from_millis(1500);

/// What the clients know.
#[derive(Default)]
struct Log {
    next: i64,
    tried: BTreeSet<i64>,
    /// Loads that lost against a definition.
    undone: BTreeSet<i64>,
    acknowledged: BTreeSet<i64>,
    /// The loads that had been acknowledged when the last backup that was acknowledged began.
    backup: Option<BTreeSet<i64>>,
    backups: usize,
}

type Shared = Arc<Mutex<Log>>;

async fn load(address: SocketAddr, log: Shared) -> Result<()> {
    let client = connect(address).await?;
    loop {
        let number = {
            let mut log = log.lock().unwrap();
            log.next += 1;
            let number = log.next;
            log.tried.insert(number);
            number
        };
        let mut lines = String::new();
        for row in 0..ROWS {
            writeln!(lines, "{number}-{row}\t{number}\t[{row},{number},1]").unwrap();
        }
        let copied = async {
            let sink = client.copy_in("COPY bulk FROM STDIN").await?;
            let mut sink = std::pin::pin!(sink);
            for part in lines.as_bytes().chunks(1 << 16) {
                sink.send(Bytes::copy_from_slice(part)).await?;
            }
            Ok(sink.finish().await?)
        };
        match copied.await {
            Ok(rows) => assert_eq!(rows, ROWS as u64),
            Err(Ended::Conflict) => {
                log.lock().unwrap().undone.insert(number);
                continue;
            }
            Err(Ended::Gone) => return Err(Ended::Gone),
        }
        log.lock().unwrap().acknowledged.insert(number);
    }
}

async fn repeat(address: SocketAddr, statements: [&str; 2], pause: Duration) -> Result<()> {
    let client = connect(address).await?;
    loop {
        for statement in statements {
            run(&client, statement).await?;
            tokio::time::sleep(pause).await;
        }
    }
}

async fn back_up(address: SocketAddr, to: String, log: Shared) -> Result<()> {
    let client = connect(address).await?;
    loop {
        let before = log.lock().unwrap().acknowledged.clone();
        run(&client, &format!("CALL muster_backup('{to}')")).await?;
        let mut log = log.lock().unwrap();
        log.backup = Some(before);
        log.backups += 1;
    }
}

/// The loads in a database, each of which must be whole; the database must be sound.
fn loads(data: &Path, round: usize) -> BTreeSet<i64> {
    let findings = muster::check(data, &|_, _| true).unwrap();
    let wrong: Vec<_> = findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
    assert!(wrong.is_empty(), "round {round}: {wrong:?}");
    let database = Database::open(data).unwrap();
    let counts = "SELECT CAST(number AS bigint), count(DISTINCT id) FROM bulk GROUP BY number";
    let result = database.session().query(counts, &[]).unwrap();
    let mut loads = BTreeSet::new();
    for batch in result.batches() {
        let column = |place: usize| batch.column(place).as_primitive::<Int64Type>().values().to_vec();
        for (number, rows) in column(0).into_iter().zip(column(1)) {
            assert_eq!(rows, ROWS as i64, "round {round}: load {number} is there by halves");
            loads.insert(number);
        }
    }
    loads
}

#[test]
fn killed_under_loads_indexes_and_backups_it_is_whole() {
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    Database::open(&data)
        .unwrap()
        .session()
        .execute("CREATE TABLE bulk (id text PRIMARY KEY, number int, embedding vector(3))", &[])
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let log = Shared::default();
    for round in 1..=ROUNDS {
        let server = Process::serve(&data, &["--copy-dir", folder.path().to_str().unwrap()]);
        let address = server.address;
        let index = [
            "CREATE INDEX IF NOT EXISTS near ON bulk USING hnsw (embedding vector_l2_ops)",
            "DROP INDEX IF EXISTS near",
        ];
        let clients = [
            runtime.spawn(load(address, log.clone())),
            runtime.spawn(repeat(address, index, PAUSE)),
            runtime.spawn(repeat(address, ["VACUUM", "VACUUM FULL"], Duration::ZERO)),
            runtime.spawn(back_up(address, backup.to_str().unwrap().to_string(), log.clone())),
        ];
        std::thread::sleep(MOMENT.mul_f64(random.random_range(0.1..1.0)));
        server.kill();
        for client in clients {
            assert!(matches!(runtime.block_on(client).unwrap(), Err(Ended::Gone)), "round {round}");
        }
        let mut log = log.lock().unwrap();
        let found = loads(&data, round);
        assert!(found.is_superset(&log.acknowledged), "round {round}: {:?} of {found:?}", log.acknowledged);
        assert!(found.is_subset(&log.tried) && found.is_disjoint(&log.undone), "round {round}: {found:?}");
        // What came through is as certain from now on.
        log.acknowledged = found;
        log.tried = log.acknowledged.clone();
        if let Some(before) = &log.backup {
            let restored = folder.path().join("restored");
            muster::restore(&backup, &restored, &|_| true).unwrap();
            let found = loads(&restored, round);
            assert!(
                found.is_superset(before),
                "round {round}: the backup has {found:?}, not all of {before:?}"
            );
            assert!(found.is_subset(&log.tried), "round {round}: the backup has {found:?}");
            std::fs::remove_dir_all(&restored).unwrap();
        }
    }
    let log = log.lock().unwrap();
    println!("{} loads of {} tried, {} backups", log.acknowledged.len(), log.next, log.backups);
    assert!(!log.acknowledged.is_empty(), "the server was killed before it could do anything");
}
