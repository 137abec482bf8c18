//! A bulk load, by `muster load` and by COPY through a server, killed at a random moment: all of the file is there, or
//! nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use muster::blocking::Database;
use rand::Rng;

use super::{connect, random};
use crate::server::{Process, muster};

/// How often a bulk load is killed.
const ROUNDS: usize = 20;
/// Rows of the file that is loaded.
const FILE_ROWS: usize = 20_000;

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
    for round in 1..=ROUNDS {
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
    println!("{complete} of {ROUNDS} loads were complete when the process was killed");
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
