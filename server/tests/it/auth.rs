//! Who comes in: passwords by SCRAM, roles and their limits, and servers that do not start without a password.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ::tokio_postgres::config::SslMode;
use ::tokio_postgres::{Config, NoTls};
use muster::Database;
use muster_server::wire::{Auth, ServeOptions};

use crate::raw::{Message, Raw, query, startup};
use crate::server::{PATIENCE, Process, Serving, any_port, muster, serving, serving_database};
use crate::tls::{Certificates, complaint, psql, told};

/// A database whose role `ann` has the password `sesame`, with what else is said of roles.
fn with_ann(more: &[&str]) -> Database {
    let database = Database::in_memory().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = database.session();
        for sql in ["CREATE ROLE ann LOGIN PASSWORD 'sesame'"].iter().chain(more) {
            session.execute(sql, &[]).await.unwrap();
        }
    });
    database
}

fn start(user: &str) -> Vec<u8> {
    startup(&[("user", user), ("database", "muster")])
}

/// Connects, and gives the SQLSTATE and the message of the refusal.
async fn enter(
    server: &Serving,
    user: &str,
    password: &str,
) -> Result<::tokio_postgres::Client, (String, String)> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(server.address.port()).user(user).password(password).dbname("muster");
    match config.ssl_mode(SslMode::Disable).connect(NoTls).await {
        Ok((client, connection)) => {
            tokio::spawn(connection);
            Ok(client)
        }
        Err(error) => {
            let told = error.as_db_error().unwrap_or_else(|| panic!("{error:?}"));
            Err((told.code().code().to_string(), told.message().to_string()))
        }
    }
}

async fn refusal(server: &Serving, user: &str, password: &str) -> (String, String) {
    enter(server, user, password).await.map(drop).expect_err("it was let in")
}

fn failed(user: &str) -> (String, String) {
    ("28P01".to_string(), format!("password authentication failed for user \"{user}\""))
}

#[test]
fn the_right_password_lets_in_and_all_else_is_one_answer() {
    let database = with_ann(&[
        "CREATE ROLE nobody LOGIN",
        "CREATE ROLE late LOGIN PASSWORD 'x' VALID UNTIL '2001-01-01'",
        "CREATE ROLE later LOGIN PASSWORD 'x' VALID UNTIL '2901-01-01'",
        "CREATE ROLE group_of_all PASSWORD 'x'",
        "CREATE USER \"Zoë\" PASSWORD 'pass\u{a0}word'",
    ]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let client = enter(&server, "ann", "sesame").await.unwrap();
        let row = client.query_one("SELECT current_user, session_user", &[]).await.unwrap();
        assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("ann", "ann"));
        assert!(enter(&server, "later", "x").await.is_ok());
        assert!(enter(&server, "Zoë", "pass word").await.is_ok());
        for (user, password) in
            [("ann", "Sesame"), ("nobody", "x"), ("who", "x"), ("late", "x"), ("postgres", "")]
        {
            assert_eq!(refusal(&server, user, password).await, failed(user));
        }
        let (state, message) = refusal(&server, "group_of_all", "x").await;
        assert_eq!(
            (state.as_str(), message.as_str()),
            ("28000", "role \"group_of_all\" is not permitted to log in")
        );
        assert_eq!(refusal(&server, "group_of_all", "y").await, failed("group_of_all"));
    });
}

#[test]
fn psql_gives_its_password_and_binds_the_channel() {
    let certificates = Certificates::new();
    let options = certificates.options();
    serving_database(with_ann(&[]), options, |server| async move {
        for options in ["sslmode=disable", "sslmode=require", "sslmode=require channel_binding=require"] {
            let told_user =
                psql(server.address, &format!("password=sesame {options}"), "SELECT current_user").await;
            let Some(output) = told_user else { return };
            assert_eq!(told(&output), (true, "ann".to_string()), "{options}");
            let output =
                psql(server.address, &format!("password=wrong {options}"), "SELECT 1").await.unwrap();
            let (worked, complaint) = told(&output);
            assert!(
                !worked && complaint.contains("password authentication failed for user \"ann\""),
                "{complaint}"
            );
        }
        let unbound = "password=sesame sslmode=disable channel_binding=require";
        let (worked, complaint) = told(&psql(server.address, unbound, "SELECT 1").await.unwrap());
        assert!(!worked && complaint.contains("channel binding"), "{complaint}");
        let (worked, listed) = told(&psql(server.address, "password=sesame", "\\du").await.unwrap());
        assert!(worked && listed.contains("ann|") && listed.contains("postgres|Superuser"), "{listed}");
    });
}

