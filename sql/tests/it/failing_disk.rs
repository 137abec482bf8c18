//! A disk that fails under SQL: the statement fails with a state of its own, reads go on, and nothing is there by half.
//!
//! A script of statements is run again and again; in run number `n` the change number `n` that each statement makes to the
//! disk fails. The same statements on a database in memory, which nothing fails, say what must be found.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use muster::{Database, Error, Options, Session};
use muster_storage::{DiskBackend, Fault, FaultyBackend};

/// A statement, or the rows of a COPY.
#[derive(Clone, Copy, Debug)]
enum Step {
    Sql(&'static str),
    Copy(&'static str, &'static str),
    /// Several statements in one transaction.
    Block(&'static [&'static str]),
}

const SCRIPT: &[Step] = &[
    Step::Sql(
        "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, v vector(3),
            twice int GENERATED ALWAYS AS (id * 2) STORED)",
    ),
    Step::Sql("CREATE SEQUENCE s START 5"),
    Step::Sql(
        "INSERT INTO t (id, name, v) VALUES (1, 'one', '[1,0,0]'), (2, NULL, NULL), (3, 'three', '[0,1,0]')",
    ),
    Step::Sql(
        "INSERT INTO t (id, name) VALUES (3, 'drei'), (4, 'vier') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    ),
    Step::Sql("UPDATE t SET name = name || '!' WHERE id IN (SELECT id FROM t WHERE id > 2)"),
    Step::Copy("COPY t (id, name) FROM STDIN", "10\tten\n11\televen\n12\t\\N\n"),
    Step::Block(&[
        "INSERT INTO t (id, name) SELECT value, 'n' || value FROM generate_series(20, 40) value",
        "DELETE FROM t WHERE id = 10",
        "CREATE TABLE u (id int, at bigint DEFAULT 7)",
        "INSERT INTO u (id) VALUES (1), (2)",
    ]),
    Step::Sql("ALTER TABLE t ADD COLUMN level int NOT NULL DEFAULT 3"),
    Step::Sql("DELETE FROM t WHERE id BETWEEN 25 AND 32"),
    Step::Sql("CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops)"),
    Step::Sql("VACUUM FULL"),
    Step::Sql("CREATE VIEW w AS SELECT id, level FROM t WHERE id > 11"),
    Step::Sql("ALTER TABLE u RENAME TO x"),
    Step::Sql("UPDATE t SET v = '[3,2,1]' WHERE id = 3"),
    Step::Sql("TRUNCATE x"),
    Step::Sql("DROP VIEW w"),
];

/// What must be the same.
const READS: &[&str] = &[
    "SELECT * FROM t ORDER BY id",
    "SELECT * FROM u ORDER BY id",
    "SELECT * FROM x ORDER BY id",
    "SELECT * FROM w ORDER BY id",
    "SELECT id, distance FROM vector_search('t', '[1,1,0]'::vector, k => 3) ORDER BY id",
    "SELECT relname FROM pg_class WHERE relname IN ('t', 'u', 'w', 'x', 's', 't_v') ORDER BY relname",
];

async fn run(session: &Session, step: Step) -> Result<(), Error> {
    match step {
        Step::Sql(sql) => session.execute(sql, &[]).await.map(drop),
        Step::Copy(sql, rows) => {
            let mut copy = session.copy_in(sql).await?;
            copy.push(rows.as_bytes()).await?;
            copy.finish().await.map(drop)
        }
        Step::Block(statements) => {
            let transaction = session.transaction().await?;
            for sql in statements {
                transaction.execute(sql, &[]).await?;
            }
            transaction.commit().await
        }
    }
}

/// All answers, those that are errors by their states.
async fn answers(session: &Session) -> Vec<String> {
    let mut answers = Vec::new();
    for sql in READS {
        answers.push(match session.query(sql, &[]).await {
            Ok(rows) => {
                let batches = rows.into_batches();
                muster::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
            }
            Err(error) => error.sqlstate().to_string(),
        });
    }
    answers
}

async fn same(session: &Session, reference: &Session, what: &str) {
    assert_eq!(answers(session).await, answers(reference).await, "{what}");
}

fn open(dir: &Path, faulty: &FaultyBackend) -> Session {
    Database::open_on(dir, Options::default(), Arc::new(faulty.clone())).unwrap().session()
}

/// A run in which change `number` of each statement fails; how many did.
async fn run_with_faults(number: usize, lasting: bool) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let faulty = FaultyBackend::new(Arc::new(DiskBackend));
    let session = open(dir.path(), &faulty);
    let reference = Database::in_memory().unwrap().session();
    let mut tried = 0;
    for (index, step) in SCRIPT.iter().copied().enumerate() {
        let kind = if (index + number).is_multiple_of(2) { ErrorKind::StorageFull } else { ErrorKind::Other };
        let state = if kind == ErrorKind::StorageFull { "53100" } else { "58030" };
        let fault = if lasting { Fault::From(kind) } else { Fault::Once(kind) };
        // CREATE INDEX is several commits: where nothing can be written any more, it cannot take back the first one.
        let several = matches!(step, Step::Sql(sql) if sql.starts_with("CREATE INDEX"));
        if !(lasting && several) {
            faulty.fail_at(faulty.changes() + number, fault);
        }
        let outcome = run(&session, step).await;
        let failed = faulty.take_failed();
        let what = format!("{fault:?} at {number} of {step:?}: {failed:?}");
        tried += failed.len().min(1);
        match &outcome {
            // A failure of what runs by itself may have come first and stopped all writing.
            Err(error) if lasting => {
                assert!([state, "25006"].contains(&error.sqlstate()), "{what}: {error:?}")
            }
            Err(error) => assert_eq!(error.sqlstate(), state, "{what}: {error}"),
            Ok(()) => run(&reference, step).await.unwrap(),
        }
        if !failed.is_empty() {
            same(&session, &reference, &what).await;
        }
        if lasting && !failed.is_empty() {
            let insert = || session.execute("CREATE TABLE never (id int)", &[]);
            let (first, second) = (insert().await.unwrap_err(), insert().await.unwrap_err());
            assert!([state, "25006"].contains(&first.sqlstate()), "{what}: {first}");
            assert_eq!(second.sqlstate(), "25006", "{what}: {second}");
            assert!(second.to_string().contains("read-only"), "{second}");
            same(&session, &reference, &what).await;
        }
        faulty.heal();
        faulty.take_failed();
        if outcome.is_err() {
            run(&session, step).await.unwrap_or_else(|error| panic!("{what}, again: {error}"));
            run(&reference, step).await.unwrap();
        }
        same(&session, &reference, &format!("after {what}")).await;
    }
    drop(session);
    let reopened = open(dir.path(), &faulty);
    same(&reopened, &reference, "reopened").await;
    tried
}

async fn all(lasting: bool) -> usize {
    let mut tried = 0;
    for number in 0.. {
        match run_with_faults(number, lasting).await {
            0 => break,
            more => tried += more,
        }
    }
    tried
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_whose_change_to_the_disk_fails_once_fails_wholly_and_can_be_repeated() {
    let tried = all(false).await;
    println!("changes that failed once under SQL: {tried} tried, failures 0");
    assert!(tried > 100, "{tried}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_that_stops_working_statements_that_write_are_refused_and_others_go_on() {
    let tried = all(true).await;
    println!("changes from which the disk failed under SQL: {tried} tried, failures 0");
    assert!(tried > 100, "{tried}");
}
