//! Cancelling while a statement commits: whoever is told that it was cancelled finds nothing of it.

use std::time::Duration;

use ::tokio_postgres::NoTls;

use crate::server::{connect, serving};

#[test]
fn a_cancelled_statement_has_changed_nothing() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute("CREATE TABLE t (round int, n int, text text)").await.unwrap();
        let (mut cancelled, mut done) = (0, 0);
        for round in 0..60_u64 {
            let token = client.cancel_token();
            let in_block = round % 2 == 1;
            let insert = format!(
                "INSERT INTO t SELECT {round}, n, repeat('x', 20) FROM generate_series(1, 2000) AS s(n)"
            );
            let sql = if in_block { format!("BEGIN; {insert}; COMMIT") } else { insert };
            let cancel = async {
                tokio::time::sleep(Duration::from_micros(round * 400)).await;
                token.cancel_query(NoTls).await.unwrap();
            };
            let (result, ()) = tokio::join!(client.batch_execute(&sql), cancel);
            if in_block && result.is_err() {
                client.batch_execute("ROLLBACK").await.unwrap();
            }
            let count = "SELECT count(*) FROM t WHERE round = $1";
            let there: i64 = loop {
                // A cancel that came late may still be under way to the next statement.
                match client.query_one(count, &[&(round as i32)]).await {
                    Ok(row) => break row.get(0),
                    Err(error) => assert_eq!(error.code().unwrap().code(), "57014", "{error}"),
                }
            };
            match result {
                Ok(()) => {
                    done += 1;
                    assert_eq!(there, 2000, "round {round}");
                }
                Err(error) => {
                    cancelled += 1;
                    assert_eq!(error.code().unwrap().code(), "57014", "{error}");
                    assert_eq!(there, 0, "round {round}");
                }
            }
        }
        eprintln!("{cancelled} cancelled, {done} done");
        assert!(cancelled > 0, "nothing was cancelled");
    });
}