#[test]
fn the_first_password_counts_from_the_next_connection_on() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        assert_eq!(raw.rows("SELECT current_user").await, [["ann"]]);
        raw.ask(&[query("ALTER ROLE postgres PASSWORD 'sesame'")]).await;
        assert_eq!(refusal(&server, "ann", "sesame").await, failed("ann"));
        let client = enter(&server, "postgres", "sesame").await.unwrap();
        client.batch_execute("ALTER ROLE postgres PASSWORD NULL").await.unwrap();
        // Without any password left, this server goes on asking.
        assert_eq!(refusal(&server, "postgres", "any").await, failed("postgres"));
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn rights_that_are_taken_away_end_within_a_block_and_for_what_is_prepared() {
    serving_database(
        with_ann(&["ALTER ROLE ann SUPERUSER", "ALTER ROLE postgres PASSWORD 'x'"]),
        ServeOptions::new(any_port()),
        |server| async move {
            let (ann, other) = (
                enter(&server, "ann", "sesame").await.unwrap(),
                enter(&server, "ann", "sesame").await.unwrap(),
            );
            let postgres = enter(&server, "postgres", "x").await.unwrap();
            let copy = other.prepare("COPY (SELECT 1) TO '/nowhere/t'").await.unwrap();
            ann.batch_execute("BEGIN; SELECT 1 FROM pg_roles").await.unwrap();
            postgres.batch_execute("ALTER ROLE ann NOSUPERUSER").await.unwrap();
            let error = ann.batch_execute("CREATE ROLE mine SUPERUSER").await.unwrap_err();
            assert_eq!(error.code().unwrap().code(), "42501", "{error:?}");
            let error = other.execute(&copy, &[]).await.unwrap_err();
            assert_eq!(error.code().unwrap().code(), "42501", "{error:?}");
        },
    );
}

#[test]
fn a_password_that_lets_nobody_in_still_has_clients_asked() {
    for more in ["ALTER ROLE ann VALID UNTIL '2001-01-01'", "ALTER ROLE ann NOLOGIN"] {
        serving_database(with_ann(&[more]), ServeOptions::new(any_port()), |server| async move {
            assert_eq!(refusal(&server, "postgres", "any").await, failed("postgres"), "{more}");
        });
    }
}

#[test]
fn whoever_is_no_superuser_makes_no_roles_and_reaches_no_files() {
    let database = with_ann(&["CREATE ROLE ben", "GRANT CREATE ON SCHEMA public TO ann"]);
    serving_database(database, ServeOptions::new(any_port()), |server| async move {
        let client = enter(&server, "ann", "sesame").await.unwrap();
        client.batch_execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1)").await.unwrap();
        for sql in [
            "CREATE ROLE mine",
            "ALTER ROLE ben LOGIN",
            "ALTER ROLE ann SUPERUSER",
            "ALTER ROLE ann PASSWORD NULL",
            "ALTER ROLE ann PASSWORD ''",
            "ALTER ROLE ben RENAME TO b",
            "DROP ROLE ben",
            "COPY t FROM '/nowhere'",
            "COPY t TO '/tmp/t'",
            "CALL muster_backup('/tmp/t')",
            "SELECT rolpassword FROM pg_authid",
            "SET session_replication_role = 'replica'",
            "SELECT set_config('log_statement', 'all', false)",
        ] {
            let error = client.batch_execute(sql).await.unwrap_err();
            assert_eq!(error.code().unwrap().code(), "42501", "{sql}: {error:?}");
        }
        client.batch_execute("ALTER ROLE ann PASSWORD 'other'").await.unwrap();
        assert_eq!(refusal(&server, "ann", "sesame").await, failed("ann"));
        assert!(enter(&server, "ann", "other").await.is_ok());
    });
}

