//! Statements of several sessions that change the same rows at the same time: none is lost, none fails.

use std::thread;

use muster::blocking::{Database, Session};

fn number(session: &Session, sql: &str) -> i64 {
    let batches = session.query(sql, &[]).unwrap().into_batches();
    let batch = batches.iter().find(|batch| batch.num_rows() > 0).unwrap();
    let column = batch.column(0);
    column.as_any().downcast_ref::<muster::arrow::array::Int64Array>().unwrap().value(0)
}

fn at_once(database: &Database, sql: &'static str) {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let session = database.session();
            thread::spawn(move || {
                for _ in 0..25 {
                    session.execute(sql, &[]).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn upserts_of_one_key_count_every_time() {
    let database = Database::in_memory().unwrap();
    let session = database.session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY, n bigint)", &[]).unwrap();
    at_once(&database, "INSERT INTO t VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n");
    assert_eq!(number(&session, "SELECT n FROM t"), 100);
    at_once(&database, "UPDATE t SET n = n + 1");
    assert_eq!(number(&session, "SELECT n FROM t"), 200);
    at_once(&database, "INSERT INTO t VALUES (2, 1) ON CONFLICT DO NOTHING");
    assert_eq!(number(&session, "SELECT count(*) FROM t"), 2);
}
