//! Index builds from outside: seen while they run, cancelled, ended by a close and finished after the next open.

use std::path::Path;
use std::time::{Duration, Instant};

use muster::blocking::{Database, Session};

const ROWS: i64 = 12_000;

fn filled(dir: &Path) -> Database {
    let database = Database::open(dir).unwrap();
    let session = database.session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY, v vector(48))", &[]).unwrap();
    let element = |i: i64| format!("((value::bigint * {} + {i}) * 7919) % 1009", 31 + 2 * i);
    let elements: Vec<String> = (0..48).map(element).collect();
    let sql = format!(
        "INSERT INTO t SELECT value, concat('[', {}, ']') FROM generate_series(1, {ROWS}) value",
        elements.join(", ',', ")
    );
    assert_eq!(session.execute(&sql, &[]).unwrap(), ROWS as u64);
    database
}

/// What a query with one row of one column says, as text.
fn one(session: &Session, sql: &str) -> Option<String> {
    let rows = session.query(sql, &[]).unwrap();
    let batch = rows.batches().iter().find(|batch| batch.num_rows() > 0)?;
    let formatter =
        muster::arrow::util::display::ArrayFormatter::try_new(batch.column(0), &Default::default());
    Some(formatter.unwrap().value(0).to_string())
}

fn files(dir: &Path, extension: &str) -> usize {
    let files = std::fs::read_dir(dir.join("segments")).unwrap();
    files.filter(|it| it.as_ref().unwrap().path().extension().is_some_and(|it| it == extension)).count()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(120), "{what} takes too long");
        std::thread::sleep(Duration::from_millis(2));
    }
}

const PROGRESS: &str = "SELECT concat(command, ' ', phase, ' ', relid = 't'::regclass::oid, ' ', tuples_total, ' ', \
     tuples_done <= tuples_total, ' ', partitions_total) FROM pg_stat_progress_create_index";

#[test]
fn a_build_is_seen_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let database = filled(dir.path());
    let watching = database.session();
    assert_eq!(one(&watching, PROGRESS), None);
    std::thread::scope(|scope| {
        let build = scope.spawn(|| {
            database.session().execute("CREATE INDEX ON t USING hnsw (v vector_l2_ops)", &[]).unwrap();
        });
        // The background builds it, too, when it comes first; the statement waits for that then.
        let by_statement = format!("CREATE INDEX loading tuples true {ROWS} true 1");
        let by_background = format!("REINDEX CONCURRENTLY loading tuples true {ROWS} true 1");
        let mut seen = std::collections::BTreeSet::new();
        while !build.is_finished() {
            seen.extend(one(&watching, &format!("SELECT string_agg(s, '; ') FROM ({PROGRESS}) AS p (s)")));
        }
        assert!(seen.iter().any(|it| it.contains(&by_statement) || it.contains(&by_background)), "{seen:?}");
    });
    assert_eq!(one(&watching, PROGRESS), None);
}

#[test]
fn a_cancelled_build_leaves_no_index() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = muster::Database::open(dir.path()).unwrap();
    let session = database.session();
    let count = async |sql: &str| session.query(sql, &[]).await.unwrap().num_rows();
    runtime.block_on(async {
        let start = Instant::now();
        session.execute("CREATE INDEX whole ON t USING hnsw (v vector_l2_ops)", &[]).await.unwrap();
        let whole = start.elapsed();
        let mut cancelled = 0;
        for percent in [25, 45, 65] {
            let sql = format!("CREATE INDEX after_{percent} ON t USING hnsw (v vector_l2_ops)");
            // A statement is cancelled by dropping it while it builds; what it had begun is taken back after that.
            match tokio::time::timeout(whole * percent / 100, session.execute(&sql, &[])).await {
                Ok(built) => {
                    built.unwrap();
                    session.execute(&format!("DROP INDEX after_{percent}"), &[]).await.unwrap();
                }
                Err(_) => cancelled += 1,
            }
        }
        assert!(cancelled > 0, "nothing was cancelled");
        let start = Instant::now();
        let left = "SELECT 1 FROM pg_indexes WHERE indexname LIKE 'after%'";
        while count(PROGRESS).await > 0 || count(left).await > 0 {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "a cancelled build goes on, or its index stays"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
}

#[test]
fn a_build_that_a_close_ended_is_finished_after_the_next_open() {
    let dir = tempfile::tempdir().unwrap();
    let database = filled(dir.path());
    let session = database.session();
    session.execute("CREATE INDEX ON t USING hnsw (v vector_l2_ops)", &[]).unwrap();
    // New rows are sealed into a segment that has no graph; it is built in the background.
    session.execute("INSERT INTO t SELECT id + 100000, v FROM t", &[]).unwrap();
    database.checkpoint().unwrap();
    until("the build", || one(&session, PROGRESS).is_some() || files(dir.path(), "graph") > 1);
    drop((session, database));
    let database = Database::open(dir.path()).unwrap();
    until("finishing the build", || {
        let idle = one(&database.session(), PROGRESS).is_none();
        idle && files(dir.path(), "graph") == files(dir.path(), "vec")
    });
    let found = "SELECT count(*) FROM vector_search('t', (SELECT v FROM t WHERE id = 77), k => 10)";
    assert_eq!(one(&database.session(), found).as_deref(), Some("10"));
}
