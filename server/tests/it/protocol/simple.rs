//! The simple query protocol: results, tags, errors and texts as PostgreSQL has them.

use crate::raw::{Answer, Message, Raw, bind, describe, execute, kinds, parse, query, sync};
use crate::server::serving;

#[test]
fn several_statements_each_answer_until_one_fails() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let answers = raw
            .ask(&[query("SELECT 1; CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT a FROM t")])
            .await;
        assert_eq!(kinds(&answers), "TDCCCTDDCZ");
        let tags: Vec<_> = answers.iter().filter(|answer| answer.kind == b'C').map(Answer::text).collect();
        assert_eq!(tags, ["SELECT 1", "CREATE TABLE", "INSERT 0 2", "SELECT 2"]);
        let answers = raw.ask(&[query("SELECT 1; SELECT nope; CREATE TABLE u (a int)")]).await;
        assert_eq!(kinds(&answers), "TDCEZ");
        assert_eq!(raw.ask(&[query("SELECT a FROM u")]).await[0].sqlstate(), "42P01");
    });
}

#[test]
fn an_empty_query_is_answered_as_empty() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        for sql in ["", " ; ", "-- nothing"] {
            assert_eq!(kinds(&raw.ask(&[query(sql)]).await), "IZ", "{sql:?}");
        }
        let messages = [parse("", "", &[]), bind("", "", 0, &[]), describe(b'P', ""), execute("", 0), sync()];
        assert_eq!(kinds(&raw.ask(&messages).await), "12nIZ");
    });
}

#[test]
fn values_are_printed_as_postgresql_prints_them() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let columns = "b boolean, f real, d double precision, n numeric(10,2), x text, a text[], t timestamptz, \
                       c date, y bytea, j jsonb, v vector(3), u uuid, i bigint";
        raw.rows(&format!("CREATE TABLE all_types ({columns})")).await;
        raw.rows(
            r#"INSERT INTO all_types VALUES (true, 0.1, 1e20, 25.5, 'ä', ARRAY['a', 'b c', NULL, ''],
               '2026-01-02 03:04:05+00', '2026-01-02', '\x00ff', '{"b":1,"a":[1,2]}', '[1,2.5,-3]',
               '00010203-0405-0607-0809-0a0b0c0d0e0f', 9223372036854775807)"#,
        )
        .await;
        assert_eq!(
            raw.rows("SELECT * FROM all_types").await,
            [[
                "t",
                "0.1",
                "1e+20",
                "25.50",
                "ä",
                r#"{a,"b c",NULL,""}"#,
                "2026-01-02 03:04:05+00",
                "2026-01-02",
                "\\x00ff",
                r#"{"a": [1, 2], "b": 1}"#,
                "[1,2.5,-3]",
                "00010203-0405-0607-0809-0a0b0c0d0e0f",
                "9223372036854775807",
            ]]
        );
    });
}

#[test]
fn copy_messages_without_a_copy_are_ignored() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let left_over = [
            Message::new(b'd').bytes(b"1\n").done(),
            Message::new(b'c').done(),
            Message::new(b'f').str("no").done(),
        ]
        .concat();
        let answers = raw.ask(&[left_over.clone(), query("COPY missing FROM STDIN")]).await;
        assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "42P01".to_string()));
        assert_eq!(kinds(&raw.ask(&[left_over, sync()]).await), "Z");
    });
}

#[test]
fn errors_say_where_and_what() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows(
            "CREATE TABLE keyed (id text PRIMARY KEY, n int NOT NULL); INSERT INTO keyed VALUES ('a', 1)",
        )
        .await;
        let error = raw.ask(&[query("INSERT INTO keyed VALUES ('a', 2)")]).await.remove(0);
        assert_eq!(error.sqlstate(), "23505");
        assert_eq!(error.field(b'S').unwrap(), "ERROR");
        assert_eq!(error.field(b'V').unwrap(), "ERROR");
        assert_eq!(error.field(b't').unwrap(), "keyed");
        assert_eq!(error.field(b'n').unwrap(), "keyed_pkey");
        assert!(error.field(b'D').unwrap().contains("already exists"), "{error:?}");
        let error = raw.ask(&[query("INSERT INTO keyed VALUES ('b', NULL)")]).await.remove(0);
        assert_eq!((error.sqlstate(), error.field(b'c').unwrap()), ("23502".to_string(), "n".to_string()));
        let error = raw.ask(&[query("SELECT 1 FRM t")]).await.remove(0);
        assert_eq!(error.sqlstate(), "42601");
        assert!(error.field(b'P').is_some(), "{error:?}");
        assert_eq!(raw.rows("SELECT n FROM keyed").await, [["1"]]);
    });
}
