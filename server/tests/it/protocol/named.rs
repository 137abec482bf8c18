//! Prepared statements by the protocol and by SQL: one name means the same in both.

use crate::raw::{Raw, bind, describe, execute, kinds, parse, sync};
use crate::server::serving;

#[test]
fn what_the_protocol_prepared_sql_deallocates() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let answers = raw.ask(&[parse("p", "SELECT $1::int + 1", &[]), sync()]).await;
        assert_eq!(kinds(&answers), "1Z");
        assert_eq!(raw.rows("EXECUTE p (41)").await, [["42"]]);
        raw.rows("DEALLOCATE p").await;
        let answers = raw.ask(&[bind("", "p", 0, &[Some(b"1")]), sync()]).await;
        assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "26000".to_string()));
        let answers = raw.ask(&[parse("p", "SELECT 1", &[]), sync()]).await;
        assert_eq!(kinds(&answers), "1Z", "the name is free again");
        raw.rows("DEALLOCATE ALL").await;
        let answers = raw.ask(&[describe(b'S', "p"), sync()]).await;
        assert_eq!(answers[0].sqlstate(), "26000");
    });
}

#[test]
fn what_sql_prepared_the_protocol_binds() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("PREPARE p (int, text) AS SELECT $2 || $1::text").await;
        let answers = raw.ask(&[describe(b'S', "p"), sync()]).await;
        assert_eq!(kinds(&answers), "tTZ");
        let messages = [bind("", "p", 0, &[Some(b"7"), Some(b"n")]), execute("", 0), sync()];
        let answers = raw.ask(&messages).await;
        assert_eq!(kinds(&answers), "2DCZ");
        assert_eq!(answers[1].texts(), ["n7"]);
        let answers = raw.ask(&[parse("p", "SELECT 1", &[]), sync()]).await;
        assert_eq!(answers[0].sqlstate(), "42P05");
        // Another statement by the same name is another statement.
        raw.rows("DEALLOCATE p").await;
        raw.rows("PREPARE p AS SELECT 'other'").await;
        let answers = raw.ask(&[bind("", "p", 0, &[]), execute("", 0), sync()]).await;
        assert_eq!(answers[1].texts(), ["other"]);
    });
}

#[test]
fn an_execute_is_described_by_what_it_runs() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("PREPARE p AS SELECT 1 AS one, 'x' AS two").await;
        let messages =
            [parse("", "EXECUTE p", &[]), describe(b'S', ""), bind("", "", 0, &[]), execute("", 0), sync()];
        let answers = raw.ask(&messages).await;
        assert_eq!(kinds(&answers), "1tT2DCZ");
        assert_eq!(answers[4].texts(), ["1", "x"]);
        assert_eq!(answers[5].text(), "SELECT 1");
    });
}

#[test]
fn an_execute_runs_no_execute() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("PREPARE a AS SELECT 1").await;
        let answers = raw.ask(&[parse("b", "EXECUTE a", &[]), sync()]).await;
        assert_eq!(kinds(&answers), "1Z");
        raw.rows("DEALLOCATE a").await;
        let answers = raw.ask(&[parse("a", "EXECUTE b", &[]), sync()]).await;
        assert_eq!((kinds(&answers), answers[0].sqlstate()), ("EZ".to_string(), "0A000".to_string()));
    });
}
