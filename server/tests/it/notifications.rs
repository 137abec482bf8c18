//! LISTEN and NOTIFY: what arrives, when, and from whom.

use std::time::{Duration, Instant};

use crate::psql::lines;
use crate::raw::{Answer, Raw, kinds, query};
use crate::server::serving;

/// The process, channel and text of a notification.
fn notification(answer: &Answer) -> (i32, String, String) {
    assert_eq!(answer.kind, b'A', "{answer:?}");
    let (process, rest) = answer.body.split_at(4);
    let mut texts = rest.split(|byte| *byte == 0).map(|text| String::from_utf8(text.to_vec()).unwrap());
    let process = i32::from_be_bytes(process.try_into().unwrap());
    (process, texts.next().unwrap(), texts.next().unwrap())
}

async fn process(raw: &mut Raw) -> i32 {
    let rows = raw.rows("SELECT pg_backend_pid()").await;
    rows[0][0].parse().unwrap()
}

#[test]
fn who_listens_is_told_while_idle_after_the_commit() {
    serving(|server| async move {
        let (mut hears, mut says) = (Raw::connect(server.address).await, Raw::connect(server.address).await);
        hears.rows("LISTEN news").await;
        let process = process(&mut says).await;
        says.status(&[query("BEGIN")]).await;
        for sql in [
            "NOTIFY news, 'one'",
            "NOTIFY news, 'one'",
            "SELECT pg_notify('news', 'two')",
            "NOTIFY other",
            "SAVEPOINT s",
            "NOTIFY news, 'never'",
            "ROLLBACK TO s",
        ] {
            says.status(&[query(sql)]).await;
        }
        let early = tokio::time::timeout(Duration::from_millis(200), hears.answer()).await;
        assert!(early.is_err(), "{early:?}");
        says.rows("COMMIT").await;
        for text in ["one", "two"] {
            let told = notification(&hears.answer().await.unwrap());
            assert_eq!(told, (process, "news".to_string(), text.to_string()));
        }
        says.rows("BEGIN; NOTIFY news, 'rolled back'; ROLLBACK").await;
        says.rows("NOTIFY news").await;
        assert_eq!(notification(&hears.answer().await.unwrap()).2, "");
        // Outside of a block, by a function over rows.
        says.rows("SELECT pg_notify('news', n::text) FROM generate_series(1, 2) n").await;
        assert_eq!(notification(&hears.answer().await.unwrap()).2, "1");
        assert_eq!(notification(&hears.answer().await.unwrap()).2, "2");
        hears.rows("UNLISTEN *").await;
        says.rows("NOTIFY news, 'unheard'").await;
        assert_eq!(hears.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn a_session_in_a_block_is_told_when_that_ends() {
    serving(|server| async move {
        let (mut hears, mut says) = (Raw::connect(server.address).await, Raw::connect(server.address).await);
        hears.rows("LISTEN news").await;
        hears.status(&[query("BEGIN")]).await;
        says.rows("NOTIFY news, 'later'").await;
        let (_, told) = hears.status(&[query("SELECT 1")]).await;
        assert_eq!(told, "TDCZ T");
        hears.send(&[query("COMMIT")]).await;
        let answers = hears.until_ready().await;
        assert_eq!(kinds(&answers), "CAZ");
        assert_eq!(notification(&answers[1]).2, "later");
        // Its own notifications come with the answer, too.
        hears.send(&[query("NOTIFY news, 'own'")]).await;
        let answers = hears.until_ready().await;
        assert_eq!(kinds(&answers), "CAZ");
        let own = process(&mut hears).await;
        assert_eq!(notification(&answers[1]), (own, "news".to_string(), "own".to_string()));
    });
}

#[test]
fn psql_shows_them() {
    serving(|server| async move {
        let script = ["LISTEN news", "NOTIFY news, 'text'"];
        let Some(found) = lines(server.address, &script).await else { return };
        assert_eq!(found[..2], ["LISTEN", "NOTIFY"], "{found:?}");
        assert!(found[2].contains("\"news\" with payload \"text\""), "{found:?}");
    });
}

#[test]
fn a_sleep_ends_at_its_timeout() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("SET statement_timeout = 200").await;
        for sleep in ["SELECT pg_sleep(30)", "SELECT pg_sleep(30) FROM generate_series(1, 3)"] {
            let begun = Instant::now();
            raw.send(&[query(sleep)]).await;
            let answers = raw.until_ready().await;
            assert_eq!(answers[answers.len() - 2].sqlstate(), "57014");
            let took = begun.elapsed();
            assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(10), "{took:?}");
        }
        raw.rows("SET statement_timeout = 0").await;
        assert_eq!(raw.rows("SELECT pg_sleep(0.05)").await, [[""]]);
    });
}