#[test]
fn places_are_limited_and_the_last_are_for_superusers() {
    let database = with_ann(&[
        "CREATE ROLE ben LOGIN PASSWORD 'x' CONNECTION LIMIT 1",
        "ALTER ROLE postgres PASSWORD 'x'",
    ]);
    let options = ServeOptions { max_connections: 5, ..ServeOptions::new(any_port()) };
    serving_database(database, options, |server| async move {
        let first = enter(&server, "ben", "x").await.unwrap();
        assert_eq!(first.query_one("SHOW max_connections", &[]).await.unwrap().get::<_, &str>(0), "5");
        let refused = refusal(&server, "ben", "x").await;
        assert_eq!(refused, ("53300".to_string(), "too many connections for role \"ben\"".to_string()));
        let _second = enter(&server, "ann", "sesame").await.unwrap();
        let (state, message) = refusal(&server, "ann", "sesame").await;
        assert!(state == "53300" && message.contains("reserved for superusers"), "{state} {message}");
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(enter(&server, "postgres", "x").await.unwrap());
        }
        let (state, message) = refusal(&server, "postgres", "x").await;
        assert!(state == "53300" && message.contains("too many clients already"), "{state} {message}");
        drop(first);
        let begun = std::time::Instant::now();
        while enter(&server, "ben", "x").await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "the place is not free again");
        }
    });
}

fn initial(mechanism: &str, message: &[u8]) -> Vec<u8> {
    let length = i32::try_from(message.len()).unwrap();
    Message::new(b'p').str(mechanism).i32(length).bytes(message).done()
}

#[test]
fn what_is_no_exchange_of_passwords_ends_the_connection() {
    serving_database(with_ann(&[]), ServeOptions::new(any_port()), |server| async move {
        let long = vec![b'x'; 20_000];
        let long_nonce = [b"n,,n=,r=".as_slice(), &long].concat();
        for wrong in [
            query("SELECT 1"),
            Message::new(b'p').done(),
            Message::new(b'p').str("SCRAM-SHA-256").done(),
            Message::new(b'p').str("SCRAM-SHA-256").i32(1000).bytes(b"n,,").done(),
            Message::new(b'p').str("SCRAM-SHA-256").i32(-1).done(),
            [initial("SCRAM-SHA-256", b"n,,n=,r=abc"), b"!".to_vec()].concat(),
            initial("PLAIN", b"n,,n=,r=abc"),
            initial("SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=abc"),
            initial("SCRAM-SHA-256", b""),
            initial("SCRAM-SHA-256", b"n,,n=,r="),
            initial("SCRAM-SHA-256", b"\xff\xff"),
            initial("SCRAM-SHA-256", &long_nonce),
            vec![b'p', 0x7f, 0xff, 0xff, 0xff],
            vec![b'p', 0, 0, 0, 3],
        ] {
            let mut raw = Raw::open(server.address).await;
            raw.send(&[start("ann")]).await;
            let asked = raw.answer().await.unwrap();
            assert_eq!((asked.kind, &asked.body[..4]), (b'R', [0, 0, 0, 10].as_slice()));
            assert_eq!(&asked.body[4..], b"SCRAM-SHA-256\0\0");
            raw.send(std::slice::from_ref(&wrong)).await;
            let mut answer = raw.answer().await.unwrap();
            if answer.kind == b'R' {
                answer = raw.answer().await.unwrap();
            }
            let severity = answer.field(b'S').unwrap();
            assert_eq!((answer.sqlstate().as_str(), severity.as_str()), ("08P01", "FATAL"), "{wrong:?}");
            assert!(raw.answer().await.is_none());
        }
        // The proof of another exchange is worth nothing.
        let mut raw = Raw::open(server.address).await;
        raw.send(&[start("ann"), initial("SCRAM-SHA-256", b"n,,n=,r=abc")]).await;
        raw.answer().await.unwrap();
        let first = raw.answer().await.unwrap();
        let first = String::from_utf8(first.body[4..].to_vec()).unwrap();
        let nonce = first.split(',').next().unwrap();
        let proof = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        raw.send(&[Message::new(b'p').bytes(format!("c=biws,{nonce},p={proof}").as_bytes()).done()]).await;
        assert_eq!(raw.answer().await.unwrap().sqlstate(), "28P01");
        assert!(raw.answer().await.is_none());
        assert!(enter(&server, "ann", "sesame").await.is_ok());
    });
}

