//! From the first byte to the first `ReadyForQuery`.

use muster_server::wire::ServeOptions;
use tokio::io::AsyncReadExt;

use crate::raw::{Answer, Message, Raw, kinds, query, startup};
use crate::server::{any_port, serving, serving_with};

const USER: (&str, &str) = ("user", "ann");

fn parameter(answers: &[Answer], name: &str) -> Option<String> {
    let status = answers.iter().filter(|answer| answer.kind == b'S');
    status
        .filter_map(|answer| answer.text().split_once('\0').map(|(a, b)| (a.to_string(), b.to_string())))
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

#[test]
fn encryption_is_declined_and_the_session_starts_all_the_same() {
    serving(|server| async move {
        let mut raw = Raw::open(server.address).await;
        for code in [80_877_103, 80_877_104] {
            raw.send(&[Message::untyped(code).done()]).await;
            assert_eq!(raw.stream.read_u8().await.unwrap(), b'N');
        }
        raw.send(&[startup(&[USER, ("database", "postgres")])]).await;
        let answers = raw.until_ready().await;
        assert_eq!(answers[0].body, [0, 0, 0, 0]);
        assert!(parameter(&answers, "server_version").unwrap().starts_with("15"));
        assert_eq!(parameter(&answers, "client_encoding").unwrap(), "UTF8");
        assert_eq!(parameter(&answers, "integer_datetimes").unwrap(), "on");
        assert_eq!(parameter(&answers, "session_authorization").unwrap(), "ann");
    });
}

#[test]
fn a_startup_that_cannot_be_served_says_why() {
    serving(|server| async move {
        for (parameters, state) in [
            (vec![USER, ("database", "nope")], "3D000"),
            (vec![USER], "3D000"),
            (vec![("database", "muster")], "28000"),
            (vec![USER, ("database", "muster"), ("replication", "true")], "0A000"),
            (vec![USER, ("database", "muster"), ("no_such_setting", "1")], "42704"),
            (vec![USER, ("database", "muster"), ("options", "-c hnsw.ef_search=many")], "22023"),
        ] {
            let mut raw = Raw::open(server.address).await;
            raw.send(&[startup(&parameters)]).await;
            let answer = raw.answer().await.unwrap();
            assert_eq!((answer.sqlstate().as_str(), answer.field(b'S').unwrap().as_str()), (state, "FATAL"));
            assert!(raw.answer().await.is_none());
        }
    });
}

#[test]
fn a_newer_protocol_is_negotiated_down() {
    serving(|server| async move {
        let mut raw = Raw::open(server.address).await;
        let message = Message::untyped((3 << 16) + 9).str("user").str("ann").str("database").str("muster");
        raw.send(&[message.str("_pq_.wish").str("1").bytes(&[0]).done()]).await;
        let answers = raw.until_ready().await;
        let mut expected = ((3_i32 << 16) + 2).to_be_bytes().to_vec();
        expected.extend(1_i32.to_be_bytes());
        expected.extend(b"_pq_.wish\0");
        assert_eq!((answers[0].kind, &answers[0].body), (b'v', &expected));
        // Protocol 3.2 has keys of 32 bytes.
        let key = answers.iter().find(|answer| answer.kind == b'K').unwrap();
        assert_eq!(key.body.len(), 4 + 32);
    });
}

#[test]
fn settings_of_the_startup_packet_are_the_sessions() {
    serving(|server| async move {
        let options = ("options", "-c hnsw.ef_search=77");
        let parameters = [USER, ("database", "muster"), ("application_name", "test"), options];
        let mut raw = Raw::connect_with(server.address, &parameters).await;
        assert_eq!(parameter(&raw.welcome, "application_name").unwrap(), "test");
        assert_eq!(raw.rows("SHOW hnsw.ef_search").await, [["77"]]);
        let answers = raw.ask(&[query("SET application_name = 'other'")]).await;
        assert_eq!(kinds(&answers), "CSZ");
        assert_eq!(
            (answers[0].text().as_str(), parameter(&answers, "application_name").unwrap().as_str()),
            ("SET", "other")
        );
        // By a function, too; and back to what the client started with.
        let answers = raw.ask(&[query("SELECT set_config('application_name', 'third', false)")]).await;
        assert_eq!(kinds(&answers), "TDCSZ");
        assert_eq!(parameter(&answers, "application_name").unwrap(), "third");
        let answers = raw.ask(&[query("DISCARD ALL")]).await;
        assert_eq!(kinds(&answers), "CSZ");
        assert_eq!(parameter(&answers, "application_name").unwrap(), "test");
        assert_eq!(raw.rows("SHOW hnsw.ef_search").await, [["77"]]);
        // Nothing is told when nothing has changed.
        assert_eq!(kinds(&raw.ask(&[query("SET application_name = 'test'")]).await), "CZ");
        let rolled_back = "BEGIN; SET application_name = 'gone'; ROLLBACK";
        assert_eq!(kinds(&raw.ask(&[query(rolled_back)]).await), "CCCZ");
    });
}

#[test]
fn what_a_session_is_to_its_server_is_told() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let key = raw.welcome.iter().find(|answer| answer.kind == b'K').unwrap();
        let id = i32::from_be_bytes(key.body[..4].try_into().unwrap());
        let rows = raw.rows("SELECT pg_backend_pid(), inet_server_port(), inet_client_addr()").await;
        assert_eq!(rows, [[id.to_string(), server.address.port().to_string(), "127.0.0.1".to_string()]]);
        assert_eq!(rows[0].len(), 3);
    });
}

#[test]
fn one_client_too_many_is_turned_away() {
    let options = ServeOptions { max_connections: 1, ..ServeOptions::new(any_port()) };
    serving_with(options, |server| async move {
        let mut first = Raw::connect(server.address).await;
        let mut second = Raw::open(server.address).await;
        second.send(&[startup(&[USER, ("database", "muster")])]).await;
        assert_eq!(second.answer().await.unwrap().sqlstate(), "53300");
        assert_eq!(first.rows("SELECT 1").await, [["1"]]);
        first.send(&[Message::new(b'X').done()]).await;
        assert!(first.answer().await.is_none());
        // The place is free again as soon as the connection has ended.
        loop {
            let mut third = Raw::open(server.address).await;
            third.send(&[startup(&[USER, ("database", "muster")])]).await;
            if third.answer().await.unwrap().kind == b'R' {
                break;
            }
        }
    });
}
