//! What definitions leave in files and in errors, which SQL alone does not show: sequences over a restart, temporary
//! relations that a process left, the fields of a CHECK's error, statements that were prepared before a change.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use muster::blocking::{Database, Session};

fn number(session: &Session, sql: &str) -> i64 {
    let result = session.query(sql, &[]).unwrap();
    result.batches()[0].column(0).as_primitive::<Int64Type>().value(0)
}

#[test]
fn a_sequence_goes_on_after_a_restart_and_gives_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut given = HashSet::new();
    let mut last = 0;
    for round in 0..4 {
        let db = Database::open(dir.path()).unwrap();
        let session = db.session();
        if round == 0 {
            session
                .execute("CREATE SEQUENCE s; CREATE TABLE t (id bigserial PRIMARY KEY, a int)", &[])
                .unwrap();
        }
        for _ in 0..50 {
            let value = number(&session, "SELECT nextval('s')");
            assert!(given.insert(value), "{value} was given twice");
            assert!(value > last);
            last = value;
        }
        session.execute("INSERT INTO t (a) VALUES (1), (2), (3)", &[]).unwrap();
        assert_eq!(number(&session, "SELECT count(*) FROM t"), (round + 1) * 3);
    }
    let db = Database::open(dir.path()).unwrap();
    let session = db.session();
    number(&session, "SELECT setval('s', 1000000)");
    drop((session, db));
    let db = Database::open(dir.path()).unwrap();
    assert_eq!(number(&db.session(), "SELECT nextval('s')"), 1_000_001);
}

#[test]
fn sessions_that_draw_at_once_get_different_values() {
    let db = Database::in_memory().unwrap();
    db.session().execute("CREATE SEQUENCE s", &[]).unwrap();
    let db = Arc::new(db);
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            std::thread::spawn(move || {
                let session = db.session();
                (0..100).map(|_| number(&session, "SELECT nextval('s')")).collect::<Vec<_>>()
            })
        })
        .collect();
    let values: Vec<i64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let different: HashSet<i64> = values.iter().copied().collect();
    assert_eq!(different.len(), 800);
    assert_eq!(different, (1..=800).collect());
}

#[test]
fn a_violated_check_names_the_table_the_constraint_and_the_row() {
    let db = Database::in_memory().unwrap();
    let session = db.session();
    session.execute("CREATE TABLE t (a int CHECK (a > 0), b text, c boolean, d text[])", &[]).unwrap();
    let error = session.execute("INSERT INTO t VALUES (-1, NULL, true, ARRAY['x', 'y'])", &[]).unwrap_err();
    assert_eq!(error.sqlstate(), "23514");
    assert_eq!(error.to_string(), "new row for relation \"t\" violates check constraint \"t_a_check\"");
    assert_eq!(error.detail().unwrap(), "Failing row contains (-1, null, t, {x,y}).");
    assert_eq!((error.table(), error.constraint()), (Some("t"), Some("t_a_check")));
    assert_eq!(error.schema(), Some("public"));
}

#[test]
fn errors_show_names_without_their_schema() {
    let db = Database::in_memory().unwrap();
    let session = db.session();
    session
        .execute("CREATE SCHEMA app; CREATE TABLE app.t (a int PRIMARY KEY, b int NOT NULL)", &[])
        .unwrap();
    session.execute("INSERT INTO app.t VALUES (1, 1)", &[]).unwrap();
    for sql in [
        "INSERT INTO app.t VALUES (1, 1)",
        "INSERT INTO app.t VALUES (2, NULL)",
        "INSERT INTO app.t (missing) VALUES (1)",
        "CREATE TABLE app.t (a int)",
        "ALTER TABLE app.t DROP COLUMN missing",
        "SELECT * FROM app.u",
        "ALTER TABLE app.t ADD CONSTRAINT t_pkey UNIQUE (b)",
    ] {
        let error = session.execute(sql, &[]).unwrap_err();
        let shown = format!("{error} {:?} {:?}", error.detail(), error.table());
        assert!(!shown.contains('\u{1f}'), "{sql}: {shown:?}");
    }
}

#[test]
fn temporary_relations_end_with_their_session_and_with_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::open(dir.path()).unwrap();
    let left = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE n.nspname LIKE 'pg_temp%'";
    let session = db.session();
    session
        .execute("CREATE TEMP TABLE t (id serial, a int); CREATE TEMP VIEW v AS SELECT a FROM t", &[])
        .unwrap();
    let other = db.session();
    assert_eq!(number(&other, left), 3);
    drop(session);
    assert_eq!(number(&other, left), 0);
    other.execute("CREATE TEMP TABLE t (id serial, a int)", &[]).unwrap();
    // As if the process had been killed: the session never ends.
    std::mem::forget(other);
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    let db = Database::open(copy.path()).unwrap();
    assert_eq!(number(&db.session(), left), 0);
}

#[tokio::test]
async fn a_prepared_statement_follows_views_paths_and_temporary_tables() {
    let db = muster::Database::in_memory().unwrap();
    let session = db.session();
    session
        .execute(
            "CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE SCHEMA app; CREATE TABLE app.t (a int); \
             INSERT INTO app.t VALUES (2); CREATE VIEW v AS SELECT a FROM t",
            &[],
        )
        .await
        .unwrap();
    let prepare = async |sql: &str| {
        let statement = session.parse(sql).unwrap().remove(0);
        session.prepare(&statement, &[]).await.unwrap()
    };
    let run = async |prepared: &muster::Prepared| {
        use futures::TryStreamExt;
        let rows = session.run(prepared, &[]).await.unwrap().rows.unwrap();
        let batches: Vec<_> = rows.batches.try_collect().await.unwrap();
        let values = batches.iter().filter(|batch| batch.num_rows() > 0).map(|batch| {
            let values = batch.column(0).as_primitive::<arrow::datatypes::Int32Type>();
            values.value(0)
        });
        values.collect::<Vec<_>>()
    };
    let of_table = prepare("SELECT a FROM t").await;
    let of_view = prepare("SELECT a FROM v").await;
    assert_eq!((run(&of_table).await, run(&of_view).await), (vec![1], vec![1]));
    session.execute("CREATE OR REPLACE VIEW v AS SELECT a FROM app.t", &[]).await.unwrap();
    assert_eq!(run(&of_view).await, [2]);
    session.execute("SET search_path TO app", &[]).await.unwrap();
    assert_eq!(run(&of_table).await, [2]);
    session.execute("RESET search_path; CREATE TEMP TABLE t (a int)", &[]).await.unwrap();
    assert_eq!(run(&of_table).await, Vec::<i32>::new());
    session.execute("DROP TABLE pg_temp.t", &[]).await.unwrap();
    assert_eq!(run(&of_table).await, [1]);
}
