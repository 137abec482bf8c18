//! EXPLAIN ANALYZE of statements that change rows: it changes them, as a statement of the session's transaction.

use muster::{Database, Session};

async fn lines(session: &Session, sql: &str) -> Vec<String> {
    let result = session.query(sql, &[]).await.unwrap();
    let text = |batch: &muster::arrow::array::RecordBatch| {
        let lines = muster::arrow::array::AsArray::as_string::<i32>(batch.column(0));
        lines.iter().map(|line| line.unwrap().to_string()).collect::<Vec<_>>()
    };
    result.batches().iter().flat_map(text).collect()
}

async fn count(session: &Session, sql: &str) -> usize {
    session.query(sql, &[]).await.unwrap().num_rows()
}

#[tokio::test]
async fn explain_analyze_changes_rows_and_counts_them() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY, a int)", &[]).await.unwrap();
    for (sql, first) in [
        (
            "INSERT INTO t SELECT i, i FROM generate_series(1, 10) AS s(i)",
            "Insert on t, metrics=[changed_rows=10]",
        ),
        ("UPDATE t SET a = 0 WHERE id > 4", "Update on t, metrics=[changed_rows=6]"),
        ("DELETE FROM t WHERE a = 0 AND id < 7", "Delete on t, metrics=[changed_rows=2]"),
        (
            "MERGE INTO t USING (VALUES (1), (99)) AS s(id) ON t.id = s.id
             WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1)",
            "Merge on t, metrics=[changed_rows=2]",
        ),
    ] {
        let told = lines(&session, &format!("EXPLAIN ANALYZE {sql}")).await;
        assert_eq!(told[0], first);
        assert!(
            told[1].starts_with("  ") && told.iter().any(|line| line.contains("output_rows=")),
            "{told:?}"
        );
        assert!(told.iter().all(|line| !line.contains('\0')), "{told:?}");
    }
    assert_eq!(count(&session, "SELECT * FROM t").await, 8);
    assert_eq!(count(&session, "SELECT * FROM t WHERE id = 99").await, 1);
    let transaction = session.transaction().await.unwrap();
    let told = lines(transaction.session(), "EXPLAIN ANALYZE DELETE FROM t RETURNING id").await;
    assert_eq!(told[0], "Delete on t, metrics=[changed_rows=8]");
    assert_eq!(transaction.query("SELECT * FROM t", &[]).await.unwrap().num_rows(), 0);
    transaction.rollback();
    assert_eq!(count(&session, "SELECT * FROM t").await, 8);
}
