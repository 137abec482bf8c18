//! What takes longer than a setting allows: statements, and clients that say nothing.

use std::time::{Duration, Instant};

use super::interrupt::ENDLESS;
use crate::raw::{Raw, bind, execute, kinds, parse, query, sync};
use crate::server::serving;

#[test]
fn a_statement_that_takes_too_long_is_cancelled_and_the_connection_goes_on() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("SET statement_timeout = '300ms'").await;
        assert_eq!(raw.rows("SHOW statement_timeout").await, [["300ms"]]);
        let begun = Instant::now();
        raw.send(&[query(ENDLESS)]).await;
        let answers = raw.until_ready().await;
        let (took, error) = (begun.elapsed(), &answers[answers.len() - 2]);
        assert_eq!(error.sqlstate(), "57014");
        assert_eq!(error.field(b'M').unwrap(), "canceling statement due to statement timeout");
        assert!(took >= Duration::from_millis(300), "{took:?}");
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn a_setting_counts_from_the_next_statement_of_the_same_message_on() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.send(&[query(&format!("SET statement_timeout = 200; {ENDLESS}"))]).await;
        let answers = raw.until_ready().await;
        assert_eq!(answers[answers.len() - 2].sqlstate(), "57014", "{}", kinds(&answers));
        // The statements of a message were one transaction: with it the setting goes, too.
        assert_eq!(raw.rows("SHOW statement_timeout").await, [["0"]]);
    });
}

#[test]
fn the_extended_protocol_keeps_to_it_too() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE t (n int)").await;
        raw.rows("SET statement_timeout = 300").await;
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[query("INSERT INTO t VALUES (1)")]).await;
        let messages = [parse("", ENDLESS, &[]), bind("", "", 0, &[]), execute("", 0), sync()];
        let (answers, told) = raw.status(&messages).await;
        assert_eq!(told, "12EZ E");
        assert_eq!(answers[2].sqlstate(), "57014");
        raw.rows("ROLLBACK").await;
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
    });
}

#[test]
fn a_client_that_leaves_its_transaction_open_is_sent_away() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE t (n int)").await;
        raw.rows("SET idle_in_transaction_session_timeout = 300").await;
        // Outside of a block it may be silent.
        tokio::time::sleep(Duration::from_millis(600)).await;
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[query("INSERT INTO t VALUES (1)")]).await;
        assert_eq!(raw.answer().await.unwrap().sqlstate(), "25P03");
        assert!(raw.answer().await.is_none());
        let mut other = Raw::connect(server.address).await;
        assert_eq!(other.rows("SELECT count(*) FROM t").await, [["0"]]);
    });
}

#[test]
fn a_client_that_says_nothing_at_all_is_sent_away() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("SET idle_session_timeout = '100 ms'").await;
        assert_eq!(raw.answer().await.unwrap().sqlstate(), "57P05");
        assert!(raw.answer().await.is_none());
    });
}

#[test]
fn joins_that_look_at_each_pair_are_cancelled_and_keep_nobody_waiting() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE t AS SELECT g AS n, md5(g::text) AS s FROM generate_series(1, 20000) g").await;
        raw.rows("SET statement_timeout = 500").await;
        let mut other = Raw::connect(server.address).await;
        for join in [
            "SELECT count(*) FROM t a JOIN t b ON a.s > b.s JOIN t c ON b.s > c.s",
            "SELECT count(*) FROM generate_series(1, 2000000) a, generate_series(1, 2000000) b",
            "SELECT count(*) FROM t a JOIN t b ON a.n % 2 = b.n % 2 JOIN t c ON c.n % 2 = b.n % 2",
        ] {
            raw.send(&[query(join)]).await;
            for _ in 0..5 {
                assert_eq!(other.rows("SELECT 1").await, [["1"]]);
            }
            let answers = raw.until_ready().await;
            assert_eq!(answers[answers.len() - 2].sqlstate(), "57014", "{join}");
        }
    });
}
