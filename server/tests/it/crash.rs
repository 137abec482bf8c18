//! `kill -9` at random moments: what was acknowledged is there, nothing is there twice, nothing is
//! half there.
//!
//! The moments are drawn from a seed that is printed; a failure names its round.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use ::tokio_postgres::{Client, NoTls};
use muster::blocking::Database;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::server::{PATIENCE, Process, muster};

/// How often the server is killed while clients insert.
const INSERT_ROUNDS: usize = 200;
/// How often a bulk load is killed.
const LOAD_ROUNDS: usize = 20;
/// Clients that insert at once, so that commits share their fsync.
const WRITERS: usize = 4;
/// Rows of one statement, which must all be there or none.
const ROWS: usize = 3;
/// Rows of the file that is loaded.
const FILE_ROWS: usize = 20_000;

/// A statement, by round, writer and number; it put `ROWS` rows with these in their key.
type Statement = (usize, usize, usize);

fn random() -> ChaCha8Rng {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

async fn connect(address: SocketAddr) -> Result<Client, ::tokio_postgres::Error> {
    let config = format!("host={} port={} user=ann dbname=muster", address.ip(), address.port());
    let (client, connection) = ::tokio_postgres::connect(&config, NoTls).await?;
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

/// Inserts until the server is gone; says when it begins, notes what it tried and what was
/// acknowledged.
async fn write(
    address: SocketAddr,
    begins: mpsc::Sender<()>,
    round: usize,
    writer: usize,
    tried: Arc<Mutex<BTreeSet<Statement>>>,
    acknowledged: Arc<Mutex<BTreeSet<Statement>>>,
) {
    let client = connect(address).await.unwrap();
    let insert = "INSERT INTO ledger VALUES ($1, $2, $3), ($4, $2, $3), ($5, $2, $3)";
    let insert = client.prepare(insert).await.unwrap();
    begins.send(()).unwrap();
    for number in 0.. {
        let statement = (round, writer, number);
        let keys: Vec<String> = (0..ROWS).map(|row| format!("{round}-{writer}-{number}-{row}")).collect();
        let note = format!("{round}-{writer}-{number}");
        let round = i32::try_from(round).unwrap();
        tried.lock().unwrap().insert(statement);
        match client.execute(&insert, &[&keys[0], &round, &note, &keys[1], &keys[2]]).await {
            Ok(rows) => {
                assert_eq!(rows, ROWS as u64);
                acknowledged.lock().unwrap().insert(statement);
            }
            Err(error) => {
                assert!(error.code().is_none(), "the server refused an insert: {error:?}");
                return;
            }
        }
    }
}

/// The statements whose rows are in the table; each must have all its rows, once, and whole.
fn statements(rows: &[(String, i32, String)], round: usize) -> BTreeSet<Statement> {
    let mut found: BTreeMap<Statement, Vec<usize>> = BTreeMap::new();
    for (key, row_round, note) in rows {
        let numbers: Vec<usize> = key.split('-').map(|part| part.parse().unwrap()).collect();
        let [of, writer, number, row] = numbers[..] else { panic!("a strange key in round {round}: {key}") };
        assert_eq!(i32::try_from(of).unwrap(), *row_round, "round {round}: the row {key} is torn");
        assert_eq!(*note, format!("{of}-{writer}-{number}"), "round {round}: the row {key} is torn");
        found.entry((of, writer, number)).or_default().push(row);
    }
    for (statement, rows) in &mut found {
        rows.sort_unstable();
        assert_eq!(
            *rows,
            (0..ROWS).collect::<Vec<_>>(),
            "round {round}: {statement:?} has the rows {rows:?}"
        );
    }
    found.into_keys().collect()
}

async fn read(client: &Client, filter: &str) -> Vec<(String, i32, String)> {
    let rows = client.query(&format!("SELECT id, round, note FROM ledger {filter}"), &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

/// What is in the table must have been tried, and what was acknowledged must be in the table.
fn check(
    found: &BTreeSet<Statement>,
    tried: &BTreeSet<Statement>,
    acknowledged: &BTreeSet<Statement>,
    round: usize,
) {
    let lost: Vec<_> = acknowledged.difference(found).collect();
    assert!(lost.is_empty(), "round {round}: acknowledged and not there: {lost:?}");
    let strange: Vec<_> = found.difference(tried).collect();
    assert!(strange.is_empty(), "round {round}: there and never tried: {strange:?}");
}

#[test]
fn killed_during_inserts_it_keeps_what_it_acknowledged() {
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut tried, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..=INSERT_ROUNDS {
        let server = Process::serve(folder.path(), &[]);
        let last = round == INSERT_ROUNDS;
        runtime.block_on(async {
            let client = connect(server.address).await.unwrap();
            if round == 0 {
                client
                    .batch_execute("CREATE TABLE ledger (id text PRIMARY KEY, round int, note text)")
                    .await
                    .unwrap();
            } else {
                // What the round before left behind; at the end, what all of them did.
                let of_before = |statements: &BTreeSet<Statement>| -> BTreeSet<Statement> {
                    statements.iter().copied().filter(|(of, _, _)| last || of + 1 == round).collect()
                };
                let filter = if last { String::new() } else { format!("WHERE round = {}", round - 1) };
                let found = statements(&read(&client, &filter).await, round);
                check(&found, &of_before(&tried), &of_before(&acknowledged), round);
            }
        });
        if last {
            break;
        }
        let (round_tried, round_acknowledged) = (Arc::default(), Arc::default());
        let (begins, begun) = mpsc::channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (tried, acknowledged) = (Arc::clone(&round_tried), Arc::clone(&round_acknowledged));
                runtime.spawn(write(server.address, begins.clone(), round, writer, tried, acknowledged))
            })
            .collect();
        for _ in 0..WRITERS {
            begun.recv_timeout(PATIENCE).unwrap();
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..120_000)));
        server.kill();
        runtime.block_on(async {
            for writer in writers {
                writer.await.unwrap();
            }
        });
        tried.append(&mut round_tried.lock().unwrap());
        acknowledged.append(&mut round_acknowledged.lock().unwrap());
    }
    println!("{} statements tried, {} acknowledged", tried.len(), acknowledged.len());
    assert!(acknowledged.len() > INSERT_ROUNDS, "the server was killed before it could do anything");
}

