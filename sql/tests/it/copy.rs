//! COPY from a program: rows in, rows out, and what is left when it ends early.

use muster::{Database, blocking};

#[test]
fn rows_go_in_and_come_out_as_bytes() {
    let session = blocking::Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY, name text)", &[]).unwrap();
    let rows: String = (0..50_000).map(|id| format!("{id},name {id}\n")).collect();
    assert_eq!(session.copy_in("COPY t FROM STDIN (FORMAT csv)", rows.as_bytes()).unwrap(), 50_000);
    let mut out = Vec::new();
    let copied = session.copy_out("COPY (SELECT * FROM t ORDER BY id) TO STDOUT CSV", &mut out).unwrap();
    assert_eq!(copied, 50_000);
    assert!(out == rows.as_bytes(), "what came out is not what went in");
}

#[test]
fn rows_in_binary_come_out_as_they_went_in() {
    let session = blocking::Database::in_memory().unwrap().session();
    session
        .execute("CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz, v vector(2))", &[])
        .unwrap();
    session.execute("CREATE TABLE again (LIKE t)", &[]).unwrap();
    let rows = "INSERT INTO t SELECT i, CASE WHEN i % 2 = 0 THEN 'name ' || i END, now(), '[1,2]'
        FROM generate_series(1, 10000) AS s(i)";
    session.execute(rows, &[]).unwrap();
    let (mut given, mut back) = (Vec::new(), Vec::new());
    let out = |table: &str| format!("COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT (FORMAT binary)");
    assert_eq!(session.copy_out(&out("t"), &mut given).unwrap(), 10_000);
    assert!(given.starts_with(b"PGCOPY\n\xff\r\n\0") && given.ends_with(b"\xff\xff"));
    assert_eq!(session.copy_in("COPY again FROM STDIN (FORMAT binary)", &given[..]).unwrap(), 10_000);
    assert_eq!(session.copy_out(&out("again"), &mut back).unwrap(), 10_000);
    assert!(given == back, "what came out is not what went in");
    let cut =
        session.copy_in("COPY again FROM STDIN (FORMAT binary)", &given[..given.len() - 3]).unwrap_err();
    assert_eq!((cut.sqlstate(), cut.context()), ("22P04", Some("COPY again, line 10000, column v")));
}

#[tokio::test]
async fn a_copy_says_whether_it_is_binary() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int)", &[]).await.unwrap();
    for (options, binary) in
        [("(FORMAT binary)", true), ("BINARY", true), ("(FORMAT csv)", false), ("", false)]
    {
        let copy = session.copy_in(&format!("COPY t FROM STDIN {options}")).await.unwrap();
        assert_eq!(copy.is_binary(), binary);
        let copy = session.copy_out(&format!("COPY t TO STDOUT {options}")).await.unwrap();
        assert_eq!(copy.binary, binary);
    }
}

#[tokio::test]
async fn a_copy_that_is_dropped_leaves_nothing_and_fails_its_block() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY)", &[]).await.unwrap();
    let mut copy = session.copy_in("COPY t FROM STDIN").await.unwrap();
    copy.push(b"1\n2\n").await.unwrap();
    drop(copy);
    assert_eq!(session.query("SELECT * FROM t", &[]).await.unwrap().num_rows(), 0);
    let transaction = session.transaction().await.unwrap();
    drop(session.copy_in("COPY t FROM STDIN").await.unwrap());
    let error = transaction.query("SELECT * FROM t", &[]).await.unwrap_err();
    assert_eq!(error.sqlstate(), "25P02");
    transaction.rollback();
    let transaction = session.transaction().await.unwrap();
    let mut copy = session.copy_in("COPY t FROM STDIN").await.unwrap();
    copy.push(b"1\n").await.unwrap();
    copy.finish().await.unwrap();
    assert_eq!(transaction.query("SELECT * FROM t", &[]).await.unwrap().num_rows(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(session.query("SELECT * FROM t", &[]).await.unwrap().num_rows(), 1);
}

#[tokio::test]
async fn an_error_has_its_context_and_ends_the_copy() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY)", &[]).await.unwrap();
    let mut copy = session.copy_in("COPY t FROM STDIN").await.unwrap();
    copy.push(b"1\nx\n").await.unwrap();
    let error = copy.finish().await.unwrap_err();
    assert_eq!((error.sqlstate(), error.context()), ("22P02", Some("COPY t, line 2, column id: \"x\"")));
    assert_eq!(session.query("SELECT * FROM t", &[]).await.unwrap().num_rows(), 0);
}

#[tokio::test]
async fn a_copy_without_a_place_for_its_rows_is_refused() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int)", &[]).await.unwrap();
    for sql in ["COPY t FROM STDIN", "COPY t TO STDOUT"] {
        assert_eq!(session.execute(sql, &[]).await.unwrap_err().sqlstate(), "0A000");
        assert_eq!(session.query(sql, &[]).await.unwrap_err().sqlstate(), "0A000");
    }
    assert_eq!(session.copy_in("COPY t TO STDOUT").await.unwrap_err().sqlstate(), "42601");
    assert_eq!(session.copy_out("SELECT 1").await.unwrap_err().sqlstate(), "42601");
}

#[tokio::test]
async fn a_table_that_is_made_anew_meanwhile_takes_none_of_the_rows() {
    let database = Database::in_memory().unwrap();
    let (session, other) = (database.session(), database.session());
    // Few rows become changes, many a bulk load: neither goes into a table that the rows were not made for.
    for count in [10, 50_000] {
        session.execute("CREATE TABLE t (a text, b text)", &[]).await.unwrap();
        let mut copy = session.copy_in("COPY t FROM STDIN").await.unwrap();
        copy.push(b"first\trow\n").await.unwrap();
        other.execute("DROP TABLE t; CREATE TABLE t (b text, a text)", &[]).await.unwrap();
        let rows = "a\tb\n".repeat(count);
        let failed = match copy.push(rows.as_bytes()).await {
            Ok(()) => copy.finish().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(["40001", "42P01"].contains(&failed.sqlstate()), "{failed:?}");
        assert_eq!(session.query("SELECT * FROM t", &[]).await.unwrap().num_rows(), 0);
        session.execute("DROP TABLE t", &[]).await.unwrap();
    }
}
