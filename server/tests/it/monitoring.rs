//! A server that is watched: `/metrics`, `/healthz` and `/readyz` over a plain socket, slow statements in the log, where settings
//! come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use muster::Database;
use muster_server::http::{Error, Http, HttpOptions, Monitor};
use serde_json::Value;

use crate::raw::{Raw, bind, execute, parse, query, sync};
use crate::server::{PATIENCE, any_port, connect, muster, wait};

/// `muster serve` with an HTTP port; killed when dropped.
struct Watched {
    child: Child,
    address: SocketAddr,
    http: SocketAddr,
    folder: tempfile::TempDir,
}

impl Watched {
    fn serve(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = muster();
        command.arg("serve").arg("--data").arg(folder.path().join("data"));
        command.args(["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]).args(arguments);
        command.stderr(File::create(folder.path().join("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut word = |of: &str| {
            let line = lines.next().unwrap_or_else(|| panic!("no line of {of}")).unwrap();
            let word = line.split_whitespace().find_map(|word| {
                word.trim_start_matches("http://").split('/').next().and_then(|word| word.parse().ok())
            });
            word.unwrap_or_else(|| panic!("{line}"))
        };
        let (address, http) = (word("the address"), word("the HTTP port"));
        Self { child, address, http, folder }
    }

    fn get(&self, path: &str) -> (u16, String) {
        get(self.http, path, "")
    }

    /// The metrics with their labels, as they are written.
    fn metrics(&self) -> BTreeMap<String, f64> {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200, "{text}");
        metrics(&text)
    }

    /// Waits until the log has a line that is wanted.
    fn logged(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
            let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = lines.find(&wanted) {
                return line;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It has ended already where the test went as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn metrics(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_string(), value.parse().unwrap_or_else(|_| panic!("{line}")))
    };
    lines.map(read).collect()
}

/// Sends a request as it is, and gives all that comes back.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server that has seen enough may close before all is sent.
    let _sent = stream.write_all(request);
    let mut answer = Vec::new();
    let _read = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status and the body; `headers` end with line ends.
fn get(address: SocketAddr, path: &str, headers: &str) -> (u16, String) {
    let answer = exchange(address, format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n").as_bytes());
    let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("{path}: {answer:?}")).parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_string())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn metrics_change_with_what_the_server_does() {
    let server = Watched::serve(&["--max-connections", "20"]);
    let before = server.metrics();
    let of = |metrics: &BTreeMap<String, f64>, name: &str| {
        *metrics.get(name).unwrap_or_else(|| panic!("no {name} in {metrics:#?}"))
    };
    assert_eq!(of(&before, "muster_ready"), 1.0);
    assert_eq!(of(&before, "muster_connections"), 0.0);
    assert_eq!(of(&before, "muster_connections_limit"), 20.0);
    assert!(of(&before, "process_resident_memory_bytes") > 1e6);
    let after = block_on(async {
        let mut raw = Raw::connect(server.address).await;
        let client = connect(server.address).await;
        raw.rows("SELECT 1").await;
        raw.rows(
            "INSERT INTO workers (worker_id, name, role) VALUES ('a', 'Ana', 'Welder'), ('b', 'Ben', 'Cook')",
        )
        .await;
        raw.rows("UPDATE workers SET city = 'Toledo' WHERE worker_id = 'a'").await;
        raw.rows("DELETE FROM workers WHERE worker_id = 'b'").await;
        raw.rows("INSERT INTO playbooks (query_text, answer_id, score) VALUES ('welder', 'a', 1)").await;
        assert_eq!(raw.rows("SELECT id FROM vector_search('workers', 'welder', k => 1)").await, [["a"]]);
        assert_eq!(raw.ask(&[query("SELECT 1 / 0")]).await[0].sqlstate(), "22012");
        assert_eq!(raw.ask(&[query("SELEC 1")]).await[0].sqlstate(), "42601");
        raw.status(&[query("BEGIN; SELECT 1")]).await;
        raw.rows("ROLLBACK").await;
        for _ in 0..3 {
            client.query_one("SELECT count(*) FROM workers WHERE worker_id = $1", &[&"a"]).await.unwrap();
        }
        server.metrics()
    });
    let grown = |name: &str| of(&after, name) - of(&before, name);
    assert_eq!(of(&after, "muster_connections"), 2.0);
    assert_eq!(grown("muster_connections_accepted_total"), 2.0);
    // 1, the search, 1 / 0, the one of the block, three prepared ones.
    assert_eq!(grown("muster_statements_total{kind=\"select\"}"), 7.0);
    assert_eq!(grown("muster_statements_total{kind=\"insert\"}"), 2.0);
    assert_eq!(grown("muster_statements_total{kind=\"update\"}"), 1.0);
    assert_eq!(grown("muster_statements_total{kind=\"delete\"}"), 1.0);
    assert_eq!(grown("muster_statements_total{kind=\"transaction\"}"), 2.0);
    assert_eq!(grown("muster_statement_duration_seconds_count{kind=\"select\"}"), 7.0);
    let bucket = |metrics: &BTreeMap<String, f64>| {
        let mut buckets = metrics.iter().filter(|(name, _)| {
            name.starts_with("muster_statement_duration_seconds_bucket{")
                && name.contains("le=\"+Inf\"")
                && name.contains("kind=\"select\"")
        });
        *buckets.next().expect("a last bucket").1
    };
    assert_eq!(bucket(&after) - bucket(&before), 7.0);
    assert!(grown("muster_statement_duration_seconds_sum{kind=\"select\"}") > 0.0);
    assert_eq!(grown("muster_errors_total{class=\"22\"}"), 1.0);
    assert_eq!(grown("muster_errors_total{class=\"42\"}"), 1.0);
    assert!(grown("muster_received_bytes_total") > 500.0 && grown("muster_sent_bytes_total") > 500.0);
    assert!(grown("muster_transactions_total{outcome=\"committed\"}") >= 9.0);
    assert!(grown("muster_transactions_total{outcome=\"rolled_back\"}") >= 1.0);
    assert_eq!(grown("muster_playbooks_recorded_total"), 1.0);
    assert_eq!(grown("muster_searches_total{strategy=\"exact\"}"), 1.0);
    let workers = |name: &str| format!("{name}{{schema=\"public\",table=\"workers\"}}");
    assert_eq!(of(&after, &workers("muster_table_rows")), 1.0);
    assert_eq!(of(&after, &workers("muster_table_rows_inserted_total")), 2.0);
    assert_eq!(of(&after, &workers("muster_table_rows_updated_total")), 1.0);
    assert_eq!(of(&after, &workers("muster_table_rows_deleted_total")), 1.0);
    assert!(of(&after, &workers("muster_table_journal_bytes")) > 0.0);
    assert!(of(&after, "muster_journal_bytes") > 0.0);
    assert!(grown("muster_cache_misses_total{cache=\"statements\"}") > 0.0);
    assert!(of(&after, "process_cpu_seconds_total") > 0.0);
}

#[test]
fn a_server_is_ready_until_it_stops() {
    let mut server = Watched::serve(&[]);
    assert_eq!(server.get("/healthz"), (200, "ok\n".to_string()));
    assert_eq!(server.get("/readyz"), (200, "ready\n".to_string()));
    assert_eq!(server.get("/nothing").0, 404);
    block_on(async {
        let mut raw = Raw::connect(server.address).await;
        raw.send(&[query("SELECT pg_sleep(3)")]).await;
        // It is seen to run before the server is told to stop.
        let mut other = Raw::connect(server.address).await;
        while other
            .rows(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(3)'",
            )
            .await
            != [["1"]]
        {}
        let told = Command::new("kill").arg("-TERM").arg(server.child.id().to_string()).status().unwrap();
        assert!(told.success());
        let start = Instant::now();
        while server.get("/readyz").0 == 200 {
            assert!(start.elapsed() < Duration::from_secs(2));
        }
        // The statement still runs, and whoever watches sees why nobody is let in.
        assert_eq!(server.get("/readyz"), (503, "shutting down\n".to_string()));
        assert_eq!(server.get("/healthz").0, 200);
        assert_eq!(server.metrics().get("muster_ready"), Some(&0.0));
        while server.metrics().get("muster_connections") != Some(&1.0) {
            assert!(start.elapsed() < Duration::from_secs(2), "the other one is still there");
        }
        assert_eq!(raw.until(b'C').await.last().unwrap().text(), "SELECT 1");
    });
    assert!(wait(&mut server.child).success());
    assert!(TcpStream::connect(server.http).is_err());
}

#[test]
fn a_server_that_starts_is_alive_and_not_ready() {
    block_on(async {
        let http =
            Http::bind(HttpOptions { listen: any_port(), token: None }, Monitor::default()).await.unwrap();
        let address = http.local_addr();
        tokio::spawn(http.run(std::future::pending()));
        let asked = tokio::task::spawn_blocking(move || {
            (get(address, "/healthz", ""), get(address, "/readyz", ""), get(address, "/metrics", ""))
        });
        let (health, ready, metrics) = asked.await.unwrap();
        assert_eq!((health.0, ready), (200, (503, "starting\n".to_string())));
        assert!(metrics.0 == 200 && metrics.1.contains("muster_ready 0\n"), "{}", metrics.1);
        let again = Http::bind(HttpOptions { listen: address, token: None }, Monitor::default()).await;
        assert!(matches!(again, Err(Error::Listen { .. })));
    });
}

#[test]
fn whoever_asks_otherwise_or_slowly_does_no_harm() {
    let server = Watched::serve(&[]);
    let slow: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut slow = TcpStream::connect(server.http).unwrap();
            slow.write_all(b"GET /metrics HTTP/1.1\r\nHost:").unwrap();
            slow
        })
        .collect();
    let post = exchange(server.http, b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    assert!(post.to_ascii_lowercase().contains("allow: get, head"), "{post}");
    let head = exchange(server.http, b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(exchange(server.http, b"\x16\x03\x01 nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
    let long = format!("GET /metrics HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let refused = exchange(server.http, long.as_bytes());
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    assert_eq!(server.get("/readyz").0, 200);
    let start = Instant::now();
    for mut slow in slow {
        slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut rest = Vec::new();
        // It is closed, with or without words.
        let _read = slow.read_to_end(&mut rest);
    }
    assert!(start.elapsed() < Duration::from_secs(16), "{:?}", start.elapsed());
    assert_eq!(server.get("/metrics").0, 200);
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let refused = |arguments: &[&str]| {
        let mut command = muster();
        command.arg("serve").arg("--data").arg(&data).args(["--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.spawn().unwrap();
        let status = wait(&mut child);
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(!status.success(), "{complaint}");
        complaint
    };
    assert!(refused(&["--http-listen", "0.0.0.0:0"]).contains("--http-token-file"));
    assert!(refused(&["--http-listen", "192.0.2.1:80"]).contains("--http-token-file"));
    let token = folder.path().join("token");
    std::fs::write(&token, "short\n").unwrap();
    let path = token.to_str().unwrap();
    assert!(refused(&["--http-listen", "0.0.0.0:0", "--http-token-file", path]).contains("shorter than 16"));
    assert!(!data.exists(), "nothing was opened");
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    let server = Watched::serve(&["--http-token-file", path]);
    assert_eq!(server.get("/metrics").0, 401);
    assert_eq!(get(server.http, "/metrics", "Authorization: Bearer 0123456789abcdeg\r\n").0, 401);
    assert_eq!(get(server.http, "/metrics", "Authorization: Bearer 0123456789abcdef\r\n").0, 200);
    assert_eq!((server.get("/healthz").0, server.get("/readyz").0), (200, 200));
}

#[test]
fn slow_statements_are_logged_with_their_process_id() {
    let server = Watched::serve(&["--log-min-duration", "0", "--log-format", "json"]);
    let statement = |line: &Value| line["statement"].as_str().unwrap_or_default().to_string();
    block_on(async {
        let mut raw = Raw::connect_with(
            server.address,
            &[("user", "ann"), ("database", "muster"), ("application_name", "app")],
        )
        .await;
        let pid: i64 = raw.rows("SELECT pg_backend_pid()").await[0][0].parse().unwrap();
        let line = server.logged(|line| statement(line) == "SELECT pg_backend_pid()");
        assert_eq!(line["pid"].as_i64(), Some(pid));
        assert_eq!((line["user"].as_str(), line["application"].as_str()), (Some("ann"), Some("app")));
        assert_eq!((line["step"].as_str(), line["level"].as_str()), (Some("statement"), Some("WARN")));
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0 && line["timestamp"].is_string());
        raw.ask(&[
            parse("s", "SELECT $1::int + 1", &[]),
            bind("", "s", 0, &[Some(b"7")]),
            execute("", 0),
            sync(),
        ])
        .await;
        for step in ["parse", "execute"] {
            let line = server.logged(|line| line["step"] == step);
            assert_eq!(statement(&line), "SELECT $1::int + 1");
        }
        raw.ask(&[query("SELECT 1 / 0")]).await;
        server.logged(|line| statement(line) == "SELECT 1 / 0");
        raw.rows("SET log_min_duration_statement = -1").await;
        raw.rows("SELECT 'unlogged'").await;
        raw.rows("RESET log_min_duration_statement").await;
        raw.rows("SELECT 'logged'").await;
        server.logged(|line| statement(line) == "SELECT 'logged'");
        raw.rows("CREATE ROLE eve PASSWORD 'hush'").await;
        server.logged(|line| statement(line) == "CREATE ROLE eve PASSWORD $1");
    });
    let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap();
    assert!(!log.contains("unlogged") && !log.contains("hush"), "{log}");
}

#[test]
fn others_than_superusers_do_not_see_whose_statements_there_are() {
    let server = Watched::serve(&[]);
    block_on(async {
        let mut owner = Raw::connect_with(server.address, &[("user", "postgres")]).await;
        owner.rows("CREATE ROLE ann LOGIN").await;
        owner.rows("SELECT 'of the owner'").await;
        let mut ann = Raw::connect_with(server.address, &[("user", "ann"), ("database", "muster")]).await;
        ann.rows("SELECT 'of ann', 1").await;
        let texts = "SELECT DISTINCT query FROM pg_stat_statements WHERE query LIKE 'SELECT $1%' OR query LIKE '<%' ORDER BY 1";
        assert_eq!(ann.rows(texts).await, [["<insufficient privilege>"], ["SELECT $1, $2"]]);
        let texts = "SELECT query, calls FROM pg_stat_statements WHERE query LIKE 'SELECT $1%' ORDER BY 1";
        assert_eq!(owner.rows(texts).await, [["SELECT $1", "1"], ["SELECT $1, $2", "1"]]);
        let reset = query("SELECT pg_stat_statements_reset()");
        assert_eq!(ann.ask(&[reset]).await[0].sqlstate(), "42501");
        let set = query("SET log_min_duration_statement = 0");
        assert_eq!(ann.ask(&[set]).await[0].sqlstate(), "42501");
    });
}

/// What `muster` prints, whether it did as it was asked, and what it complained.
fn said(arguments: &[&str], variables: &[(&str, &str)]) -> (String, bool, String) {
    let output = muster().args(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), output.status.success(), text(output.stderr))
}

fn written(folder: &Path, text: &str) -> String {
    let path = folder.join("muster.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_string()
}

#[test]
fn settings_come_from_flags_then_the_environment_then_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "data = \"people\"\n[server]\nlisten = \"127.0.0.1:1\"\nmax_connections = 7\ncache_size = \"1MiB\"\n\
         [embedders.a]\nprovider = \"ollama\"\nurl = \"http://me:secret@127.0.0.1:1\"\ndimensions = 8\n",
    );
    let arguments = ["config", "show", "--config", &file, "--max-connections", "9"];
    let (out, done, complaint) =
        said(&arguments, &[("MUSTER_LISTEN", "127.0.0.1:2"), ("MUSTER_MAX_CONNECTIONS", "8")]);
    assert!(done, "{complaint}");
    let line = |name: &str| {
        let mut lines = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name}: {out}"))
    };
    assert_eq!(line("max_connections"), "max_connections 9 flag --max-connections");
    assert_eq!(line("listen"), "listen 127.0.0.1:2 environment MUSTER_LISTEN");
    assert_eq!(line("cache_size"), format!("cache_size 1MiB file {file}"));
    assert_eq!(line("auth"), "auth automatic default");
    assert_eq!(line("data"), format!("data {} file {file}", folder.path().join("people").display()));
    assert_eq!(line("embedders.a.dimensions"), format!("embedders.a.dimensions 8 file {file}"));
    assert!(!out.contains("secret"), "{out}");
}

#[test]
fn a_configuration_that_says_what_nobody_knows_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for (text, word) in [
        ("[server]\nlisen = \"127.0.0.1:0\"\n", "line 2: unknown field `lisen`"),
        ("[servers]\n", "line 1: unknown field `servers`"),
        ("[server]\nlisten = \"nowhere\"\n", "listen: \"nowhere\" is no address with a port"),
        ("[server]\nhttp_listen = \"0.0.0.0:0\"\n", "--http-token-file"),
    ] {
        let file = written(folder.path(), text);
        let (_, done, complaint) = said(&["serve", "--data", data, "--config", &file], &[]);
        assert!(!done && complaint.contains(word), "{text}: {complaint}");
    }
    let (_, done, complaint) = said(&["serve", "--data", data], &[("MUSTER_LOG_FORMAT", "xml")]);
    assert!(!done && complaint.contains("MUSTER_LOG_FORMAT: \"xml\" is none of text, json"), "{complaint}");
    assert!(!Path::new(data).exists(), "nothing was opened");
}

#[test]
fn a_server_starts_with_what_its_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let text = "data = \"people\"\n[server]\nlisten = \"127.0.0.1:0\"\nmax_connections = 7\nlog_min_duration = \"2s\"\n";
    let file = written(folder.path(), text);
    let mut child = muster().args(["serve", "--config", &file]).spawn().unwrap();
    let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let address: SocketAddr = line.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    let shown = block_on(async {
        let mut raw = Raw::connect(address).await;
        (raw.rows("SHOW max_connections").await, raw.rows("SHOW log_min_duration_statement").await)
    });
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(shown, (vec![vec!["7".to_string()]], vec![vec!["2s".to_string()]]));
    assert!(muster::is_database(&folder.path().join("people")));
}

#[test]
fn completions_and_pages_of_the_manual_are_of_the_command() {
    for shell in ["bash", "zsh", "fish"] {
        let (out, done, complaint) = said(&["completions", shell], &[]);
        assert!(done && out.contains("http-listen") && out.contains("multitier"), "{shell}: {complaint}");
        if shell == "bash" && Command::new("bash").arg("--version").stdout(Stdio::null()).status().is_ok() {
            let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
            bash.stdin.take().unwrap().write_all(out.as_bytes()).unwrap();
            assert!(bash.wait().unwrap().success());
        }
    }
    assert!(!said(&["completions", "nothing"], &[]).1);
    let (page, done, _) = said(&["man"], &[]);
    assert!(done && page.contains(".TH muster 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let (_, done, complaint) = said(&["man", "--to", folder.path().to_str().unwrap()], &[]);
    assert!(done, "{complaint}");
    let serve = std::fs::read_to_string(folder.path().join("muster-serve.1")).unwrap();
    assert!(serve.contains("http\\-listen"), "{serve}");
    assert!(folder.path().join("muster-bench-multitier.1").exists());
}

#[test]
fn statistics_are_a_programs_too() {
    let database = Database::in_memory().unwrap();
    block_on(async {
        let session = database.session();
        session.execute("CREATE TABLE t (n int PRIMARY KEY)", &[]).await.unwrap();
        session.execute("INSERT INTO t SELECT * FROM generate_series(1, 100)", &[]).await.unwrap();
    });
    database.checkpoint().unwrap();
    let statistics = database.statistics().unwrap();
    let table = statistics.tables.iter().find(|table| table.name == "t").unwrap();
    assert_eq!((table.rows, table.inserted, table.segments, table.unsealed_rows), (100, 100, 1, 0));
    assert!(table.bytes > 0 && statistics.journal_bytes > 0 && statistics.commits >= 2);
    assert_eq!(statistics.states.iter().map(|(_, count)| count).sum::<u64>(), 0);
}
