//! The `muster` command from outside: arguments in, output and exit codes out.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than any of these commands takes in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn muster(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.current_dir(folder).stdin(Stdio::null()).env_remove("MUSTER_LOG");
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    muster(folder).args(arguments).output().unwrap()
}

/// Runs to success and gives what was printed.
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs to failure with `code` and gives what was complained.
pub(crate) fn fail(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Runs SQL on the default database of `folder` and gives the rows without the frame, cells trimmed.
pub(crate) fn rows(folder: &Path, sql: &str) -> Vec<Vec<String>> {
    let text = succeed(folder, &["sql", "-c", sql]);
    let lines: Vec<_> = text.lines().collect();
    lines[2..lines.len() - 1]
        .iter()
        .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

pub(crate) fn generated(name: &str, count: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    succeed(folder.path(), &["generate", "workers", "--rows", count, "--seed", "7", "--out", name]);
    folder
}

fn with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = muster(folder);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn wait(child: &mut Child) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        let late = start.elapsed() > PATIENCE;
        if late {
            child.kill().unwrap();
        }
        assert!(!late, "the process did not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn generating_twice_gives_the_same_bytes() {
    for name in ["w.parquet", "w.csv", "w.jsonl"] {
        let (one, two) = (generated(name, "500"), generated(name, "500"));
        assert_eq!(
            std::fs::read(one.path().join(name)).unwrap(),
            std::fs::read(two.path().join(name)).unwrap()
        );
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        fail(folder.path(), &["generate", "workers", "--out", "w.xlsx"], 2)
            .contains(".parquet, .csv or .jsonl")
    );
    fail(folder.path(), &["load", "w.parquet"], 2);
    fail(folder.path(), &["frobnicate"], 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn loaded_workers_are_there_in_the_next_process() {
    let folder = generated("w.parquet", "300");
    let said = succeed(folder.path(), &["load", "w.parquet", "--table", "workers"]);
    assert!(said.starts_with("muster: 300 rows into workers in "), "{said}");
    assert!(said.contains(": read ") && said.contains(", embed ") && said.contains(", index "), "{said}");
    assert_eq!(rows(folder.path(), "SELECT count(*), count(embedding) FROM workers"), [["300", "300"]]);
    let found = rows(
        folder.path(),
        "SELECT id, metadata->>'status' FROM vector_search('workers', 'forklift operator', k => 5, \
         filter => 'status = ''active''')",
    );
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|row| row[1] == "active"), "{found:?}");
}

#[test]
fn every_format_loads_the_same_rows() {
    let query = "SELECT count(*), sum(hourly_rate), sum(years_experience), count(blacklisted_clients), \
                 count(DISTINCT name), sum(cardinality(skills)), min(profile) FROM workers";
    let mut seen = Vec::new();
    for name in ["w.parquet", "w.csv", "w.jsonl"] {
        let folder = generated(name, "200");
        succeed(folder.path(), &["load", name, "--table", "workers"]);
        seen.push(rows(folder.path(), query));
    }
    assert_eq!(seen[0][0][0], "200");
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[test]
fn a_table_is_made_on_demand() {
    let folder = generated("w.parquet", "50");
    let said = succeed(folder.path(), &["load", "w.parquet", "--table", "people", "--data", "elsewhere"]);
    assert!(said.contains("50 rows into people (new) in "), "{said}");
    let shown =
        succeed(folder.path(), &["sql", "--data", "elsewhere", "-c", "SELECT count(*) AS n FROM people"]);
    assert_eq!(shown, "  n\n----\n 50\n(1 row)\n");
}

#[test]
fn a_missing_file_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let said = fail(folder.path(), &["load", "nowhere.parquet", "--table", "t"], 1);
    assert!(said.starts_with("muster: ") && said.contains("nowhere.parquet"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_cut_in_half_loads_nothing() {
    let folder = generated("w.parquet", "300");
    let file = folder.path().join("w.parquet");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let said = fail(folder.path(), &["load", "w.parquet", "--table", "workers"], 1);
    assert!(said.contains("muster: ") && said.contains("w.parquet"), "{said}");
    assert_eq!(rows(folder.path(), "SELECT count(*) FROM workers"), [["0"]]);
}

#[test]
fn a_result_in_a_pipe_is_a_plain_table() {
    let folder = tempfile::tempdir().unwrap();
    let shown = succeed(
        folder.path(),
        &["sql", "-c", "SELECT 1 AS n, 'x' AS t, NULL::text AS u, 12.50::numeric(6,2) AS p"],
    );
    assert_eq!(shown, " n | t |   u  |   p\n---+---+------+-------\n 1 | x | NULL | 12.50\n(1 row)\n");
}

#[test]
fn commands_run_in_order_and_stop_at_the_first_failure() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(folder.path(), &["sql", "-c", "SELECT 1 AS a; SELECT * FROM nowhere", "-c", "SELECT 2 AS b"]);
    assert_eq!(output.status.code(), Some(1));
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(out.contains("(1 row)") && !out.contains(" b"), "{out}");
    assert!(err.starts_with("ERROR:  42P01: ") && err.contains("nowhere"), "{err}");
}

#[test]
fn a_script_from_a_pipe_stops_at_the_first_failure() {
    let folder = tempfile::tempdir().unwrap();
    let script = "CREATE TABLE t (id int PRIMARY KEY, note text);\n\
                  INSERT INTO t VALUES (1, 'semicolon; inside'), (2, $q$it's$q$);\n\
                  -- a comment; with a semicolon\n\
                  SELECT note FROM t ORDER BY id;\nSELEC;\nDROP TABLE t;\n";
    let output = with_input(folder.path(), &["sql"], script);
    assert_eq!(output.status.code(), Some(1));
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(
        out,
        "CREATE TABLE\nINSERT 0 2\n        note\n-------------------\n semicolon; inside\n it's\n(2 rows)\n"
    );
    assert!(err.starts_with("ERROR:  42601: "), "{err}");
    assert_eq!(rows(folder.path(), "SELECT count(*) FROM t"), [["2"]]);
}

#[test]
fn backslash_commands_describe_and_switch() {
    let folder = tempfile::tempdir().unwrap();
    let script = "\\dt\n\\d workers\n\\di\n\\timing\nSELECT 1;\n\\timing off\n\\x on\nSELECT 2 AS two;\n\\q\nSELECT 3 AS three;\n";
    let output = with_input(folder.path(), &["sql"], script);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}");
    for expected in [
        "workers",
        "Table \"public.workers\"",
        "worker_id",
        "vector(768)",
        "numeric(10,2)",
        "workers_embedding_idx",
        "Timing is on.",
        "Time: ",
        "-[ RECORD 1 ]",
        "two | 2",
    ] {
        assert!(out.contains(expected), "{expected} in {out}");
    }
    assert!(!out.contains("three"), "{out}");
    assert!(fail(folder.path(), &["sql", "-c", "\\d nowhere"], 1).contains("nowhere"));
}

#[test]
fn a_script_includes_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("inner.sql"), "SELECT 'inner' AS place").unwrap();
    std::fs::write(folder.path().join("outer.sql"), "\\i inner.sql\nSELECT 'outer' AS place;\n").unwrap();
    let shown = succeed(folder.path(), &["sql", "-f", "outer.sql"]);
    assert!(shown.find("inner").unwrap() < shown.find("outer").unwrap(), "{shown}");
    std::fs::write(folder.path().join("inner.sql"), "\\i inner.sql\n").unwrap();
    assert!(fail(folder.path(), &["sql", "-f", "outer.sql"], 2).contains("included by itself"));
}

#[test]
fn an_output_that_closes_early_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = muster(folder.path());
    command.args(["sql", "-c", "SELECT value FROM generate_series(1, 200000) value"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// Runs the demo with its temporary files under a folder of the test's own.
fn demo(folder: &Path, arguments: &[&str]) -> Command {
    let temporary = folder.join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = muster(folder);
    command.arg("demo").args(arguments).env("TMPDIR", temporary);
    command
}

fn left_over(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("tmp")).unwrap().count()
}

#[cfg(unix)]
#[test]
fn the_demo_tells_five_searches_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path(), &["--rows", "400"]).output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(out.matches("\nTime: ").count(), 5, "{out}");
    for expected in ["400 rows into workers", "exclude_ids", "LATERAL", "exact => true", "What to type next"]
    {
        assert!(out.contains(expected), "{expected} in {out}");
    }
    assert_eq!(left_over(folder.path()), 0);
}

