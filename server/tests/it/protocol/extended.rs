//! The extended query protocol: names, portals, parameters, descriptions.

use crate::raw::{Message, Raw, bind, close, describe, execute, flush, kinds, parse, query, sync};
use crate::server::serving;

#[test]
fn a_portal_gives_its_rows_bit_by_bit() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let sql = "SELECT a FROM (VALUES (1), (2), (3), (4), (5)) t(a) ORDER BY a";
        raw.send(&[parse("", sql, &[]), bind("p", "", 0, &[]), execute("p", 2), flush()]).await;
        let answers = raw.until(b's').await;
        assert_eq!(kinds(&answers), "12DDs");
        assert_eq!(answers[3].texts(), ["2"]);
        raw.send(&[execute("p", 2), flush()]).await;
        let answers = raw.until(b's').await;
        assert_eq!((kinds(&answers), answers[0].texts()), ("DDs".to_string(), vec!["3".to_string()]));
        raw.send(&[execute("p", 2), flush()]).await;
        let answers = raw.until(b'C').await;
        assert_eq!((kinds(&answers), answers[1].text()), ("DC".to_string(), "SELECT 1".to_string()));
        // It has no more rows, and ends with the extended query.
        assert_eq!(kinds(&raw.ask(&[execute("p", 0), sync()]).await), "CZ");
        assert_eq!(raw.ask(&[execute("p", 0), sync()]).await[0].sqlstate(), "34000");
    });
}

#[test]
fn after_an_error_everything_is_skipped_up_to_sync() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let messages = [
            parse("", "SELECT nope", &[]),
            bind("", "", 0, &[]),
            execute("", 0),
            query("SELECT 1"),
            Message::new(b'd').bytes(b"copy data").done(),
            sync(),
        ];
        let answers = raw.ask(&messages).await;
        assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "42703".to_string()));
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn statements_and_portals_are_known_by_their_names() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let prepare = parse("s", "SELECT $1::int4 + 1", &[]);
        assert_eq!(kinds(&raw.ask(&[prepare.clone(), sync()]).await), "1Z");
        for (messages, state) in [
            (vec![prepare.clone()], "42P05"),
            (vec![bind("", "nope", 0, &[])], "26000"),
            (vec![describe(b'S', "nope")], "26000"),
            (vec![describe(b'P', "nope")], "34000"),
            (vec![execute("nope", 0)], "34000"),
            (vec![bind("p", "s", 0, &[Some(b"1")]), bind("p", "s", 0, &[Some(b"1")])], "42P03"),
            (vec![parse("", "SELECT 1; SELECT 2", &[])], "42601"),
            (vec![parse("", "SELECT $1", &[4_000_000])], "42704"),
        ] {
            let answers = raw.ask(&[messages, vec![sync()]].concat()).await;
            assert_eq!(answers[answers.len() - 2].sqlstate(), state);
        }
        let messages = [
            bind("", "s", 0, &[Some(b"41")]),
            execute("", 0),
            close(b'S', "s"),
            close(b'S', "s"),
            prepare,
            sync(),
        ];
        let answers = raw.ask(&messages).await;
        assert_eq!((kinds(&answers), answers[1].texts()), ("2DC331Z".to_string(), vec!["42".to_string()]));
    });
}

#[test]
fn describe_tells_parameters_and_columns() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let search = "SELECT id, distance FROM vector_search('workers', $1, k => $2, filter => $3, \
                      exclude_ids => $4, ef => $5, exact => $6)";
        let answers = raw.ask(&[parse("s", search, &[]), describe(b'S', "s"), sync()]).await;
        assert_eq!(kinds(&answers), "1tTZ");
        let expected: Vec<u8> =
            [25, 20, 25, 1009, 20, 16_i32].iter().flat_map(|oid| oid.to_be_bytes()).collect();
        assert_eq!(answers[1].body[2..], expected);
        let messages = [parse("", "CREATE TABLE t (a int)", &[]), describe(b'S', ""), sync()];
        assert_eq!(kinds(&raw.ask(&messages).await), "1tnZ");
        // A portal's description has the formats that were asked for.
        let messages = [
            parse("", "SELECT 1::int4 AS one", &[]),
            bind("", "", 1, &[]),
            describe(b'P', ""),
            execute("", 0),
            sync(),
        ];
        let answers = raw.ask(&messages).await;
        assert_eq!(answers[2].body, b"\0\x01one\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01");
        assert_eq!(answers[3].values(), [Some(vec![0, 0, 0, 1])]);
    });
}

