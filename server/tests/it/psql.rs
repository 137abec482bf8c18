//! psql, as people use it. Where it is not installed these tests say so and do nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use crate::server::serving;

/// Runs psql commands, each as one `-c`; `None` where there is no psql.
async fn psql(address: SocketAddr, commands: &[&str]) -> Option<Output> {
    psql_reading(address, commands, None).await
}

/// Runs psql with a file as its standard input.
async fn psql_reading(address: SocketAddr, commands: &[&str], input: Option<&Path>) -> Option<Output> {
    let mut command = Command::new("psql");
    command.args(["-X", "-A", "-t", "-U", "ann", "-d", "muster"]);
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
    command.env("PGCONNECT_TIMEOUT", "30").env("LC_ALL", "C.UTF-8");
    for text in commands {
        command.args(["-c", text]);
    }
    if let Some(path) = input {
        command.stdin(std::fs::File::open(path).unwrap());
    }
    match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("psql is not installed: this test is skipped");
            None
        }
        Err(error) => panic!("psql could not be run: {error}"),
    }
}

/// What psql prints; the test fails when psql does.
pub(crate) async fn lines(address: SocketAddr, commands: &[&str]) -> Option<Vec<String>> {
    let output = psql(address, commands).await?;
    assert!(output.status.success(), "{commands:?}: {output:?}");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect())
}

/// Runs a script; the test fails where a statement of it does.
pub(crate) async fn script(address: SocketAddr, text: &str) -> Option<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.sql");
    std::fs::write(&path, format!("\\set ON_ERROR_STOP 1\n{text}")).unwrap();
    let output = psql_reading(address, &[], Some(&path)).await?;
    assert!(output.status.success(), "{output:?}");
    Some(())
}

const WORKERS: &str = "INSERT INTO workers (worker_id, name, role, city, state, status) VALUES
    ('w-1', 'Ana Silva', 'Forklift Operator', 'Detroit', 'MI', 'active'),
    ('w-2', 'Ben Okafor', 'Forklift Operator', 'Toledo', 'OH', 'active'),
    ('w-3', 'Cleo Marsh', 'Forklift Operator', 'Detroit', 'MI', 'inactive'),
    ('w-4', 'Dan Wu', 'Welder', 'Detroit', 'MI', 'active')";

#[test]
fn a_search_is_shown() {
    serving(|server| async move {
        let search = "SELECT id, distance, metadata->>'name' FROM vector_search('workers',
                      'forklift operator in Detroit MI', k => 2, filter => 'status = ''active''')";
        let Some(lines) = lines(server.address, &[WORKERS, search]).await else { return };
        assert_eq!(lines[0], "INSERT 0 4");
        assert_eq!(lines.len(), 3, "{lines:?}");
        let cells: Vec<_> = lines[1].split('|').collect();
        assert_eq!((cells[0], cells[2]), ("w-1", "Ana Silva"));
        assert!(cells[1].parse::<f32>().unwrap() < 1.0);
        assert!(lines[2].starts_with("w-2|"), "{lines:?}");
    });
}

#[test]
fn foreign_keys_are_described_at_both_ends() {
    serving(|server| async move {
        let tables = "CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (id int, p int CONSTRAINT of_parent REFERENCES parent ON DELETE CASCADE)";
        let Some(_) = lines(server.address, &[tables]).await else { return };
        let child = lines(server.address, &["\\pset tuples_only off", "\\d child"]).await.unwrap();
        let key = "FOREIGN KEY (p) REFERENCES parent(id) ON DELETE CASCADE";
        assert!(child.iter().any(|line| line.trim() == "Foreign-key constraints:"), "{child:?}");
        assert!(child.iter().any(|line| line.trim() == format!("\"of_parent\" {key}")), "{child:?}");
        let parent = lines(server.address, &["\\pset tuples_only off", "\\d parent"]).await.unwrap();
        assert!(parent.iter().any(|line| line.trim() == "Referenced by:"), "{parent:?}");
        let named = format!("TABLE \"child\" CONSTRAINT \"of_parent\" {key}");
        assert!(parent.iter().any(|line| line.trim() == named), "{parent:?}");
    });
}