#[cfg(unix)]
#[test]
fn the_demo_uses_the_workers_that_a_folder_holds() {
    let folder = tempfile::tempdir().unwrap();
    for expected in ["120 rows into workers", "already holds 120 workers"] {
        let output = demo(folder.path(), &["--rows", "120", "--data", "kept"]).output().unwrap();
        let out = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(output.status.success() && out.contains(expected), "{output:?}");
    }
    assert_eq!(left_over(folder.path()), 0);
    let shown = succeed(folder.path(), &["sql", "--data", "kept", "-c", "SELECT count(*) FROM workers"]);
    assert!(shown.contains(" 120\n"), "{shown}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(folder.path(), &["--rows", "200000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Its first line says that the folder is there; then it generates and loads for long.
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("removed at the end"), "{first}");
    assert_eq!(left_over(folder.path()), 1);
    signal(&child, "INT");
    assert_eq!(wait(&mut child), Some(130));
    assert_eq!(left_over(folder.path()), 0);
}

#[cfg(unix)]
#[test]
fn the_demo_goes_on_serving_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(folder.path(), &["--rows", "100", "--serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.find(|line| line.as_ref().unwrap().starts_with("muster: serving ")).unwrap().unwrap();
    assert!(line.contains("psql -h 127.0.0.1 -p "), "{line}");
    let port: u16 = line.split(" -p ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    signal(&child, "TERM");
    assert_eq!(wait(&mut child), Some(0));
    assert_eq!(left_over(folder.path()), 0);
}
