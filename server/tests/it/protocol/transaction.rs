//! Transaction blocks as the protocol tells of them: the status in ReadyForQuery, warnings, pipelines,
//! portals that outlive a Sync.

use crate::raw::{Answer, Message, Raw, bind, execute, flush, kinds, parse, query, sync};
use crate::server::serving;

async fn with_table(address: std::net::SocketAddr) -> Raw {
    let mut raw = Raw::connect(address).await;
    raw.ask(&[query("CREATE TABLE t (id int PRIMARY KEY)")]).await;
    raw
}

async fn count(address: std::net::SocketAddr) -> String {
    Raw::connect(address).await.rows("SELECT count(*) FROM t").await.remove(0).remove(0)
}

/// Parse, Bind and Execute of a statement, without a Sync.
fn step(sql: &str) -> Vec<u8> {
    [parse("", sql, &[]), bind("", "", 0, &[]), execute("", 0)].concat()
}

fn error(answers: &[Answer]) -> String {
    answers.iter().find(|answer| answer.kind == b'E').unwrap().sqlstate()
}

/// The fields of a notice, by their codes.
fn notice(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.kind, b'N');
    let fields = answer.body.split(|byte| *byte == 0).filter(|field| !field.is_empty());
    fields.map(|field| String::from_utf8(field.to_vec()).unwrap()).collect()
}

#[test]
fn the_status_follows_the_block() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let mut told = async |sql: &str| raw.status(&[query(sql)]).await.1;
        assert_eq!(told("BEGIN").await, "CZ T");
        assert_eq!(told("INSERT INTO t VALUES (1)").await, "CZ T");
        assert_eq!(told("SAVEPOINT s").await, "CZ T");
        assert_eq!(told("INSERT INTO t VALUES (1)").await, "EZ E");
        assert_eq!(told("SELECT 1").await, "EZ E");
        assert_eq!(told("ROLLBACK TO s").await, "CZ T");
        assert_eq!(told("SELECT FROM nowhere FROM").await, "EZ E");
        assert_eq!(told("ROLLBACK TO s").await, "CZ T");
        assert_eq!(count(server.address).await, "0");
        assert_eq!(told("COMMIT").await, "CZ I");
        assert_eq!(count(server.address).await, "1");
        assert_eq!(told("BEGIN; INSERT INTO t VALUES (2)").await, "CCZ T");
        assert_eq!(told("ROLLBACK").await, "CZ I");
        assert_eq!(count(server.address).await, "1");
    });
}

#[test]
fn committing_a_failed_block_says_rollback() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[query("INSERT INTO t VALUES (1)")]).await;
        let (answers, told) = raw.status(&[query("SELECT 1/0")]).await;
        assert_eq!((error(&answers).as_str(), told.chars().last()), ("22012", Some('E')));
        let (answers, told) = raw.status(&[query("SELECT 1")]).await;
        assert_eq!((error(&answers).as_str(), told.as_str()), ("25P02", "EZ E"));
        let (answers, told) = raw.status(&[query("COMMIT")]).await;
        assert_eq!((answers[0].text().as_str(), told.as_str()), ("ROLLBACK", "CZ I"));
        assert_eq!(count(server.address).await, "0");
    });
}

#[test]
fn statements_of_one_query_are_one_transaction() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let (answers, told) =
            raw.status(&[query("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); SELECT 1")]).await;
        assert_eq!((told.as_str(), error(&answers).as_str()), ("CEZ I", "23505"));
        assert_eq!(count(server.address).await, "0");
        // What was committed among them stays.
        let sql = "INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); SELECT 1/0";
        let (answers, _) = raw.status(&[query(sql)]).await;
        assert_eq!(error(&answers), "22012");
        assert_eq!(count(server.address).await, "1");
        let (_, told) =
            raw.status(&[query("INSERT INTO t VALUES (2); BEGIN; INSERT INTO t VALUES (3)")]).await;
        assert_eq!(told, "CCCZ T");
        assert_eq!(count(server.address).await, "1");
        raw.status(&[query("COMMIT")]).await;
        assert_eq!(count(server.address).await, "3");
    });
}

#[test]
fn a_pipeline_between_two_syncs_is_one_transaction() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let one = step("INSERT INTO t VALUES (1)");
        let (answers, told) =
            raw.status(&[one.clone(), step("SELECT count(*) FROM t"), one.clone(), sync()]).await;
        assert_eq!((told.as_str(), error(&answers).as_str()), ("12C12DC12EZ I", "23505"));
        assert_eq!(answers[5].texts(), ["1"]);
        assert_eq!(count(server.address).await, "0");
        let (_, told) = raw.status(&[one, step("INSERT INTO t VALUES (2)"), sync()]).await;
        assert_eq!(told, "12C12CZ I");
        assert_eq!(count(server.address).await, "2");
        // An explicit block in a pipeline outlives its Sync.
        let (_, told) = raw.status(&[step("BEGIN"), step("INSERT INTO t VALUES (3)"), sync()]).await;
        assert_eq!(told, "12C12CZ T");
        assert_eq!(count(server.address).await, "2");
        let (_, told) = raw.status(&[step("COMMIT"), sync()]).await;
        assert_eq!(told, "12CZ I");
        assert_eq!(count(server.address).await, "3");
    });
}

