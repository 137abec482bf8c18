//! Who may do what, as two roles see it that come in by their passwords; what is granted and taken away counts at once, also for
//! what they have prepared.

use std::time::Duration;

use ::tokio_postgres::config::SslMode;
use ::tokio_postgres::{Client, Config, Error, NoTls};
use muster::Database;
use muster_server::wire::ServeOptions;

use crate::server::{Serving, any_port, serving_database};
use crate::tls::{psql, told};

/// A database of the roles `ann` and `bob`, who may log in, and what else is said.
fn database(more: &[&str]) -> Database {
    let database = Database::in_memory().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let roles = [
        "ALTER ROLE postgres PASSWORD 'root'",
        "CREATE ROLE ann LOGIN PASSWORD 'a'",
        "CREATE ROLE bob LOGIN PASSWORD 'b'",
    ];
    runtime.block_on(async {
        let session = database.session();
        for sql in roles.iter().chain(more) {
            session.execute(sql, &[]).await.unwrap();
        }
    });
    database
}

async fn enter(server: &Serving, user: &str, password: &str) -> Result<Client, Error> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(server.address.port()).user(user).password(password).dbname("muster");
    config.connect_timeout(Duration::from_secs(30));
    let (client, connection) = config.ssl_mode(SslMode::Disable).connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn pid(client: &Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
}

/// SQLSTATE and message.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, String) {
    let error = result.expect_err("it was allowed");
    let told = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    (told.code().code().to_string(), told.message().to_string())
}

fn denied(message: &str) -> (String, String) {
    ("42501".to_string(), message.to_string())
}

#[test]
fn two_roles_have_what_each_was_granted() {
    let database = database(&["CREATE SCHEMA app AUTHORIZATION ann"]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let ann = enter(&server, "ann", "a").await.unwrap();
        let bob = enter(&server, "bob", "b").await.unwrap();
        ann.batch_execute(
            "CREATE TABLE app.t (id int PRIMARY KEY, n int); INSERT INTO app.t VALUES (1, 10); \
             CREATE VIEW app.v AS SELECT id FROM app.t",
        )
        .await
        .unwrap();
        let read = "SELECT n FROM app.t WHERE id = 1";
        assert_eq!(refusal(bob.query(read, &[]).await), denied("permission denied for schema app"));
        ann.batch_execute("GRANT USAGE ON SCHEMA app TO bob").await.unwrap();
        assert_eq!(refusal(bob.query(read, &[]).await), denied("permission denied for table t"));
        let view = "SELECT id FROM app.v";
        assert_eq!(refusal(bob.query(view, &[]).await), denied("permission denied for view v"));
        let drop = bob.batch_execute("DROP TABLE app.t").await;
        assert_eq!(refusal(drop), denied("must be owner of table t"));
        let grant = bob.batch_execute("GRANT SELECT ON app.t TO bob").await;
        assert_eq!(refusal(grant), denied("permission denied for table t"));
        ann.batch_execute("GRANT SELECT ON app.v TO bob").await.unwrap();
        assert_eq!(bob.query_one(view, &[]).await.unwrap().get::<_, i32>(0), 1);
        assert_eq!(refusal(bob.query(read, &[]).await), denied("permission denied for table t"));
        let copy = bob.batch_execute("COPY app.t TO STDOUT").await;
        assert_eq!(refusal(copy), denied("permission denied for table t"));
        let set = bob.batch_execute("SET ROLE ann").await;
        assert_eq!(refusal(set), denied("permission denied to set role \"ann\""));
        let create = bob.batch_execute("CREATE TABLE mine (id int)").await;
        assert_eq!(refusal(create), denied("permission denied for schema public"));
    });
}