#[test]
fn whoever_does_not_come_to_the_point_is_cut_off() {
    let options =
        ServeOptions { authentication_timeout: Duration::from_millis(300), ..ServeOptions::new(any_port()) };
    serving_database(with_ann(&[]), options, |server| async move {
        let half = start("ann")[..10].to_vec();
        for sent in [Vec::new(), half, start("ann"), [start("ann"), vec![b'p', 0, 0]].concat()] {
            let mut raw = Raw::open(server.address).await;
            raw.send(&[sent]).await;
            let mut answer = raw.answer().await.unwrap();
            if answer.kind == b'R' {
                answer = raw.answer().await.unwrap();
            }
            assert_eq!(answer.sqlstate(), "08P01");
            assert!(raw.answer().await.is_none());
        }
        assert!(enter(&server, "ann", "sesame").await.is_ok());
    });
}

fn sql(data: &Path, command: &str) {
    let output = muster().args(["sql", "-c", command, "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_server_that_others_can_reach_needs_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let everywhere = ["--listen", "0.0.0.0:0"];
    let complained = complaint(&data, &everywhere);
    assert!(complained.contains("ALTER ROLE postgres PASSWORD '...' in muster sql"), "{complained}");
    assert!(complaint(&data, &["--auth", "scram"]).contains("no role that may log in has one"));
    let trusting = complaint(&data, &["--listen", "0.0.0.0:0", "--auth", "trust"]);
    assert!(trusting.contains("--auth trust") && trusting.contains("loopback"), "{trusting}");
    // A password for nobody who may log in is none.
    sql(&data, "CREATE ROLE ann PASSWORD 'x'; CREATE ROLE ben LOGIN PASSWORD 'x' VALID UNTIL '2001-01-01'");
    assert!(complaint(&data, &everywhere).contains("no role that may log in has one"));
    sql(&data, "ALTER ROLE postgres PASSWORD 'sesame'");

    let server = Process::serve_at(&data, &everywhere);
    let url =
        |password: &str| format!("postgres://postgres:{password}@127.0.0.1:{}/muster", server.address.port());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = ::tokio_postgres::connect(&url("sesame"), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("CREATE TABLE t (id int)").await.unwrap();
        let refused = ::tokio_postgres::connect(&url("open"), NoTls).await.map(drop).unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "28P01");
    });
    // The command that finds it served gives the password that the environment has.
    let file = folder.path().join("t.csv");
    fs::write(&file, "id\n1\n2\n").unwrap();
    let load = |password: Option<&str>| {
        let mut load = muster();
        load.arg("load").arg(&file).args(["--table", "t", "--data"]).arg(&data).env_remove("PGPASSWORD");
        load.envs(password.map(|password| ("PGPASSWORD", password)));
        let output = load.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    assert!(load(None).contains("set PGPASSWORD"), "{}", load(None));
    assert!(load(Some("wrong")).contains("password authentication failed"));
    // It is let in, and told that the server reads no files.
    assert!(load(Some("sesame")).contains("--copy-dir"), "{}", load(Some("sesame")));
}

#[test]
fn a_container_gives_the_first_password_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("password"));
    let text = file.to_str().unwrap().to_string();
    let arguments = ["--password-file", text.as_str()];
    assert!(complaint(&data, &arguments).contains("cannot read"));
    fs::write(&file, "\n").unwrap();
    assert!(complaint(&data, &arguments).contains("there is no password in"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let enter = |server: &Process, password: &str| {
        let url = format!("postgres://postgres@127.0.0.1:{}/muster", server.address.port());
        let mut config: Config = url.parse().unwrap();
        config.password(password);
        runtime.block_on(async { config.connect(NoTls).await.is_ok() })
    };
    for (written, works) in [("it's \"sesame\"\n", true), ("another", false)] {
        fs::write(&file, written).unwrap();
        let server = Process::serve(&data, &arguments);
        assert!(enter(&server, "it's \"sesame\""), "a password that is there is not changed");
        assert_eq!(enter(&server, written.trim_end()), works);
    }
}

#[test]
fn trust_can_be_asked_for_on_this_machine() {
    let options = ServeOptions { auth: Auth::Trust, ..ServeOptions::new(any_port()) };
    serving_database(with_ann(&[]), options, |server| async move {
        assert!(enter(&server, "ann", "wrong").await.is_ok());
        assert_eq!(refusal(&server, "who", "").await.0, "28000");
    });
}