#[test]
fn a_pipeline_that_is_flushed_waits_for_its_sync() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        raw.send(&[step("INSERT INTO t VALUES (1)"), flush()]).await;
        raw.until(b'C').await;
        assert_eq!(count(server.address).await, "0");
        raw.ask(&[sync()]).await;
        assert_eq!(count(server.address).await, "1");
    });
}

#[test]
fn portals_live_as_long_as_their_block() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let cursor = [
            parse("", "SELECT * FROM generate_series(1, 5)", &[]),
            bind("cursor", "", 0, &[]),
            execute("cursor", 2),
            sync(),
        ]
        .concat();
        let more = [execute("cursor", 2), sync()].concat();
        let (_, told) = raw.status(&[query("BEGIN"), cursor.clone()]).await;
        assert_eq!(told, "CZ T");
        let answers = raw.until(b'Z').await;
        assert_eq!(kinds(&answers), "12DDsZ");
        let (answers, told) = raw.status(std::slice::from_ref(&more)).await;
        assert_eq!((told.as_str(), answers[0].texts()), ("DDsZ T", vec!["3".to_string()]));
        // A simple query ends the unnamed portal only.
        raw.status(&[query("SELECT 1")]).await;
        let (_, told) = raw.status(std::slice::from_ref(&more)).await;
        assert_eq!(told, "DCZ T");
        raw.status(&[query("COMMIT")]).await;
        let (answers, told) = raw.status(std::slice::from_ref(&more)).await;
        assert_eq!((told.as_str(), error(&answers).as_str()), ("EZ I", "34000"));
        // Outside of a block it ends with the Sync.
        raw.status(std::slice::from_ref(&cursor)).await;
        let (answers, _) = raw.status(std::slice::from_ref(&more)).await;
        assert_eq!(error(&answers), "34000");
        // In a failed block it goes no further.
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[cursor]).await;
        raw.status(&[query("SELECT 1/0")]).await;
        let (answers, told) = raw.status(&[more]).await;
        assert_eq!((told.as_str(), error(&answers).as_str()), ("EZ E", "25P02"));
    });
}

#[test]
fn blocks_that_begin_twice_or_not_at_all_are_warned_of() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.status(&[query("BEGIN")]).await;
        let (answers, told) = raw.status(&[query("BEGIN")]).await;
        assert_eq!(told, "NCZ T");
        assert_eq!(
            notice(&answers[0]),
            ["SWARNING", "VWARNING", "C25001", "Mthere is already a transaction in progress"]
        );
        raw.status(&[query("COMMIT")]).await;
        for sql in ["COMMIT", "ROLLBACK"] {
            let (answers, told) = raw.status(&[query(sql)]).await;
            assert_eq!(told, "NCZ I");
            assert_eq!(
                notice(&answers[0])[2..],
                ["C25P01", "Mthere is no transaction in progress"].map(String::from)
            );
        }
        raw.ask(&[query("SET client_min_messages = error")]).await;
        assert_eq!(raw.status(&[query("COMMIT")]).await.1, "CZ I");
    });
}

#[test]
fn a_connection_that_drops_rolls_back() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        raw.status(&[query("BEGIN; INSERT INTO t VALUES (1)")]).await;
        drop(raw);
        let mut other = Raw::connect(server.address).await;
        // Nothing of it is there, and nothing of it stands in the way.
        assert_eq!(other.rows("SELECT count(*) FROM t").await, [["0"]]);
        assert_eq!(other.status(&[query("INSERT INTO t VALUES (1)")]).await.1, "CZ I");
    });
}

#[test]
fn rows_copied_in_a_block_are_part_of_it() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let data = |text: &str| Message::new(b'd').bytes(text.as_bytes()).done();
        let done = || Message::new(b'c').done();
        // As many as go straight into a segment outside of a block.
        let rows: String = (0..20_000).map(|id| format!("{id}\n")).collect();
        raw.status(&[query("BEGIN")]).await;
        let (_, told) = raw.status(&[query("COPY t FROM STDIN"), data(&rows), done()]).await;
        assert_eq!(told, "GCZ T");
        let (answers, _) = raw.status(&[query("SELECT count(*) FROM t")]).await;
        assert_eq!(answers[1].texts(), ["20000"]);
        assert_eq!(count(server.address).await, "0");
        raw.status(&[query("ROLLBACK")]).await;
        assert_eq!(count(server.address).await, "0");
        // A COPY that fails, or is given up, fails its block.
        for end in [vec![data("x\n"), done()], vec![data("1\n"), Message::new(b'f').str("no").done()]] {
            raw.status(&[query("BEGIN")]).await;
            let (_, told) = raw.status(&[vec![query("COPY t FROM STDIN")], end].concat()).await;
            assert_eq!(told, "GEZ E");
            let (answers, _) = raw.status(&[query("COMMIT")]).await;
            assert_eq!(answers[0].text(), "ROLLBACK");
        }
        raw.status(&[query("BEGIN")]).await;
        raw.status(&[query("COPY t FROM STDIN"), data("1\n2\n"), done()]).await;
        assert_eq!(raw.status(&[query("COMMIT")]).await.1, "CZ I");
        assert_eq!(count(server.address).await, "2");
    });
}
