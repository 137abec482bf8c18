//! `muster bench multitier` as it is run: a server of its own or one that runs, kills and interruptions, and the figures.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ::tokio_postgres::{Client, NoTls};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{PATIENCE, Process, muster, wait};

/// A folder with a small workforce in `data`.
fn workforce() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for arguments in
        ["generate workers --rows 500 --seed 7 --out w.parquet", "load w.parquet --table workers --data data"]
    {
        let output = muster().current_dir(&folder).args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    folder
}

/// The command in `folder`, of eight clients.
fn bench(folder: &Path, arguments: &[&str]) -> Command {
    bench_of("8", folder, arguments)
}

fn bench_of(clients: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = muster();
    command.current_dir(folder).args(["bench", "multitier", "--concurrency", clients, "--json", "r.json"]);
    command.args(arguments);
    command
}

fn told(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn report(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("r.json")).unwrap()).unwrap()
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until the folder's database is not open: the server that had it is gone.
fn closed(data: &Path) {
    let start = Instant::now();
    while let Err(error) = muster::Database::open(data) {
        assert_eq!(error.sqlstate(), "55006", "{error}");
        assert!(start.elapsed() < PATIENCE, "the server is left behind: {error}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The process and the address of a load's own server, once it serves.
fn own_server(data: &Path) -> (u32, SocketAddr) {
    let start = Instant::now();
    loop {
        let told = std::fs::read_to_string(data.join("server.address")).unwrap_or_default();
        if let Some((process, address)) = told.trim().split_once(' ')
            && let (Ok(process), Ok(address)) = (process.parse(), address.parse())
        {
            return (process, address);
        }
        assert!(start.elapsed() < PATIENCE, "the server does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The same, once clients have recorded playbooks.
fn own_server_under_load(data: &Path) -> u32 {
    let (process, address) = own_server(data);
    let start = Instant::now();
    connected(&format!("postgres://postgres@{address}/muster"), async |client| {
        let count = "SELECT count(*) FROM playbooks";
        while client.query_one(count, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            assert!(start.elapsed() < PATIENCE, "no load begins");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    process
}

fn connected(url: &str, work: impl AsyncFnOnce(&Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = ::tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(async { drop(connection.await) });
        work(&client).await;
    });
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn multitier_runs_without_a_failure_and_finds_its_playbooks_after_a_kill() {
    let folder = workforce();
    let arguments = ["--data", "data", "--duration", "4s", "--warmup", "1s", "--kill"];
    let files = ["--html", "r.html", "--acknowledged", "queries"];
    let output = bench(folder.path(), &arguments).args(files).output().unwrap();
    let (out, err) = told(&output);
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains(" 0 failures") && out.contains("after kill -9"), "{out}");

    let report = report(folder.path());
    assert_eq!((report["failures"].as_u64(), report["warmup_sec"].as_f64()), (Some(0), Some(1.0)));
    let scenarios = report["per_scenario"].as_object().unwrap();
    let runs: Vec<u64> = scenarios.values().map(|of| of["runs"].as_u64().unwrap()).collect();
    assert_eq!(runs.len(), 6);
    assert_eq!(report["total_scenarios"].as_u64().unwrap(), runs.iter().sum::<u64>());
    assert!(report["total_scenarios"].as_u64().unwrap() > 20, "{report}");
    assert!(report["wall_sec"].as_f64().unwrap() >= 4.0, "{report}");
    if cfg!(target_os = "linux") {
        assert!(report["server"]["cpu_sec"].as_f64().unwrap() > 0.0, "{report}");
    }
    // Drafts are good: all pass, and no rule is broken.
    let validators = report["validators"].as_object().unwrap();
    assert!(validators.values().all(|of| of["blocked"] == 0 && of["findings"] == serde_json::json!({})));

    let acknowledged = report["playbooks_verified"]["acknowledged"].as_u64().unwrap();
    assert_eq!(report["playbooks_verified"]["found"].as_u64(), Some(acknowledged));
    let queries = std::fs::read_to_string(folder.path().join("queries")).unwrap();
    assert_eq!(queries.lines().count() as u64, acknowledged);
    assert!(queries.lines().all(|query| query.starts_with("Need ")), "{queries}");

    let page = std::fs::read_to_string(folder.path().join("r.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("http"), "the page loads nothing");
    closed(&folder.path().join("data"));
}

#[test]
fn a_server_that_runs_is_used_and_left_running_and_a_corpus_may_be_any_table() {
    let folder = workforce();
    let server = Process::serve(&folder.path().join("data"), &[]);
    let url = format!("postgres://anybody:secret@{}/muster", server.address);
    connected(&url, async |client| {
        let copy = "CREATE TABLE \"Other's people\" (id text PRIMARY KEY, what text, v vector(768) GENERATED ALWAYS AS \
                    (embed(what)) STORED); INSERT INTO \"Other's people\" (id, what) SELECT worker_id, profile FROM workers";
        client.batch_execute(copy).await.unwrap();
    });
    for corpus in ["workers", "\"Other's people\""] {
        let output =
            bench(folder.path(), &["--url", &url, "--duration", "2s", "--corpus", corpus]).output().unwrap();
        let (out, err) = told(&output);
        assert!(output.status.success(), "{out}{err}");
        assert!(out.contains("memory and processor time are not known"), "{out}");
        let report = report(folder.path());
        assert!(report["server"].is_null() && report["corpus"] == corpus, "{report}");
        assert!(report["playbooks_verified"]["found"].as_u64().unwrap() > 0, "{report}");
    }
}

#[test]
fn an_interruption_ends_the_load_early_and_it_is_reported() {
    let folder = workforce();
    let data = folder.path().join("data");
    let mut load = spawn(bench(folder.path(), &["--data", "data", "--duration", "10m"]));
    own_server_under_load(&data);
    signal(load.id(), "INT");
    let status = wait(&mut load);
    let mut out = String::new();
    load.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(status.success() && out.contains("(interrupted)"), "{status} {out}");
    assert_eq!(report(folder.path())["interrupted"], true);
    closed(&data);
}

#[test]
fn no_server_is_left_behind_whenever_and_however_the_load_is_ended() {
    let folder = workforce();
    let data = folder.path().join("data");
    // While it opens the database, while the roster is written and clients connect, under load.
    for (name, milliseconds) in [("INT", 0), ("TERM", 100), ("INT", 400), ("KILL", 0), ("KILL", 1500)] {
        let mut load = spawn(bench_of("200", folder.path(), &["--data", "data", "--duration", "10m"]));
        if milliseconds > 0 {
            own_server(&data);
        }
        std::thread::sleep(Duration::from_millis(milliseconds));
        // Until it is ready to be told, a signal may be lost that whoever started the tests ignores.
        let begun = Instant::now();
        while load.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "the load does not end");
            signal(load.id(), name);
            std::thread::sleep(Duration::from_secs(1));
        }
        closed(&data);
    }
}

#[test]
fn a_server_that_dies_under_load_is_a_failure_that_is_reported() {
    let folder = workforce();
    let mut load = spawn(bench(folder.path(), &["--data", "data", "--duration", "10m"]));
    let server = own_server_under_load(&folder.path().join("data"));
    signal(server, "KILL");
    assert_eq!(wait(&mut load).code(), Some(1));
    let report = report(folder.path());
    assert!(report["failures"].as_u64().unwrap() > 0, "{report}");
    assert!(report["problems"][0].as_str().unwrap().contains("the server ended under load"), "{report}");
}

#[test]
fn what_keeps_the_load_from_running_is_told() {
    let folder = workforce();
    let empty = tempfile::tempdir().unwrap();
    drop(muster::Database::open(empty.path().join("data")).unwrap());
    let cases: [(&Path, &[&str], i32, &str); 6] = [
        (
            folder.path(),
            &["--data", "nowhere"],
            2,
            "there is no database in \"nowhere\". Make one: muster generate",
        ),
        (empty.path(), &["--data", "data"], 2, "finds 0 rows. Load some: muster generate workers"),
        (folder.path(), &["--data", "data", "--corpus", "nobody"], 1, "cannot search corpus nobody: 42P01: "),
        (folder.path(), &["--url", "postgres://a:secret@127.0.0.1:1/m"], 1, "cannot reach 127.0.0.1:1: "),
        (folder.path(), &["--url", "elsewhere"], 2, "write postgres://user@host:port/database"),
        (
            folder.path(),
            &["--data", "data", "--html", "no/folder/r.html"],
            1,
            "cannot write \"no/folder/r.html\"",
        ),
    ];
    for (place, arguments, code, expected) in cases {
        let output = bench(place, &["--duration", "1s"]).args(arguments).output().unwrap();
        let (_, err) = told(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
        assert!(err.contains(expected) && !err.contains("secret"), "{arguments:?}: {err}");
    }
    assert!(!folder.path().join("nowhere").exists());
    // Whose folder it is, is told with the way to use it.
    let server = Process::serve(&folder.path().join("data"), &[]);
    let output = bench(folder.path(), &["--data", "data"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).1.contains(&format!("--url postgres://postgres@{}/muster", server.address)));
}