#[test]
fn the_tables_are_listed_and_described() {
    serving(|server| async move {
        let Some(listed) = lines(server.address, &["\\d"]).await else { return };
        assert!(listed.iter().any(|line| line.contains("|workers|table|")), "{listed:?}");
        let listed = lines(server.address, &["\\dt"]).await.unwrap();
        assert!(listed.iter().any(|line| line.contains("|workers|table|")), "{listed:?}");
        let described = lines(server.address, &["\\d workers"]).await.unwrap();
        assert!(listed.iter().all(|line| !line.contains("audit_metrics")), "{listed:?}");
        let views = lines(server.address, &["\\dv"]).await.unwrap();
        assert_eq!(views.len(), 1, "{views:?}");
        assert!(views[0].starts_with("public|audit_metrics|view|"), "{views:?}");
        let view = lines(server.address, &["\\d audit_metrics"]).await.unwrap();
        for column in [
            "seq|bigint|",
            "recorded_at|timestamp with time zone|",
            "metric|text|",
            "value|double precision|",
        ] {
            assert!(view.iter().any(|line| line.starts_with(column)), "{column}: {view:?}");
        }
        let defined = lines(server.address, &["\\pset tuples_only off", "\\d+ audit_metrics"]).await.unwrap();
        assert!(defined.iter().any(|line| line.contains("FROM audit_baselines")), "{defined:?}");
        let found = lines(server.address, &["\\df audit_drift", "\\df jsonb_each"]).await.unwrap();
        assert!(
            found.iter().any(|line| line.contains("tolerance double precision DEFAULT 0.2")),
            "{found:?}"
        );
        for column in [
            "worker_id|text||not null|",
            "skills|text[]|",
            "hourly_rate|numeric(10,2)|",
            "embedding|vector(768)|",
        ] {
            assert!(described.iter().any(|line| line.starts_with(column)), "{column}: {described:?}");
        }
    });
}

#[test]
fn several_statements_in_one_string_each_print() {
    serving(|server| async move {
        let Some(lines) = lines(server.address, &["SELECT 1; SELECT 2", "SELECT NULL, 'a'"]).await else {
            return;
        };
        assert_eq!(lines, ["1", "2", "|a"]);
    });
}

#[test]
fn moments_are_shown_by_the_clock_of_the_sessions_zone() {
    serving(|server| async move {
        let shown = lines(
            server.address,
            &[
                "SET TimeZone = 'America/New_York'",
                "SELECT timestamptz '2024-07-01 12:00', timestamptz '2024-01-01 00:00Z'",
                "SELECT '2024-07-01 12:00'::timestamptz AT TIME ZONE 'UTC'",
            ],
        );
        let Some(shown) = shown.await else { return };
        assert_eq!(shown[1..], ["2024-07-01 12:00:00-04|2023-12-31 19:00:00-05", "2024-07-01 16:00:00"]);
    });
}

#[test]
fn an_error_is_shown_with_its_sqlstate_and_place() {
    serving(|server| async move {
        let Some(output) = psql(server.address, &["\\set VERBOSITY verbose", "SELECT 1 FRM t"]).await else {
            return;
        };
        assert!(!output.status.success());
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains("ERROR:  42601:"), "{complaint}");
        assert!(complaint.contains("LINE 1: SELECT 1 FRM t"), "{complaint}");
    });
}

#[test]
fn an_unknown_database_is_refused_with_a_hint() {
    serving(|server| async move {
        let output = psql(server.address, &["\\c nope"]).await;
        let Some(output) = output else { return };
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains("database \"nope\" does not exist"), "{complaint}");
    });
}

#[test]
fn files_are_copied_in_and_out() {
    serving(|server| async move {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("in.csv"), folder.path().join("out.tsv"));
        std::fs::write(&from, "id,name\n1,\"Ana\nSilva\"\n2,\n").unwrap();
        let into = "COPY t FROM STDIN (FORMAT csv, HEADER)";
        let table = "CREATE TABLE t (id int PRIMARY KEY, name text)";
        let Some(output) = psql_reading(server.address, &[table, into], Some(&from)).await else { return };
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().ends_with("COPY 2\n"));
        let out = format!("\\copy (SELECT * FROM t ORDER BY id) TO '{}'", to.display());
        assert_eq!(lines(server.address, &[&out]).await.unwrap(), ["COPY 2"]);
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "1\tAna\\nSilva\n2\t\\N\n");
        let back = format!("\\copy u FROM '{}'", to.display());
        let table = "CREATE TABLE u (id int PRIMARY KEY, name text)";
        assert_eq!(lines(server.address, &[table, &back]).await.unwrap(), ["CREATE TABLE", "COPY 2"]);
        assert_eq!(lines(server.address, &["COPY u TO STDOUT"]).await.unwrap(), ["1\tAna\\nSilva", "2\t\\N"]);
        // psql shows the context of an error.
        let output = psql_reading(server.address, &["COPY t FROM STDIN"], Some(&to)).await.unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains("duplicate key value"), "{complaint}");
    });
}
