//! Cursors as clients have them: psql, tokio-postgres, and message by message.

use std::time::{Duration, Instant};

use crate::psql::lines;
use crate::raw::{Raw, bind, close, describe, execute, kinds, parse, query, sync};
use crate::server::{connect, serving};

#[test]
fn psql_fetches_by_its_own_cursor_and_by_statements() {
    serving(|server| async move {
        let commands = ["\\set FETCH_COUNT 3", "SELECT generate_series AS value FROM generate_series(1, 7)"];
        let Some(found) = lines(server.address, &commands).await else { return };
        assert_eq!(found, ["1", "2", "3", "4", "5", "6", "7"]);
        let script = "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT value FROM generate_series(1, 5) value;
                      FETCH 2 FROM c; MOVE 1 FROM c; FETCH c; FETCH BACKWARD 1 FROM c; CLOSE c; COMMIT";
        let found = lines(server.address, &[script]).await.unwrap();
        let tags = ["BEGIN", "DECLARE CURSOR", "1", "2", "MOVE 1", "4", "3", "CLOSE CURSOR", "COMMIT"];
        assert_eq!(found, tags);
    });
}

#[test]
fn a_cursor_takes_parameters_and_gives_typed_rows() {
    serving(|server| async move {
        let mut client = connect(server.address).await;
        let block = client.transaction().await.unwrap();
        let declare =
            "DECLARE c CURSOR FOR SELECT value, 'n' || value AS name FROM generate_series(1, 10) value
                       WHERE value > $1::int8 ORDER BY value";
        assert_eq!(block.execute(declare, &[&3_i64]).await.unwrap(), 0);
        let rows = block.query("FETCH 2 FROM c", &[]).await.unwrap();
        let rows: Vec<(i32, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert_eq!(rows, [(4, "n4".to_string()), (5, "n5".to_string())]);
        // Prepared once, for whatever the cursor is then.
        let fetch = block.prepare("FETCH 1 FROM c").await.unwrap();
        assert_eq!(block.query_one(&fetch, &[]).await.unwrap().get::<_, i32>(0), 6);
        assert_eq!(block.execute("MOVE 2 FROM c", &[]).await.unwrap(), 2);
        assert_eq!(block.query_one(&fetch, &[]).await.unwrap().get::<_, i32>(0), 9);
        block.commit().await.unwrap();
        let error = client.query(&fetch, &[]).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "34000");
    });
}

#[test]
fn a_fetch_is_described_as_its_cursor_is_when_it_is_bound() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.status(&[query("BEGIN")]).await;
        // Parsed before there is a cursor: nothing is known of its rows.
        let (answers, _) = raw.status(&[parse("f", "FETCH c", &[]), describe(b'S', "f"), sync()]).await;
        assert_eq!(kinds(&answers), "1tnZ");
        raw.status(&[query("DECLARE c CURSOR FOR SELECT 1 AS one, 'x' AS two")]).await;
        let messages = [bind("", "f", 0, &[]), describe(b'P', ""), execute("", 0), sync()];
        let (answers, _) = raw.status(&messages).await;
        assert_eq!(kinds(&answers), "2TDCZ");
        assert_eq!(answers[3].body, b"FETCH 1\0");
        // A cursor of SQL is a portal that can be described, run and closed.
        raw.status(&[query("DECLARE d CURSOR FOR VALUES (1), (2), (3)")]).await;
        let messages = [describe(b'P', "d"), execute("d", 2), execute("d", 0), close(b'P', "d"), sync()];
        let (answers, _) = raw.status(&messages).await;
        assert_eq!(kinds(&answers), "TDDsDC3Z");
        let (answers, _) = raw.status(&[describe(b'P', "d"), sync()]).await;
        assert_eq!(answers[0].sqlstate(), "34000");
    });
}

#[test]
fn a_binary_cursor_gives_binary_rows_to_a_simple_query() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[query("DECLARE c BINARY CURSOR FOR SELECT 7::int4")]).await;
        let (answers, _) = raw.status(&[query("FETCH c")]).await;
        assert_eq!(kinds(&answers), "TDCZ");
        assert_eq!(answers[1].values(), [Some(vec![0, 0, 0, 7])]);
    });
}

#[test]
fn a_cursor_over_ten_million_rows_holds_none_of_them() {
    serving(|server| async move {
        let mut client = connect(server.address).await;
        let block = client.transaction().await.unwrap();
        let declare = "DECLARE c CURSOR FOR SELECT value FROM generate_series(1, 10000000) value";
        let begun = Instant::now();
        block.batch_execute(declare).await.unwrap();
        let first = block.query_one("FETCH c", &[]).await.unwrap();
        assert_eq!(first.get::<_, i32>(0), 1);
        assert!(begun.elapsed() < Duration::from_secs(2), "the first row waits for no other");
        assert_eq!(block.execute("MOVE 9999998 FROM c", &[]).await.unwrap(), 9_999_998);
        assert_eq!(block.query("FETCH ALL FROM c", &[]).await.unwrap().len(), 1);
    });
}

#[test]
fn a_cursor_that_is_half_read_is_in_use() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[query("DECLARE h CURSOR WITH HOLD FOR VALUES (1), (2), (3)")]).await;
        let messages = [parse("", "FETCH ALL FROM h", &[]), bind("p", "", 0, &[]), execute("p", 1), sync()];
        assert_eq!(raw.status(&messages).await.1, "12DsZ T");
        let (answers, told) = raw.status(&[query("FETCH h")]).await;
        assert_eq!((answers[0].sqlstate().as_str(), told.as_str()), ("55006", "EZ E"));
        assert_eq!(raw.status(&[query("ROLLBACK")]).await.1, "CZ I");
    });
}