#[test]
fn vectors_go_in_and_come_back_in_pgvectors_formats() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE points (id int PRIMARY KEY, v vector(3))").await;
        raw.rows("INSERT INTO points VALUES (1, '[1,0,0]')").await;
        let vector = |values: &[f32]| {
            let mut bytes = vec![0, values.len() as u8, 0, 0];
            values.iter().for_each(|value| bytes.extend(value.to_be_bytes()));
            bytes
        };
        let unit = vector(&[0.0, 1.0, 0.0]);
        let insert = [
            parse("i", "INSERT INTO points VALUES (2, $1)", &[]),
            describe(b'S', "i"),
            bind("", "i", 1, &[Some(&unit)]),
            execute("", 0),
            sync(),
        ];
        let answers = raw.ask(&insert).await;
        assert_eq!(kinds(&answers), "1tn2CZ", "{answers:?}");
        assert_eq!(answers[1].body[2..], 16385_i32.to_be_bytes());
        let search = "SELECT s.id, p.v FROM vector_search('points', $1::vector, k => 1) s JOIN points p ON p.id::text = s.id";
        raw.ask(&[parse("s", search, &[]), sync()]).await;
        let answers = raw.ask(&[bind("", "s", 1, &[Some(&unit)]), execute("", 0), sync()]).await;
        assert_eq!(kinds(&answers), "2DCZ", "{answers:?}");
        assert_eq!(answers[1].values(), [Some(b"2".to_vec()), Some(unit)]);
        let answers = raw.ask(&[bind("", "s", 0, &[Some(b"[1,0,0]")]), execute("", 0), sync()]).await;
        assert_eq!(answers[1].texts(), ["1", "[1,0,0]"]);
        for short in [vector(&[1.0, 0.0]), vector(&[])] {
            let answers = raw.ask(&[bind("", "s", 1, &[Some(&short)]), execute("", 0), sync()]).await;
            assert_eq!(answers[answers.len() - 2].sqlstate(), "22000");
            let answers = raw.ask(&[bind("", "i", 1, &[Some(&short)]), execute("", 0), sync()]).await;
            assert_eq!(answers[answers.len() - 2].sqlstate(), "22000");
        }
    });
}

#[test]
fn parameters_that_cannot_be_read_are_refused() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[parse("s", "SELECT $1", &[23]), sync()]).await;
        for (message, state) in [
            (bind("", "s", 0, &[Some(b"abc")]), "22P02"),
            (bind("", "s", 0, &[Some(b"3000000000")]), "22003"),
            (bind("", "s", 1, &[Some(b"abc")]), "22P03"),
            (bind("", "s", 1, &[Some(b"abcde")]), "22P03"),
            (bind("", "s", 0, &[]), "08P01"),
            (bind("", "s", 0, &[Some(b"1"), Some(b"2")]), "08P01"),
            (bind("", "s", 2, &[Some(b"1")]), "22023"),
            (bind("", "s", 0, &[Some(b"\xff")]), "22021"),
        ] {
            let answers = raw.ask(&[message, execute("", 0), sync()]).await;
            assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), state.to_string()));
        }
        let answers = raw.ask(&[bind("", "s", 1, &[Some(&[0, 0, 0, 7])]), execute("", 0), sync()]).await;
        assert_eq!(answers[1].values(), [Some(vec![0, 0, 0, 7])]);
        assert_eq!(raw.ask(&[query("SELECT $1")]).await[0].sqlstate(), "42P02");
    });
}

#[test]
fn a_prepared_statement_outlives_its_table_being_made_anew() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE t (a int); INSERT INTO t VALUES (1)").await;
        raw.ask(&[parse("s", "SELECT a FROM t", &[]), sync()]).await;
        let run = [bind("", "s", 0, &[]), execute("", 0), sync()];
        raw.rows("DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t VALUES (2)").await;
        assert_eq!(raw.ask(&run).await[1].texts(), ["2"]);
        // With other columns the client would read what it was not told of.
        raw.rows("DROP TABLE t; CREATE TABLE t (a text)").await;
        let answers = raw.ask(&run).await;
        assert_eq!(answers[1].sqlstate(), "0A000");
    });
}
