//! Foreign keys under concurrency: whatever commits beside what, no row is left without its key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use muster::{Database, Session, params};

const KEYS: i64 = 4;
const ROUNDS: i64 = 150;

async fn database(action: &str) -> Database {
    let db = Database::in_memory().unwrap();
    let script = format!(
        "CREATE TABLE parent (id bigint PRIMARY KEY, n bigint);
         CREATE TABLE child (id bigint PRIMARY KEY, p bigint REFERENCES parent {action})"
    );
    db.session().execute(&script, &[]).await.unwrap();
    db
}

async fn orphans(db: &Database) -> usize {
    let sql = "SELECT id FROM child WHERE p IS NOT NULL AND p NOT IN (SELECT id FROM parent)";
    db.session().query(sql, &[]).await.unwrap().num_rows()
}

/// Runs statements, as one transaction or each for itself. What fails has to fail for a foreign key or for somebody who
/// came first; whether it succeeded.
async fn attempt(session: &Session, block: bool, statements: &[(&str, i64)]) -> bool {
    let expected = |error: muster::Error| {
        let state = error.sqlstate();
        assert!(["23503", "23505", "40001"].contains(&state), "{state}: {error}");
    };
    if !block {
        let mut done = true;
        for (sql, value) in statements {
            done &= session.execute(sql, &params![*value]).await.map_err(expected).is_ok();
        }
        return done;
    }
    let transaction = session.transaction().await.unwrap();
    for (sql, value) in statements {
        if let Err(error) = transaction.execute(sql, &params![*value]).await {
            expected(error);
            return false;
        }
        // So that others come in between.
        tokio::task::yield_now().await;
    }
    transaction.commit().await.map_err(expected).is_ok()
}

