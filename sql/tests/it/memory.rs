//! Memory: what does not fit is spilled, and what cannot be spilled is refused.

use muster::blocking::Database;
use muster::{Options, params};

const LIMIT: usize = 40 << 20;

fn database(dir: &std::path::Path) -> Database {
    let options = Options { memory_limit: Some(LIMIT), ..Options::default() };
    let database = Database::open_with(dir, options).unwrap();
    let session = database.session();
    session.execute("CREATE TABLE t (n bigint, filler text)", &[]).unwrap();
    // 90 MB: more than twice the limit.
    session
        .execute(
            "INSERT INTO t SELECT (i::bigint * 7919) % 100003, repeat('x', 290) || i FROM generate_series(1, 300000) AS s(i)",
            &[],
        )
        .unwrap();
    database
}

#[test]
fn a_sort_of_more_than_twice_the_memory_spills_and_succeeds() {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path());
    let session = database.session();
    let sorted = session.query("SELECT n, filler FROM t ORDER BY n, filler", &[]).unwrap();
    assert_eq!(sorted.num_rows(), 300_000);
    let mut last = i64::MIN;
    for batch in sorted.batches() {
        let numbers = batch.column(0).as_any().downcast_ref::<muster::arrow::array::Int64Array>().unwrap();
        for number in numbers.values() {
            assert!(*number >= last);
            last = *number;
        }
    }
    let explained = session.query("EXPLAIN ANALYZE SELECT n, filler FROM t ORDER BY n, filler", &[]).unwrap();
    let text = format!("{:?}", explained.batches());
    assert!(text.contains("spill_count=") && !text.contains("spill_count=0,"), "{text}");
}

#[test]
fn what_cannot_be_spilled_is_refused_and_the_database_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path());
    let session = database.session();
    let error = session
        .query(
            "SELECT count(*) FROM (SELECT array_agg(filler) AS a FROM t) WHERE array_length(a, 1) > 0",
            &[],
        )
        .unwrap_err();
    assert_eq!(error.sqlstate(), "53200", "{error}");
    let count = session.query("SELECT count(*) FROM t WHERE n >= $1", &params![0_i64]).unwrap();
    assert_eq!(count.num_rows(), 1);
}
