//! Transactions through the library: hands that roll back, statements that run again, scripts that are one.

use muster::{Database, TransactionStatus, params};

async fn database() -> Database {
    let db = Database::in_memory().unwrap();
    db.session().execute("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)", &[]).await.unwrap();
    db
}

async fn count(db: &Database) -> usize {
    db.session().query("SELECT * FROM t", &[]).await.unwrap().num_rows()
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back() {
    let db = database().await;
    let session = db.session();
    {
        let transaction = session.transaction().await.unwrap();
        transaction.execute("INSERT INTO t VALUES (1, 1)", &[]).await.unwrap();
        assert_eq!(session.transaction_status(), TransactionStatus::Open);
        assert_eq!(session.transaction().await.unwrap_err().sqlstate(), "25001");
    }
    assert_eq!(session.transaction_status(), TransactionStatus::Idle);
    assert_eq!(count(&db).await, 0);

    let transaction = session.transaction().await.unwrap();
    transaction.execute("INSERT INTO t VALUES ($1, 1)", &params![1_i64]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&db).await, 1);

    let transaction = session.transaction().await.unwrap();
    transaction.execute("INSERT INTO t VALUES (2, 2)", &[]).await.unwrap();
    transaction.execute("INSERT INTO t VALUES (1, 2)", &[]).await.unwrap_err();
    assert_eq!(session.transaction_status(), TransactionStatus::Failed);
    assert_eq!(transaction.commit().await.unwrap_err().sqlstate(), "25P02");
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn a_session_that_goes_away_rolls_back() {
    let db = database().await;
    let session = db.session();
    session.execute("BEGIN", &[]).await.unwrap();
    session.execute("INSERT INTO t VALUES (1, 1)", &[]).await.unwrap();
    drop(session);
    assert_eq!(count(&db).await, 0);
}

#[tokio::test]
async fn several_statements_at_once_are_one_transaction() {
    let db = database().await;
    let session = db.session();
    let failed = session.execute("INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (1, 2)", &[]).await;
    assert_eq!(failed.unwrap_err().sqlstate(), "23505");
    assert_eq!((count(&db).await, session.transaction_status()), (0, TransactionStatus::Idle));
    // But for what they commit themselves.
    let script = "INSERT INTO t VALUES (1, 1); COMMIT; INSERT INTO t VALUES (2, 2); SELECT 1 / 0";
    assert_eq!(session.execute(script, &[]).await.unwrap_err().sqlstate(), "22012");
    assert_eq!(count(&db).await, 1);
    assert_eq!(session.take_notices().len(), 1);
    session.execute("INSERT INTO t VALUES (2, 2); BEGIN; INSERT INTO t VALUES (3, 3)", &[]).await.unwrap();
    assert_eq!(session.transaction_status(), TransactionStatus::Open);
    session.execute("ROLLBACK", &[]).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_their_own_never_lose_to_definitions_that_change() {
    let db = database().await;
    let writer = {
        let db = db.clone();
        tokio::spawn(async move {
            let session = db.session();
            for id in 0..200_i64 {
                session.execute("INSERT INTO t VALUES ($1, 0)", &params![id]).await.unwrap();
            }
        })
    };
    let session = db.session();
    for round in 0..20 {
        let table = format!("CREATE TABLE other{round} (id int); DROP TABLE other{round}");
        session.execute(&table, &[]).await.unwrap();
    }
    writer.await.unwrap();
    assert_eq!(count(&db).await, 200);
}
