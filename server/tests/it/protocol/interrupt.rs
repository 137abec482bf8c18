//! What ends a statement early: a cancel request, a client that leaves, a server that stops.

use std::time::Duration;

use muster_server::wire::ServeOptions;

use crate::raw::{Answer, Message, Raw, kinds, query};
use crate::server::{any_port, serving, serving_with};

/// A statement that does not end while a test runs.
pub(super) const ENDLESS: &str =
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT (n + 1) % 1000 FROM t) SELECT count(*) FROM t";

fn cancel_request(welcome: &[Answer]) -> Vec<u8> {
    let key = welcome.iter().find(|answer| answer.kind == b'K').unwrap();
    Message::untyped(80_877_102).bytes(&key.body).done()
}

#[test]
fn a_cancel_request_ends_the_statement_and_not_the_connection() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let request = cancel_request(&raw.welcome);
        raw.send(&[query(ENDLESS)]).await;
        // It may come before the statement has begun, and is then for nothing: ask until it is heard.
        let answers = tokio::select! {
            answers = raw.until_ready() => answers,
            () = async {
                loop {
                    Raw::open(server.address).await.send(std::slice::from_ref(&request)).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            } => unreachable!("the loop has no end"),
        };
        assert_eq!((kinds(&answers), answers[1].sqlstate()), ("TEZ".to_string(), "57014".to_string()));
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn a_cancel_request_with_a_wrong_key_does_nothing() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let mut request = cancel_request(&raw.welcome);
        *request.last_mut().unwrap() ^= 1;
        raw.send(&[query(ENDLESS)]).await;
        for _ in 0..5 {
            let mut other = Raw::open(server.address).await;
            other.send(&[request.clone()]).await;
            // The server closes it once it has done what was asked.
            assert!(other.answer().await.is_none());
        }
        let answer = tokio::time::timeout(Duration::from_millis(200), raw.answer()).await;
        assert!(answer.is_err(), "the statement was ended: {answer:?}");
    });
}

#[test]
fn a_client_that_leaves_ends_its_statement() {
    let patient = ServeOptions { grace: Duration::from_secs(3600), ..ServeOptions::new(any_port()) };
    serving_with(patient, |server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.send(&[query(ENDLESS)]).await;
        let mut other = Raw::connect(server.address).await;
        assert_eq!(other.rows("SELECT 1").await, [["1"]]);
        drop(raw);
        drop(other);
        // A statement that still ran would hold the server back for the hour of grace.
        server.stop().await;
    });
}

#[test]
fn a_result_that_nobody_reads_does_not_fill_memory_and_ends_with_its_client() {
    let patient = ServeOptions { grace: Duration::from_secs(3600), ..ServeOptions::new(any_port()) };
    serving_with(patient, |server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE wide (a text)").await;
        let text = "x".repeat(1000);
        let values = vec![format!("('{text}')"); 1000].join(",");
        raw.rows(&format!("INSERT INTO wide VALUES {values}")).await;
        // A gigabyte of rows, none of which is read.
        raw.send(&[query("SELECT a.a FROM wide a, wide b")]).await;
        assert_eq!(raw.answer().await.unwrap().kind, b'T');
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(raw);
        server.stop().await;
    });
}

#[test]
fn stopping_ends_idle_connections_at_once_and_running_statements_after_the_grace_time() {
    let options = ServeOptions { grace: Duration::from_millis(200), ..ServeOptions::new(any_port()) };
    serving_with(options, |server| async move {
        let address = server.address;
        let mut idle = Raw::connect(address).await;
        let mut busy = Raw::connect(address).await;
        busy.send(&[query(ENDLESS)]).await;
        let stopped = server.begin_stop();
        for raw in [&mut idle, &mut busy] {
            let mut answer = raw.answer().await.unwrap();
            if answer.kind == b'T' {
                answer = raw.answer().await.unwrap();
            }
            assert_eq!(answer.sqlstate(), "57P01");
            assert!(raw.answer().await.is_none());
        }
        stopped.await.unwrap().unwrap();
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    });
}

#[test]
fn a_running_statement_finishes_while_the_server_stops() {
    let patient = ServeOptions { grace: Duration::from_secs(3600), ..ServeOptions::new(any_port()) };
    serving_with(patient, |server| async move {
        let mut raw = Raw::connect(server.address).await;
        let count = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 300) SELECT count(*) FROM t";
        raw.send(&[query(count)]).await;
        let stopped = server.begin_stop();
        let answer = raw.answer().await.unwrap();
        // It may have been stopped before it took the statement up.
        if answer.kind == b'T' {
            assert_eq!(raw.answer().await.unwrap().texts(), ["300"]);
            assert_eq!(kinds(&raw.until_ready().await), "CZ");
        }
        stopped.await.unwrap().unwrap();
    });
}
