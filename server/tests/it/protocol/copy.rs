//! COPY, message by message.

use std::time::Duration;

use crate::raw::{Answer, Message, Raw, bind, describe, execute, kinds, parse, query, sync};
use crate::server::serving;

fn data(bytes: &[u8]) -> Vec<u8> {
    Message::new(b'd').bytes(bytes).done()
}

fn done() -> Vec<u8> {
    Message::new(b'c').done()
}

fn fail(reason: &str) -> Vec<u8> {
    Message::new(b'f').str(reason).done()
}

async fn with_table(address: std::net::SocketAddr) -> Raw {
    let mut raw = Raw::connect(address).await;
    raw.ask(&[query(
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(5), note text NOT NULL DEFAULT 'none')",
    )])
    .await;
    raw
}

/// The rows of a `COPY ... TO STDOUT`, each of which is a message.
fn copied(answers: &[Answer]) -> Vec<String> {
    let rows = answers.iter().filter(|answer| answer.kind == b'd');
    rows.map(|answer| String::from_utf8(answer.body.clone()).unwrap()).collect()
}

fn error(answers: &[Answer]) -> &Answer {
    answers.iter().find(|answer| answer.kind == b'E').unwrap()
}

#[test]
fn rows_are_taken_in_pieces_that_end_anywhere() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let rows = "1\tAna\tfirst\n2\t\\N\ta\\tb\\nc\n3\tÇe\t\n";
        let mut messages = vec![query("COPY t FROM STDIN; SELECT count(*) FROM t")];
        messages.extend(rows.as_bytes().iter().map(|byte| data(&[*byte])));
        messages.push(done());
        let answers = raw.ask(&messages).await;
        assert_eq!(kinds(&answers), "GCTDCZ");
        // Text, three columns, each of them text.
        assert_eq!(answers[0].body, [0, 0, 3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(answers[1].text(), "COPY 3");
        assert_eq!(answers[3].texts(), ["3"]);
        let answers = raw.ask(&[query("COPY t TO STDOUT")]).await;
        assert_eq!(kinds(&answers), "HdddcCZ");
        assert_eq!(copied(&answers), ["1\tAna\tfirst\n", "2\t\\N\ta\\tb\\nc\n", "3\tÇe\t\n"]);
        assert_eq!(answers[5].text(), "COPY 3");
    });
}

#[test]
fn an_error_names_line_column_and_value_and_nothing_is_loaded() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let cases: [(&str, &str, &str, &str, &str); 8] = [
            (
                "COPY t FROM STDIN",
                "1\ta\tx\nzwei\tb\ty\n",
                "22P02",
                "invalid input syntax for type integer: \"zwei\"",
                "COPY t, line 2, column id: \"zwei\"",
            ),
            (
                "COPY t FROM STDIN",
                "99999999999\ta\tx\n",
                "22003",
                "value \"99999999999\" is out of range for type integer",
                "COPY t, line 1, column id: \"99999999999\"",
            ),
            (
                "COPY t FROM STDIN",
                "1\tlonger\tx\n",
                "22001",
                "value too long for type character varying(5)",
                "COPY t, line 1, column name: \"longer\"",
            ),
            (
                "COPY t FROM STDIN",
                "1\ta\tx\n2\tb\n",
                "22P04",
                "missing data for column \"note\"",
                "COPY t, line 2: \"2\tb\"",
            ),
            (
                "COPY t (id, name) FROM STDIN",
                "1\ta\tx\n",
                "22P04",
                "extra data after last expected column",
                "COPY t, line 1: \"1\ta\tx\"",
            ),
            (
                "COPY t FROM STDIN (FORMAT csv)",
                "1,a,x\n2,\"b\nc\",\n",
                "23502",
                "null value in column \"note\" of relation \"t\" violates not-null constraint",
                "COPY t, line 3: \"2,\"b\nc\",\"",
            ),
            (
                "COPY t FROM STDIN (FORMAT csv, HEADER match)",
                "id,name,notes\n",
                "22P04",
                "column name mismatch in header line field 3: got \"notes\", expected \"note\"",
                "COPY t, line 1: \"id,name,notes\"",
            ),
            (
                "COPY t FROM STDIN",
                "1\ta\tx\n\\.x\n",
                "22P04",
                "end-of-copy marker is not alone on its line",
                "COPY t, line 2",
            ),
        ];
        for (sql, rows, sqlstate, message, context) in cases {
            let answers = raw.ask(&[query(sql), data(rows.as_bytes()), done()]).await;
            assert_eq!(kinds(&answers), "GEZ", "{rows:?}");
            let field = |code| answers[1].field(code);
            assert_eq!(
                (answers[1].sqlstate().as_str(), field(b'M').as_deref(), field(b'W').as_deref()),
                (sqlstate, Some(message), Some(context))
            );
        }
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
    });
}