#[test]
fn what_was_prepared_before_a_grant_ends_is_refused_after() {
    let database = database(&[
        "CREATE TABLE t (id int PRIMARY KEY, n int)",
        "INSERT INTO t VALUES (1, 10)",
        "GRANT SELECT, INSERT ON t TO bob",
    ]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let bob = enter(&server, "bob", "b").await.unwrap();
        let other = enter(&server, "bob", "b").await.unwrap();
        let ann = enter(&server, "ann", "a").await.unwrap();
        let postgres = enter(&server, "postgres", "root").await.unwrap();
        let text = "SELECT n FROM t WHERE id = $1";
        let read = bob.prepare(text).await.unwrap();
        let write = bob.prepare("INSERT INTO t VALUES ($1, $2)").await.unwrap();
        for _ in 0..3 {
            assert_eq!(bob.query_one(&read, &[&1]).await.unwrap().get::<_, i32>(0), 10);
            assert_eq!(postgres.query_one(text, &[&1]).await.unwrap().get::<_, i32>(0), 10);
        }
        bob.execute(&write, &[&2, &20]).await.unwrap();
        // What others have planned is no way in.
        assert_eq!(refusal(ann.query(text, &[&1]).await), denied("permission denied for table t"));
        other.batch_execute("BEGIN; SELECT 1").await.unwrap();
        postgres.batch_execute("REVOKE ALL ON t FROM bob").await.unwrap();
        assert_eq!(refusal(bob.query(&read, &[&1]).await), denied("permission denied for table t"));
        assert_eq!(refusal(bob.execute(&write, &[&3, &30]).await), denied("permission denied for table t"));
        // Also in a transaction that has begun before.
        assert_eq!(refusal(other.query(text, &[&1]).await), denied("permission denied for table t"));
        let count = postgres.query_one("SELECT count(*) FROM t", &[]).await.unwrap();
        assert_eq!(count.get::<_, i64>(0), 2);
    });
}

#[test]
fn connect_can_be_taken_away() {
    let database = database(&[
        "REVOKE CONNECT ON DATABASE muster FROM PUBLIC",
        "GRANT CONNECT ON DATABASE muster TO bob",
    ]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let refused = refusal(enter(&server, "ann", "a").await.map(drop));
        assert_eq!(refused, denied("permission denied for database \"muster\""));
        assert!(enter(&server, "bob", "b").await.is_ok());
        assert!(enter(&server, "postgres", "root").await.is_ok());
    });
}

#[test]
fn pg_signal_backend_ends_what_others_do() {
    let database = database(&[]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let ann = enter(&server, "ann", "a").await.unwrap();
        let bob = enter(&server, "bob", "b").await.unwrap();
        let postgres = enter(&server, "postgres", "root").await.unwrap();
        let (of_ann, of_postgres) = (pid(&ann).await, pid(&postgres).await);
        let cancel = |pid: i32| format!("SELECT pg_cancel_backend({pid})");
        let refused = refusal(bob.batch_execute(&cancel(of_ann)).await);
        assert_eq!(refused.0, "42501", "{refused:?}");
        postgres.batch_execute("GRANT pg_signal_backend, pg_monitor TO bob").await.unwrap();
        bob.batch_execute(&cancel(of_ann)).await.unwrap();
        let refused = refusal(bob.batch_execute(&cancel(of_postgres)).await);
        assert_eq!(refused, denied("must be a superuser to cancel superuser query"));
        let seen = "SELECT count(*) FROM pg_stat_activity WHERE query = '<insufficient privilege>'";
        assert_eq!(bob.query_one(seen, &[]).await.unwrap().get::<_, i64>(0), 0);
        assert!(ann.query_one(seen, &[]).await.unwrap().get::<_, i64>(0) > 0);
    });
}

#[test]
fn psql_shows_grants_members_and_owners() {
    let database = database(&[
        "CREATE ROLE staff",
        "GRANT staff TO ann",
        "CREATE TABLE t (id int)",
        "GRANT SELECT, INSERT ON t TO staff",
        "GRANT SELECT ON t TO bob WITH GRANT OPTION",
        "CREATE TABLE hers (id int)",
        "ALTER TABLE hers OWNER TO ann",
    ]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let shown = |sql: &'static str| {
            let address = server.address;
            async move { psql(address, "password=a sslmode=disable", sql).await.map(|output| told(&output)) }
        };
        let Some((worked, grants)) = shown("\\dp t").await else { return };
        assert!(worked, "{grants}");
        for item in ["postgres=arwdDxt/postgres", "staff=ar/postgres", "bob=r*/postgres"] {
            assert!(grants.contains(item), "{grants}");
        }
        assert_eq!(shown("\\z t").await, Some((true, grants)));
        let (worked, roles) = shown("\\du").await.unwrap();
        assert!(worked && roles.contains("ann||{staff}") && !roles.contains("pg_monitor"), "{roles}");
        let (worked, tables) = shown("\\dt hers").await.unwrap();
        assert!(worked && tables.contains("public|hers|table|ann"), "{tables}");
        let (worked, schemas) = shown("\\dn+ public").await.unwrap();
        assert!(worked && schemas.contains("postgres=UC/postgres"), "{schemas}");
    });
}
