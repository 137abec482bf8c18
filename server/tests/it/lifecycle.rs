//! Starting and stopping `muster serve`.

use std::io::Read;

use muster::Database;
use muster_server::wire::{Error, ServeOptions, Server};

use crate::raw::{Raw, query};
use crate::server::{Process, any_port, muster, wait};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn signals_stop_the_server_and_its_rows_are_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for (round, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let mut server = Process::serve(folder.path(), &[]);
        block_on(async {
            let mut raw = Raw::connect(server.address).await;
            if round == 0 {
                raw.rows("CREATE TABLE kept (n int)").await;
            }
            raw.rows(&format!("INSERT INTO kept VALUES ({round})")).await;
            expected.push(vec![round.to_string()]);
            assert_eq!(raw.rows("SELECT n FROM kept ORDER BY n").await, expected);
            server.signal(signal);
            assert_eq!(raw.answer().await.unwrap().sqlstate(), "57P01");
            assert!(raw.answer().await.is_none());
        });
        let (status, complaint) = server.wait();
        assert!(status.success(), "{signal}: {status} {complaint}");
    }
}

#[test]
fn a_second_server_on_the_same_folder_names_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::serve(folder.path(), &[]);
    let mut second = muster();
    second.arg("serve").arg("--data").arg(folder.path()).args(["--listen", "127.0.0.1:0"]);
    let mut second = second.spawn().unwrap();
    assert_eq!(wait(&mut second).code(), Some(1));
    let mut complaint = String::new();
    second.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert!(complaint.contains(&first.id().to_string()), "{complaint}");
    // The first has not noticed.
    block_on(async {
        assert_eq!(Raw::connect(first.address).await.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn an_address_that_others_can_reach_is_refused_while_nobody_has_a_password() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:5433"] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = muster();
        server.arg("serve").arg("--data").arg(folder.path()).args(["--listen", address]);
        let mut server = server.spawn().unwrap();
        assert_eq!(wait(&mut server).code(), Some(1));
        let mut complaint = String::new();
        server.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(
            complaint.contains("passwords are asked for there") && complaint.contains("ALTER ROLE postgres"),
            "{complaint}"
        );
    }
}

#[test]
fn an_address_in_use_is_refused() {
    block_on(async {
        let database = Database::in_memory().unwrap();
        let first = Server::bind(database.clone(), ServeOptions::new(any_port())).await.unwrap();
        let second = Server::bind(database, ServeOptions::new(first.local_addr())).await;
        assert!(matches!(second, Err(Error::Listen { address, .. }) if address == first.local_addr()));
    });
}

#[test]
fn copy_reads_and_writes_only_the_folders_that_were_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (allowed, other) = (folder.path().join("allowed"), folder.path().join("other"));
    for files in [&allowed, &other] {
        std::fs::create_dir(files).unwrap();
        std::fs::write(files.join("rows.csv"), "n\n1\n2\n").unwrap();
    }
    let server = Process::serve(&folder.path().join("data"), &["--copy-dir", allowed.to_str().unwrap()]);
    block_on(async {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE numbers (n int)").await;
        let copy = |files: &std::path::Path| {
            query(&format!(
                "COPY numbers FROM '{}' WITH (FORMAT csv, HEADER true)",
                files.join("rows.csv").display()
            ))
        };
        assert_eq!(raw.ask(&[copy(&allowed)]).await[0].text(), "COPY 2");
        assert_eq!(raw.ask(&[copy(&other)]).await[0].sqlstate(), "42501");
        let sneaky = allowed.join("..").join("other");
        assert_eq!(raw.ask(&[copy(&sneaky)]).await[0].sqlstate(), "42501");
        assert_eq!(raw.rows("SELECT count(*) FROM numbers").await, [["2"]]);
        let copy = |file: &std::path::Path| {
            query(&format!("COPY numbers TO '{}' WITH (FORMAT csv)", file.display()))
        };
        let written = allowed.join("written.csv");
        assert_eq!(raw.ask(&[copy(&written)]).await[0].text(), "COPY 2");
        assert_eq!(std::fs::read_to_string(&written).unwrap(), "1\n2\n");
        for file in
            [other.join("written.csv"), sneaky.join("written.csv"), allowed.join("no").join("file.csv")]
        {
            assert_eq!(raw.ask(&[copy(&file)]).await[0].sqlstate(), "42501", "{file:?}");
        }
        std::os::unix::fs::symlink(other.join("rows.csv"), allowed.join("link.csv")).unwrap();
        assert_eq!(raw.ask(&[copy(&allowed.join("link.csv"))]).await[0].sqlstate(), "42501");
        assert_eq!(raw.ask(&[copy(&allowed)]).await[0].sqlstate(), "42809");
        // A COPY that fails leaves what was there, and nothing beside it.
        let failing = format!("COPY (SELECT 1 / (2 - n) FROM numbers) TO '{}'", written.display());
        assert_eq!(raw.ask(&[query(&failing)]).await[0].sqlstate(), "22012");
        assert_eq!(std::fs::read_to_string(&written).unwrap(), "1\n2\n");
        assert_eq!(std::fs::read_dir(&allowed).unwrap().count(), 3);
    });
}