#[test]
fn the_first_fault_in_the_data_is_the_one_that_is_told() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        // A NULL that may not be, then a value that cannot be read, then a row that is cut.
        let rows = "1\ta\tx\n2\tb\t\\N\nzwei\tc\tx\n4\n";
        let answers = raw.ask(&[query("COPY t FROM STDIN"), data(rows.as_bytes()), done()]).await;
        assert_eq!(error(&answers).sqlstate(), "23502");
        let rows = "1\ta\tx\nzwei\tc\tx\n2\tb\t\\N\n4\n";
        let answers = raw.ask(&[query("COPY t FROM STDIN"), data(rows.as_bytes()), done()]).await;
        assert_eq!(error(&answers).sqlstate(), "22P02");
        let rows = "4\nzwei\tc\tx\n2\tb\t\\N\n";
        let answers = raw.ask(&[query("COPY t FROM STDIN"), data(rows.as_bytes()), done()]).await;
        assert_eq!(error(&answers).sqlstate(), "22P04");
    });
}

#[test]
fn bytes_that_are_no_utf8_are_refused_with_their_line() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let rows = b"1\ta\tx\n2\t\xc3\x28\tx\n";
        let answers = raw.ask(&[query("COPY t FROM STDIN"), data(rows), done()]).await;
        let error = error(&answers);
        assert_eq!(error.sqlstate(), "22021");
        assert_eq!(error.field(b'M').unwrap(), "invalid byte sequence for encoding \"UTF8\": 0xc3 0x28");
        assert_eq!(error.field(b'W').unwrap(), "COPY t, line 2");
    });
}

#[test]
fn a_client_that_gives_up_loads_nothing() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let answers = raw.ask(&[query("COPY t FROM STDIN"), data(b"1\ta\tx\n"), fail("no more")]).await;
        assert_eq!(kinds(&answers), "GEZ");
        assert_eq!(answers[1].sqlstate(), "57014");
        assert_eq!(answers[1].field(b'M').unwrap(), "COPY from stdin failed: no more");
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
    });
}

#[test]
fn a_client_that_leaves_loads_nothing() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let mut other = Raw::connect(server.address).await;
        let row = |id: usize| format!("{id}\tname\tx\n");
        // More than is kept, so that rows have been read and are on their way.
        let rows: String = (0..40_000).map(row).collect();
        other.send(&[query("COPY t FROM STDIN"), data(rows.as_bytes())]).await;
        other.until(b'G').await;
        drop(other);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
        // The table is as free as before.
        let answers = raw.ask(&[query("COPY t FROM STDIN"), data(rows.as_bytes()), done()]).await;
        assert_eq!(answers[1].text(), "COPY 40000");
        assert_eq!(raw.rows("SELECT count(*), max(id) FROM t").await, [["40000", "39999"]]);
    });
}

