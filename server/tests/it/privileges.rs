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
    enter_with(server, user, password, "").await
}

/// The same with options for the server's command line.
async fn enter_with(server: &Serving, user: &str, password: &str, options: &str) -> Result<Client, Error> {
    let mut config = Config::new();
    config.options(options);
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

/// SQLSTATE and detail.
fn detail<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Option<String>) {
    let error = result.expect_err("it was allowed");
    let told = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
    (told.code().code().to_string(), told.detail().map(str::to_string))
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

#[test]
fn a_session_begins_as_a_role_that_it_may_take_on() {
    let database = database(&["CREATE ROLE staff", "GRANT staff TO bob"]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let current = async |client: &Client| -> String {
            client.query_one("SELECT current_user::text", &[]).await.unwrap().get(0)
        };
        let bob = enter_with(&server, "bob", "b", "-c role=staff").await.unwrap();
        assert_eq!(current(&bob).await, "staff");
        bob.batch_execute("SET ROLE NONE").await.unwrap();
        assert_eq!(current(&bob).await, "bob");
        bob.batch_execute("RESET ROLE").await.unwrap();
        assert_eq!(current(&bob).await, "staff");
        for (options, state) in [
            ("-c role=postgres", "42501"),
            ("-c session_authorization=postgres", "42501"),
            ("-c role=0\u{1f}postgres", "22023"),
            ("-c session_authorization=0\u{1f}postgres", "22023"),
            ("-c ROLE=0\u{1f}postgres", "22023"),
        ] {
            let refused = refusal(enter_with(&server, "bob", "b", options).await.map(drop));
            assert_eq!(refused.0, state, "{options}: {refused:?}");
        }
    });
}

#[test]
fn errors_show_rows_to_whoever_may_read_them() {
    let database = database(&[
        "CREATE TABLE u (id int PRIMARY KEY, s text, c int CHECK (c > 0), d text NOT NULL DEFAULT 'x')",
        "INSERT INTO u VALUES (1, 'hidden', 5)",
        "CREATE TABLE k (a int, hidden text, UNIQUE (a, hidden))",
        "INSERT INTO k VALUES (1, 'hush'), (2, 'hush')",
        "CREATE TABLE p (id int PRIMARY KEY)",
        "CREATE TABLE c (p int REFERENCES p DEFERRABLE, x text)",
        "INSERT INTO p VALUES (1), (2)",
        "INSERT INTO c VALUES (1, 's')",
        "GRANT INSERT, UPDATE, DELETE ON u, k, p, c TO bob",
    ]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let bob = enter(&server, "bob", "b").await.unwrap();
        let postgres = enter(&server, "postgres", "root").await.unwrap();
        let told = async |sql: &str| detail(bob.batch_execute(sql).await);
        let some = |state: &str, detail: &str| (state.to_string(), Some(detail.to_string()));
        let none = |state: &str| (state.to_string(), None);
        let statements = [
            ("UPDATE u SET c = -4", some("23514", "Failing row contains (c) = (-4).")),
            ("UPDATE u SET d = NULL", some("23502", "Failing row contains (d) = (null).")),
            ("UPDATE u SET c = -4, s = 'q'", some("23514", "Failing row contains (s, c) = (q, -4).")),
            (
                "INSERT INTO u (c, id) VALUES (-1, 2)",
                some("23514", "Failing row contains (id, c) = (2, -1)."),
            ),
            (
                "INSERT INTO u VALUES (2, 'a', -1)",
                some("23514", "Failing row contains (id, s, c) = (2, a, -1)."),
            ),
            ("INSERT INTO u DEFAULT VALUES", none("23502")),
            ("INSERT INTO u VALUES (1, 'a', 1)", none("23505")),
            ("UPDATE k SET a = 5", none("23505")),
            ("DELETE FROM p", some("23503", "Key is still referenced from table \"c\".")),
            ("INSERT INTO c VALUES (99, 'x')", some("23503", "Key is not present in table \"p\".")),
            (
                "BEGIN; SET CONSTRAINTS ALL DEFERRED; UPDATE c SET p = 99; COMMIT",
                some("23503", "Key is not present in table \"p\"."),
            ),
        ];
        for (sql, expected) in &statements {
            assert_eq!(told(sql).await, *expected, "{sql}");
            bob.batch_execute("ROLLBACK").await.unwrap();
        }
        bob.batch_execute("PREPARE lower AS UPDATE u SET c = -4").await.unwrap();
        assert_eq!(told("EXECUTE lower").await, some("23514", "Failing row contains (c) = (-4)."));
        postgres.batch_execute("GRANT SELECT ON u, k, p, c TO bob").await.unwrap();
        let statements = [
            ("UPDATE u SET c = -4", some("23514", "Failing row contains (1, hidden, -4, x).")),
            ("EXECUTE lower", some("23514", "Failing row contains (1, hidden, -4, x).")),
            ("UPDATE k SET a = 5", some("23505", "Key (a, hidden)=(5, hush) already exists.")),
            ("DELETE FROM p", some("23503", "Key (id)=(1) is still referenced from table \"c\".")),
            ("INSERT INTO c VALUES (99, 'x')", some("23503", "Key (p)=(99) is not present in table \"p\".")),
            (
                "BEGIN; SET CONSTRAINTS ALL DEFERRED; UPDATE c SET p = 99; COMMIT",
                some("23503", "Key (p)=(99) is not present in table \"p\"."),
            ),
        ];
        for (sql, expected) in &statements {
            assert_eq!(told(sql).await, *expected, "{sql}");
            bob.batch_execute("ROLLBACK").await.unwrap();
        }
    });
}

