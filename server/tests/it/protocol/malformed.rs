//! What no driver would send.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw::{Message, Raw, bind, close, describe, execute, flush, kinds, parse, query, sync};
use crate::server::serving;

#[test]
fn messages_cut_short_are_errors_and_the_connection_lives() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        for message in [
            Message::new(b'P').str("s").bytes(b"SELECT").done(),
            Message::new(b'B').str("").str("").i16(5).done(),
            Message::new(b'B').str("").str("").i16(0).i16(1).i32(i32::MAX).done(),
            Message::new(b'E').str("").i16(1).done(),
            Message::new(b'D').bytes(b"X").str("").done(),
            Message::new(b'C').done(),
            Message::new(b'H').bytes(b"more").done(),
        ] {
            let answers = raw.ask(&[message, sync()]).await;
            assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "08P01".to_string()));
        }
        for (message, state) in [
            (Message::new(b'Q').bytes(b"SELECT 1").done(), "08P01"),
            (Message::new(b'Q').bytes(b"SELECT '\xff'\0").done(), "22021"),
            (Message::new(b'S').bytes(b"more").done(), "08P01"),
            (Message::new(b'F').i32(1).done(), "08P01"),
        ] {
            let answers = raw.ask(&[message]).await;
            assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), state.to_string()));
        }
    });
}

#[test]
fn messages_out_of_place_end_the_connection_with_a_reason() {
    serving(|server| async move {
        for message in [
            Message::new(b'p').str("secret").done(),
            Message::new(b'?').done(),
            vec![b'Q', 0, 0, 0, 3],
            vec![b'Q', 0x7f, 0xff, 0xff, 0xff],
        ] {
            let mut raw = Raw::connect(server.address).await;
            raw.send(&[message]).await;
            let answer = raw.answer().await.unwrap();
            assert_eq!(
                (answer.sqlstate().as_str(), answer.field(b'S').unwrap().as_str()),
                ("08P01", "FATAL")
            );
            assert!(raw.answer().await.is_none());
        }
    });
}

#[test]
fn what_is_not_postgresql_is_turned_away() {
    serving(|server| async move {
        for bytes in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", &[0; 64]]
        {
            let mut raw = Raw::open(server.address).await;
            raw.stream.write_all(bytes).await.unwrap();
            assert_eq!(raw.answer().await.unwrap().sqlstate(), "08P01");
            assert!(raw.answer().await.is_none());
        }
        Raw::connect(server.address).await;
    });
}

/// Messages that are right, then with some bytes changed: the server may answer anything and close
/// the connection, but it lives.
#[test]
fn random_bytes_never_end_the_server() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    serving(|server| async move {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let good = [
            query("SELECT 1"),
            parse("s", "SELECT $1::text, $2::int4[], $3::numeric(10,2), $4::timestamptz", &[0, 1007]),
            describe(b'S', "s"),
            bind("p", "s", 0, &[Some(b"a"), Some(b"{1,2}"), Some(b"1.5"), Some(b"2026-01-02 03:04:05+00")]),
            execute("p", 1),
            flush(),
            bind("q", "s", 1, &[Some(b"a"), None, Some(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 7]), Some(&[0; 8])]),
            execute("q", 0),
            close(b'S', "s"),
            sync(),
        ]
        .concat();
        for round in 0..300 {
            let mut raw = Raw::connect(server.address).await;
            let mut bytes = good.clone();
            for _ in 0..random.random_range(1..=6) {
                let position = random.random_range(0..bytes.len());
                bytes[position] = random.random();
            }
            bytes.truncate(random.random_range(bytes.len() / 2..=bytes.len()));
            // The server may close before all is sent.
            let _ = raw.stream.write_all(&bytes).await;
            let _ = raw.stream.shutdown().await;
            let mut answers = Vec::new();
            let read =
                tokio::time::timeout(Duration::from_secs(30), raw.stream.read_to_end(&mut answers)).await;
            assert!(read.is_ok(), "round {round} of seed {seed} hangs");
        }
        assert_eq!(Raw::connect(server.address).await.rows("SELECT 1").await, [["1"]]);
        server.stop().await;
    });
}