#[test]
fn a_cancel_request_ends_a_copy_that_waits_for_rows() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let key = raw.welcome.iter().find(|answer| answer.kind == b'K').unwrap();
        let request = Message::untyped(80_877_102).bytes(&key.body).done();
        raw.send(&[query("COPY t FROM STDIN"), data(b"1\ta\tx\n")]).await;
        raw.until(b'G').await;
        Raw::open(server.address).await.send(&[request]).await;
        let answers = raw.until_ready().await;
        assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "57014".to_string()));
        // What the client still sends is ignored.
        raw.send(&[data(b"2\tb\tx\n"), done()]).await;
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
    });
}

#[test]
fn messages_after_an_error_are_skipped() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        // Enough for the error to be found while rows still come.
        let mut rows = "x\n".to_string();
        rows.extend(std::iter::repeat_n("1\ta\tx\n", 100_000));
        let answers =
            raw.ask(&[query("COPY t FROM STDIN"), data(rows.as_bytes()), data(b"1\ta\tx\n"), done()]).await;
        assert_eq!(kinds(&answers), "GEZ");
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
        let answers = raw.ask(&[query("COPY missing FROM STDIN"), data(b"1\n"), done()]).await;
        assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "42P01".to_string()));
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn other_messages_have_no_place_in_a_copy() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let answers = raw.ask(&[query("COPY t FROM STDIN"), query("SELECT 1")]).await;
        assert_eq!(kinds(&answers), "GEZ");
        assert_eq!(answers[1].sqlstate(), "08P01");
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn the_extended_protocol_copies_both_ways() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let begin = |sql| {
            [parse("", sql, &[]), describe(b'S', ""), bind("", "", 0, &[]), execute("", 0), sync()].concat()
        };
        // The Sync behind Execute comes before the server knows that rows follow, and is ignored.
        let into = begin("COPY t FROM STDIN (FORMAT csv)");
        let answers = raw.ask(&[into.clone(), data(b"1,a,x\n2,b,y\n"), done(), sync()]).await;
        assert_eq!(kinds(&answers), "1tn2GCZ");
        assert_eq!(answers[5].text(), "COPY 2");
        let answers = raw.ask(&[into, data(b"x,a,x\n"), done(), sync()]).await;
        assert_eq!(kinds(&answers), "1tn2GEZ");
        let answers = raw.ask(&[begin("COPY (SELECT id, note FROM t ORDER BY id DESC) TO STDOUT")]).await;
        assert_eq!(kinds(&answers), "1tn2HddcCZ");
        assert_eq!(copied(&answers), ["2\ty\n", "1\tx\n"]);
    });
}

#[test]
fn options_shape_what_is_given() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let rows = b"1,a,\"x,\"\"y\"\n2,,\"\"\n3,\"NULL\",\"\\.\"\n";
        raw.ask(&[query("COPY t FROM STDIN CSV"), data(rows), done()]).await;
        let mut ask = async |sql: &str| copied(&raw.ask(&[query(sql)]).await).concat();
        assert_eq!(
            ask("COPY t TO STDOUT (FORMAT csv, HEADER)").await,
            "id,name,note\n1,a,\"x,\"\"y\"\n2,,\"\"\n3,NULL,\\.\n"
        );
        assert_eq!(
            ask("COPY t (note, id) TO STDOUT WITH (FORMAT csv, DELIMITER ';', NULL 'NULL', QUOTE '''', ESCAPE '\\', FORCE_QUOTE *)").await,
            "'x,\"y';'1'\n'';'2'\n'\\\\.';'3'\n"
        );
        assert_eq!(ask("COPY t (name) TO STDOUT WITH DELIMITER '|' NULL AS ''").await, "a\n\nNULL\n");
        assert_eq!(ask("COPY t (note) TO STDOUT CSV").await, "\"x,\"\"y\"\n\"\"\n\"\\.\"\n");
        assert_eq!(ask("COPY (SELECT 1 AS one WHERE false) TO STDOUT (HEADER on)").await, "one\n");
        assert_eq!(
            ask("COPY (VALUES (true, 1.50, ARRAY['a','b c'])) TO STDOUT").await,
            "t\t1.50\t{a,\"b c\"}\n"
        );
    });
}