/// Two writers of rows and two who take keys away and put them back, over few keys.
async fn race(action: &str, take: &'static str) {
    let db = database(action).await;
    let (ids, done) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let put = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut tasks = Vec::new();
    for writer in 0..4 {
        let (db, ids, put) = (db.clone(), ids.clone(), put.clone());
        tasks.push(tokio::spawn(async move {
            let session = db.session();
            for round in 0..ROUNDS {
                let key = (round * 7 + writer) % KEYS;
                let block = (round + writer) % 3 == 0;
                if writer % 2 == 0 {
                    let id = ids.fetch_add(1, Ordering::Relaxed);
                    let sql = format!("INSERT INTO child VALUES ({id}, $1)");
                    let succeeded = attempt(&session, block, &[(sql.as_str(), key)]).await;
                    put.0.fetch_add(u64::from(succeeded), Ordering::Relaxed);
                } else {
                    let there = "INSERT INTO parent VALUES ($1, 0) ON CONFLICT DO NOTHING";
                    attempt(&session, false, &[(there, key)]).await;
                    let clear = "DELETE FROM child WHERE p = $1";
                    let statements = [(clear, key), (take, key)];
                    let succeeded = attempt(&session, block, &statements).await;
                    put.1.fetch_add(u64::from(succeeded), Ordering::Relaxed);
                }
            }
        }));
    }
    let watcher = {
        let (db, done) = (db.clone(), done.clone());
        tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(orphans(&db).await, 0);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
    };
    for task in tasks {
        task.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    watcher.await.unwrap();
    assert_eq!(orphans(&db).await, 0);
    // Both sides have got something done, or nothing was raced.
    assert!(put.0.load(Ordering::Relaxed) > 10 && put.1.load(Ordering::Relaxed) > 10, "{put:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_and_the_deletion_of_their_keys_leave_no_orphan() {
    race("", "DELETE FROM parent WHERE id = $1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_and_a_cascade_leave_no_orphan() {
    race("ON DELETE CASCADE", "DELETE FROM parent WHERE id = $1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_and_keys_that_change_leave_no_orphan() {
    race("ON UPDATE CASCADE", "UPDATE parent SET id = (SELECT max(id) + 100 FROM parent) WHERE id = $1")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_and_keys_that_are_checked_late_leave_no_orphan() {
    race("DEFERRABLE INITIALLY DEFERRED", "DELETE FROM parent WHERE id = $1").await;
}

/// A transaction that has put a row, and one that deletes its key: whoever commits first wins.
#[tokio::test]
async fn who_commits_first_wins() {
    let db = database("").await;
    let (one, two) = (db.session(), db.session());
    one.execute("INSERT INTO parent VALUES (1, 0), (2, 0)", &[]).await.unwrap();
    let first = one.transaction().await.unwrap();
    first.execute("INSERT INTO child VALUES (1, 1)", &[]).await.unwrap();
    // It sees no row, and there is none to wait for.
    two.execute("DELETE FROM parent WHERE id = 1", &[]).await.unwrap();
    assert_eq!(first.commit().await.unwrap_err().sqlstate(), "40001");

    let first = one.transaction().await.unwrap();
    first.execute("DELETE FROM parent WHERE id = 2", &[]).await.unwrap();
    two.execute("INSERT INTO child VALUES (2, 2)", &[]).await.unwrap();
    assert_eq!(first.commit().await.unwrap_err().sqlstate(), "40001");
    assert_eq!(orphans(&db).await, 0);

    // A statement of its own runs again, and is told what is so then.
    let error = two.execute("DELETE FROM parent WHERE id = 2", &[]).await.unwrap_err();
    assert_eq!(error.sqlstate(), "23503");
    assert_eq!(
        error.to_string(),
        "update or delete on table \"parent\" violates foreign key constraint \"child_p_fkey\" on table \"child\""
    );
    assert_eq!(error.detail().as_deref(), Some("Key (id)=(2) is still referenced from table \"child\"."));
    let named = (error.schema(), error.table(), error.constraint());
    assert_eq!(named, (Some("public"), Some("child"), Some("child_p_fkey")));
    let error = two.execute("INSERT INTO child VALUES (3, 9)", &[]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "insert or update on table \"child\" violates foreign key constraint \"child_p_fkey\""
    );
    assert_eq!(error.detail().as_deref(), Some("Key (p)=(9) is not present in table \"parent\"."));
}

/// A foreign key that is made while a transaction that does not know it is under way.
#[tokio::test]
async fn a_new_foreign_key_is_kept_by_those_who_do_not_know_it() {
    let db = Database::in_memory().unwrap();
    let (one, two) = (db.session(), db.session());
    let tables = "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int); INSERT INTO parent VALUES (1), (2)";
    one.execute(tables, &[]).await.unwrap();
    for statement in ["DELETE FROM parent WHERE id = 1", "INSERT INTO child VALUES (7)"] {
        let first = one.transaction().await.unwrap();
        first.execute(statement, &[]).await.unwrap();
        two.execute("ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES parent", &[])
            .await
            .unwrap();
        assert_eq!(first.commit().await.unwrap_err().sqlstate(), "40001", "{statement}");
        two.execute("ALTER TABLE child DROP CONSTRAINT f", &[]).await.unwrap();
    }
    // The other way round: the foreign key comes later, and has not seen the row.
    let first = one.transaction().await.unwrap();
    first
        .execute("ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES parent", &[])
        .await
        .unwrap();
    two.execute("INSERT INTO child VALUES (9)", &[]).await.unwrap();
    assert_eq!(first.commit().await.unwrap_err().sqlstate(), "40001");
    let first = one.transaction().await.unwrap();
    first.execute("TRUNCATE parent, child", &[]).await.unwrap();
    first
        .execute("ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES parent", &[])
        .await
        .unwrap();
    first.execute("INSERT INTO parent VALUES (1)", &[]).await.unwrap();
    first.execute("INSERT INTO child VALUES (1)", &[]).await.unwrap();
    first.commit().await.unwrap();
    // Emptied together, while a row comes.
    let first = one.transaction().await.unwrap();
    first.execute("TRUNCATE parent CASCADE", &[]).await.unwrap();
    two.execute("INSERT INTO child VALUES (1)", &[]).await.unwrap();
    assert_eq!(first.commit().await.unwrap_err().sqlstate(), "40001");
}
