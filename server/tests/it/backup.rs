//! `muster backup`, `restore` and `check`, from outside.

use std::path::Path;

use tempfile::TempDir;

use crate::cli::{fail, generated, rows, succeed};
use crate::raw::Raw;
use crate::server::Process;

const DATA: &str = "muster-data";

/// Workers, and a table of the types that files have trouble with.
fn filled() -> TempDir {
    let folder = generated("workers.parquet", "120");
    succeed(folder.path(), &["load", "workers.parquet", "--table", "workers"]);
    let sql = "CREATE TABLE \"odd ones\" (id uuid PRIMARY KEY, span interval, doc jsonb, at timestamptz, \
               raw bytea, tags text[], n numeric(6,2) DEFAULT 1.5, code varchar(8), \
               UNIQUE NULLS NOT DISTINCT (code, n))";
    succeed(folder.path(), &["sql", "-c", sql]);
    let sql = "INSERT INTO \"odd ones\" (id, span, doc, at, raw, tags, code) VALUES \
               ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1 day 2 hours', '{\"k\": [1, 2.50]}', \
                '2024-02-29 12:00:00+00', '\\xdeadbeef', ARRAY['x', NULL, 'y, z'], 'c'), \
               ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', NULL, NULL, NULL, NULL, NULL, NULL)";
    succeed(folder.path(), &["sql", "-c", sql]);
    folder
}

/// Everything in the tables that [`filled`] makes.
fn contents(folder: &Path) -> Vec<Vec<String>> {
    let mut all = rows(folder, "SELECT * FROM \"odd ones\" ORDER BY id");
    all.extend(rows(folder, "SELECT * FROM workers ORDER BY worker_id"));
    all
}

fn rename(folder: &Path, from: &str, to: &str) {
    std::fs::rename(folder.join(from), folder.join(to)).unwrap();
}

#[test]
fn a_backup_is_restored_and_checked() {
    let folder = filled();
    let folder = folder.path();
    let before = contents(folder);
    let first = succeed(folder, &["backup", "--to", "backup"]);
    assert!(first.contains(" 0 kept, ") && first.contains(" linked, 0 copied"), "{first}");
    let second = succeed(folder, &["backup", "--to", "backup"]);
    assert!(second.contains(" 0 linked, 0 copied"), "{second}");
    rename(folder, DATA, "lost");
    let restored = succeed(folder, &["restore", "--from", "backup", "--data", DATA]);
    assert!(restored.contains("0 kept, 0 linked"), "{restored}");
    assert!(succeed(folder, &["check"]).contains("is sound"));
    assert_eq!(contents(folder), before);

    assert!(fail(folder, &["restore", "--from", "backup", "--data", DATA], 1).contains("already"));
    assert!(fail(folder, &["backup", "--to", "lost"], 1).contains("database in this folder"));
    assert!(fail(folder, &["backup", "--to", "muster-data/inside"], 1).contains("cannot be in"));
    assert!(fail(folder, &["backup", "--data", "nowhere", "--to", "b"], 2).contains("no database"));
    assert!(fail(folder, &["check", "--data", "nowhere"], 1).contains("no database"));
    assert!(fail(folder, &["sql", "--data", "backup", "-c", "SELECT 1"], 1).contains("restored"));
    assert!(!folder.join("nowhere").exists() && !folder.join("b").exists());
}

#[test]
fn a_check_names_the_damaged_file_and_fails() {
    let folder = filled();
    let folder = folder.path();
    assert!(succeed(folder, &["check"]).contains("is sound"));
    let segments = folder.join(DATA).join("segments");
    let mut damaged = Vec::new();
    for extension in ["parquet", "vec", "graph"] {
        let mut files = std::fs::read_dir(&segments).unwrap().map(|file| file.unwrap().path());
        let file = files.find(|file| file.extension().is_some_and(|found| found == extension)).unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        // Another file under the same name: maps of the old one stay whole.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
        damaged.push(file.file_name().unwrap().to_string_lossy().into_owned());
    }
    let output = crate::cli::run(folder, &["check"]);
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8(output.stdout).unwrap();
    for (file, severity) in damaged.iter().zip(["damage: ", "damage: ", "index: "]) {
        let line = out.lines().find(|line| line.contains(file.as_str())).unwrap_or_else(|| panic!("{out}"));
        assert!(line.starts_with(severity) && line.contains(", byte "), "{line}");
    }
    let complaint = fail(folder, &["backup", "--to", "backup"], 1);
    assert!(complaint.contains("corrupt at byte"), "{complaint}");
}

#[test]
fn a_database_that_is_served_is_backed_up_by_its_server() {
    let folder = filled();
    let folder = folder.path();
    let before = contents(folder);
    let data = folder.join(DATA);
    let allowed = folder.join("backups");
    std::fs::create_dir(&allowed).unwrap();
    let server = Process::serve(&data, &["--copy-dir", allowed.to_str().unwrap()]);
    let told = succeed(folder, &["backup", "--to", "backups/today"]);
    assert!(told.contains("by the server on 127.0.0.1:"), "{told}");
    let refused = fail(folder, &["backup", "--to", "elsewhere"], 1);
    assert!(refused.contains("may not be written") && refused.contains("--copy-dir"), "{refused}");
    let refused = fail(folder, &["backup", "--to", "backups/../elsewhere"], 1);
    assert!(refused.contains("may not be written"), "{refused}");
    assert!(fail(folder, &["check"], 1).contains("in use by process"));
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("CREATE TABLE later (n int)").await;
        raw.rows("INSERT INTO later VALUES (1)").await;
    });
    succeed(folder, &["backup", "--to", "backups/today"]);
    drop(server);
    rename(folder, DATA, "lost");
    succeed(folder, &["restore", "--from", "backups/today", "--data", DATA]);
    assert_eq!(contents(folder), before);
    assert_eq!(rows(folder, "SELECT n FROM later"), [["1"]]);
}