/// A file of workers, as `muster load` takes it.
fn write_file(path: &Path) {
    let mut text = String::from("id,name,note\n");
    for row in 0..FILE_ROWS {
        writeln!(text, "r-{row},name {row},\"a note, number {row}\"").unwrap();
    }
    std::fs::write(path, text).unwrap();
}

/// The rows of the table, which must be those of the file, or none at all.
fn loaded(data: &Path, round: usize) -> usize {
    let database = Database::open(data).unwrap();
    let session = database.session();
    let count = |sql: &str| {
        let result = session.query(sql, &[]).unwrap();
        let column = result.batches()[0].column(0).clone();
        usize::try_from(
            muster::arrow::array::AsArray::as_primitive::<muster::arrow::datatypes::Int64Type>(&column)
                .value(0),
        )
        .unwrap()
    };
    let rows = count("SELECT count(*) FROM bulk");
    assert!(rows == 0 || rows == FILE_ROWS, "round {round}: {rows} of {FILE_ROWS} rows are there");
    assert_eq!(count("SELECT count(DISTINCT id) FROM bulk"), rows, "round {round}");
    rows
}

fn create_table(data: &Path) {
    let database = Database::open(data).unwrap();
    let table = "CREATE TABLE bulk (id text PRIMARY KEY, name text, note text,
                 embedding vector(768) GENERATED ALWAYS AS (embed(name)) STORED)";
    database.session().execute(table, &[]).unwrap();
}

#[test]
fn killed_during_a_load_it_has_all_of_the_file_or_nothing() {
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bulk.csv");
    write_file(&file);
    let load = |data: &Path| {
        let mut command = muster();
        command.arg("load").arg(&file).args(["--table", "bulk", "--data"]).arg(data);
        command.spawn().unwrap()
    };
    // One that is let finish, to know how long it takes.
    let data = folder.path().join("whole");
    create_table(&data);
    let start = Instant::now();
    assert!(crate::server::wait(&mut load(&data)).success());
    let whole = start.elapsed();
    assert_eq!(loaded(&data, 0), FILE_ROWS);
    let mut complete = 0;
    for round in 1..=LOAD_ROUNDS {
        let data = folder.path().join(round.to_string());
        create_table(&data);
        let moment = whole.mul_f64(random.random_range(0.2..1.1));
        if round % 2 == 0 {
            let mut child = load(&data);
            std::thread::sleep(moment);
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            kill_during_copy(&data, &file, moment);
        }
        complete += usize::from(loaded(&data, round) > 0);
        std::fs::remove_dir_all(&data).unwrap();
    }
    println!("{complete} of {LOAD_ROUNDS} loads were complete when the process was killed");
}

/// The same by COPY through a server.
fn kill_during_copy(data: &Path, file: &Path, moment: Duration) {
    let server = Process::serve(data, &["--copy-dir", file.parent().unwrap().to_str().unwrap()]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let copy = format!("COPY bulk (id, name, note) FROM '{}' WITH (FORMAT csv, HEADER true)", file.display());
    let address = server.address;
    let copying = runtime.spawn(async move {
        let client = connect(address).await.unwrap();
        match client.batch_execute(&copy).await {
            Ok(()) => {}
            Err(error) => assert!(error.code().is_none(), "the server refused: {error:?}"),
        }
    });
    std::thread::sleep(moment);
    server.kill();
    runtime.block_on(copying).unwrap();
}
