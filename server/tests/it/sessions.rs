//! Sessions that see each other and end each other.

use std::time::{Duration, Instant};

use ::tokio_postgres::{Client, Config, NoTls};
use muster::Database;
use muster_server::wire::{Auth, ServeOptions};

use crate::raw::{Raw, query};
use crate::server::{Serving, any_port, connect, serving, serving_database};

async fn pid(client: &Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
}

/// What becomes of a statement that is ended by another while it waits, and how long after it was asked for.
async fn ended(victim: &Client, other: &Client, function: &str) -> (String, Duration) {
    let sql = format!("SELECT {function}($1)");
    let process = pid(victim).await;
    let end = async {
        loop {
            let active = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'";
            if other.query_one(active, &[&process]).await.unwrap().get::<_, i64>(0) == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let start = Instant::now();
        let done: bool = other.query_one(&sql, &[&process]).await.unwrap().get(0);
        assert!(done);
        start
    };
    let sleep = async {
        let slept = victim.batch_execute("SELECT pg_sleep(60)").await;
        (slept.expect_err("it slept on"), Instant::now())
    };
    let (start, (error, end)) = tokio::join!(end, sleep);
    let state = error.code().map(|code| code.code().to_string()).unwrap_or_else(|| error.to_string());
    (state, end.duration_since(start))
}

#[test]
fn a_statement_is_cancelled_and_a_session_terminated_by_another() {
    serving(|server| async move {
        let (victim, other) = (connect(server.address).await, connect(server.address).await);
        // The plans are made once, so that the times are those of the ends.
        for function in ["pg_cancel_backend", "pg_terminate_backend"] {
            let nobody: bool =
                other.query_one(&format!("SELECT {function}($1)"), &[&-1_i32]).await.unwrap().get(0);
            assert!(!nobody);
        }
        let (state, time) = ended(&victim, &other, "pg_cancel_backend").await;
        assert_eq!(state, "57014");
        assert!(time < Duration::from_secs(5), "{time:?}");
        victim.batch_execute("SELECT 1").await.unwrap();
        let (state, time) = ended(&victim, &other, "pg_terminate_backend").await;
        assert_eq!(state, "57P01");
        assert!(time < Duration::from_secs(5), "{time:?}");
        assert!(victim.batch_execute("SELECT 1").await.is_err());
        // It is gone from the list once its connection is closed.
        let killed = "SELECT sessions_killed FROM pg_stat_database";
        assert_eq!(other.query_one(killed, &[]).await.unwrap().get::<_, i64>(0), 1);
    });
}

#[test]
fn a_session_that_waits_for_its_client_is_told_that_it_was_terminated() {
    serving(|server| async move {
        let other = connect(server.address).await;
        let mut idle = Raw::connect(server.address).await;
        let key = idle.welcome.iter().find(|answer| answer.kind == b'K').unwrap();
        let process = i32::from_be_bytes(key.body[..4].try_into().unwrap());
        idle.status(&[query("BEGIN; CREATE TABLE t (id int)")]).await;
        let row = "SELECT state, usename, client_port > 0, client_addr FROM pg_stat_activity WHERE pid = $1";
        let row = other.query_one(row, &[&process]).await.unwrap();
        let seen: (&str, &str, bool, &str) = (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(seen, ("idle in transaction", "ann", true, "127.0.0.1"));
        // The id of the protocol is that of the functions.
        let done = other.query_one("SELECT pg_terminate_backend($1)", &[&process]).await.unwrap();
        assert!(done.get::<_, bool>(0));
        let last = idle.answer().await.unwrap();
        assert_eq!((last.kind, last.sqlstate().as_str()), (b'E', "57P01"));
        assert_eq!(last.field(b'S').as_deref(), Some("FATAL"));
        let words = "terminating connection due to administrator command";
        assert_eq!(last.field(b'M').as_deref(), Some(words));
        assert!(idle.answer().await.is_none(), "the connection goes on");
        let row = other.query_one("SELECT to_regclass('t') IS NULL", &[]).await.unwrap();
        assert!(row.get::<_, bool>(0), "its block has left something");
    });
}

#[test]
fn a_session_ends_itself() {
    serving(|server| async move {
        let client = connect(server.address).await;
        let error = client.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())").await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "57P01");
        assert!(client.batch_execute("SELECT 1").await.is_err());
    });
}

#[test]
fn only_superusers_end_and_see_into_sessions_of_others() {
    let database = Database::in_memory().unwrap();
    let program = database.session();
    let options = ServeOptions { auth: Auth::Trust, ..ServeOptions::new(any_port()) };
    serving_database(database.clone(), options, |server| async move {
        for role in ["ann", "bob"] {
            program.execute(&format!("CREATE ROLE {role} LOGIN"), &[]).await.unwrap();
        }
        let (ann, again, bob) =
            (enter(&server, "ann").await, enter(&server, "ann").await, enter(&server, "bob").await);
        let root = enter(&server, "postgres").await;
        let (of_ann, of_bob, of_root) = (pid(&again).await, pid(&bob).await, pid(&root).await);
        let end = "SELECT pg_terminate_backend($1)";
        let denied = |error: ::tokio_postgres::Error| {
            let error = error.as_db_error().unwrap();
            (error.code().code().to_string(), error.message().to_string())
        };
        let told = denied(ann.query_one(end, &[&of_root]).await.unwrap_err());
        assert_eq!(told, ("42501".into(), "must be a superuser to terminate superuser process".into()));
        let told = denied(ann.query_one("SELECT pg_cancel_backend($1)", &[&of_bob]).await.unwrap_err());
        let words =
            "must be a member of the role whose query is being canceled or member of pg_signal_backend";
        assert_eq!(told, ("42501".into(), words.into()));
        let query = "SELECT query, state FROM pg_stat_activity WHERE pid = $1";
        let row = ann.query_one(query, &[&of_bob]).await.unwrap();
        assert_eq!((row.get(0), row.get(1)), ("<insufficient privilege>", None::<&str>));
        let row = ann.query_one(query, &[&of_ann]).await.unwrap();
        assert_eq!((row.get(0), row.get(1)), ("SELECT pg_backend_pid()", Some("idle")));
        // Their own they do, and superusers all; the program's own session nobody does.
        assert!(ann.query_one(end, &[&of_ann]).await.unwrap().get::<_, bool>(0));
        assert!(root.query_one(end, &[&of_bob]).await.unwrap().get::<_, bool>(0));
        assert!(!root.query_one(end, &[&program.process()]).await.unwrap().get::<_, bool>(0));
        assert!(
            again.batch_execute("SELECT 1").await.is_err() && bob.batch_execute("SELECT 1").await.is_err()
        );
    });
}

async fn enter(server: &Serving, user: &str) -> Client {
    let mut config = Config::new();
    config.host("127.0.0.1").port(server.address.port()).user(user).dbname("muster");
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