#[test]
fn what_is_taken_away_is_gone_for_a_block_that_has_made_objects() {
    let database = database(&[
        "CREATE TABLE q (id int)",
        "CREATE TABLE seen (id int)",
        "CREATE SEQUENCE s",
        "CREATE ROLE staff",
        "CREATE ROLE viewer",
        "GRANT staff TO bob",
        "GRANT SELECT ON seen TO viewer",
        "CREATE VIEW v AS SELECT id FROM seen",
        "ALTER VIEW v OWNER TO viewer",
        "GRANT SELECT ON v TO bob",
        "CREATE TABLE own (id int)",
        "ALTER TABLE own OWNER TO bob",
    ]);
    let grants = "GRANT ALL ON q TO bob; GRANT USAGE ON SEQUENCE s TO bob; GRANT staff TO bob; \
                  GRANT SELECT ON seen TO viewer; GRANT CREATE ON SCHEMA public TO bob";
    let revokes = "REVOKE ALL ON q FROM bob; REVOKE ALL ON SEQUENCE s FROM bob; REVOKE staff FROM bob; \
                   REVOKE ALL ON seen FROM viewer";
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let bob = enter(&server, "bob", "b").await.unwrap();
        let postgres = enter(&server, "postgres", "root").await.unwrap();
        let statements = [
            "INSERT INTO q VALUES (1)",
            "SELECT id FROM q",
            "SELECT nextval('s')",
            "SET ROLE staff",
            "SELECT id FROM v",
        ];
        for makes in ["CREATE TEMP TABLE z (i int)", "CREATE TABLE z (i int)", "GRANT SELECT ON own TO staff"]
        {
            for statement in statements {
                postgres.batch_execute(grants).await.unwrap();
                bob.batch_execute("BEGIN").await.unwrap();
                bob.batch_execute(makes).await.unwrap();
                bob.batch_execute(statement).await.unwrap();
                bob.batch_execute("RESET ROLE").await.unwrap();
                postgres.batch_execute(revokes).await.unwrap();
                let refused = refusal(bob.batch_execute(statement).await);
                assert_eq!(refused.0, "42501", "{makes}; {statement}: {refused:?}");
                bob.batch_execute("ROLLBACK").await.unwrap();
            }
        }
        // What the block itself has made and granted is there, and what others have granted since.
        bob.batch_execute("BEGIN; CREATE TABLE mine (i int); GRANT ALL ON own TO staff").await.unwrap();
        postgres.batch_execute("GRANT SELECT ON q TO bob").await.unwrap();
        bob.batch_execute("INSERT INTO mine VALUES (1); SELECT i FROM mine; SELECT id FROM q; COMMIT")
            .await
            .unwrap();
        bob.batch_execute("SELECT i FROM mine").await.unwrap();
    });
}
