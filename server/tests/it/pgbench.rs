//! pgbench, PostgreSQL's own benchmark, as a test: its tables are made and filled, its transactions run on
//! several connections at once, and the money adds up. Where it is not installed this says so and does nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use crate::raw::Raw;
use crate::server::serving;

/// Where Debian keeps what is no client for everyday use.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The command: in the path, or where Debian installs it.
fn pgbench() -> Option<Command> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin/pgbench")).find(|path| path.exists());
    let path = installed.unwrap_or_else(|| Path::new("pgbench").to_path_buf());
    match Command::new(&path).arg("--version").output() {
        Ok(_) => Some(Command::new(path)),
        Err(_) => {
            eprintln!("pgbench is not installed: this test is skipped");
            None
        }
    }
}

async fn run(address: SocketAddr, arguments: &[&str]) -> Option<Output> {
    let mut command = pgbench()?;
    command.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string(), "-U", "ann"]);
    command.args(arguments).arg("muster").env("LC_ALL", "C.UTF-8");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "pgbench {arguments:?}: {output:?}");
    Some(output)
}

async fn number(raw: &mut Raw, sql: &str) -> i64 {
    raw.rows(sql).await.remove(0).remove(0).parse().unwrap()
}

#[test]
fn its_transactions_run_in_every_mode_and_the_money_adds_up() {
    serving(|server| async move {
        // Fewer rows than its scale 1 has would be another benchmark: filling it is most of this test.
        if run(server.address, &["-i", "-s", "1", "-q"]).await.is_none() {
            return;
        }
        let mut raw = Raw::connect(server.address).await;
        assert_eq!(number(&mut raw, "SELECT count(*) FROM pgbench_accounts").await, 100_000);
        let mut done = 0;
        for mode in ["simple", "extended", "prepared"] {
            let arguments = ["-n", "-M", mode, "-c", "4", "-j", "2", "-t", "25", "--max-tries=1000"];
            let output = run(server.address, &arguments).await.unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(said.contains("number of transactions actually processed: 100/100"), "{said}");
            assert!(said.contains("number of failed transactions: 0 "), "{said}");
            done += 100;
            assert_eq!(number(&mut raw, "SELECT count(*) FROM pgbench_history").await, done);
            let delta = number(&mut raw, "SELECT sum(delta) FROM pgbench_history").await;
            for sum in [
                "SELECT sum(abalance) FROM pgbench_accounts",
                "SELECT sum(tbalance) FROM pgbench_tellers",
                "SELECT sum(bbalance) FROM pgbench_branches",
            ] {
                assert_eq!(number(&mut raw, sum).await, delta, "{mode}: {sum}");
            }
        }
    });
}
