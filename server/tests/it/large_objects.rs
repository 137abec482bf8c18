//! Large objects as clients have them: psql's commands, and what is there after `kill -9` and in an export.

use crate::psql::lines;
use crate::raw::Raw;
use crate::server::{Process, serving};

#[test]
fn psql_takes_a_file_in_and_gives_it_back() {
    serving(|server| async move {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
        std::fs::write(&from, &bytes).unwrap();
        let import = format!("\\lo_import {}", from.display());
        let Some(found) = lines(server.address, &[&import]).await else { return };
        let oid: u32 = found[0].strip_prefix("lo_import ").unwrap().parse().unwrap();
        let export = format!("\\lo_export {oid} {}", to.display());
        lines(server.address, &[&export]).await.unwrap();
        assert!(std::fs::read(&to).unwrap() == bytes);
        // On the server, by functions.
        let server_side = format!("SELECT lo_export({oid}, '{}'), lo_import('{0}', 90000)", to.display());
        assert_eq!(lines(server.address, &[&server_side]).await.unwrap(), ["1|90000"]);
        assert!(std::fs::read(&to).unwrap() == bytes);
        let same = format!("SELECT lo_get(90000) = lo_get({oid}), length(encode(lo_get(90000), 'hex')) / 2");
        assert_eq!(lines(server.address, &[&same]).await.unwrap(), ["t|100000"]);
        let unlink = format!("\\lo_unlink {oid}");
        lines(server.address, &[&unlink]).await.unwrap();
        let left = lines(server.address, &["SELECT oid FROM pg_largeobject_metadata"]).await.unwrap();
        assert_eq!(left, ["90000"]);
    });
}

#[test]
fn what_was_committed_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = Process::serve(folder.path(), &[]);
    runtime.block_on(async {
        let mut raw = Raw::connect(server.address).await;
        raw.rows("SELECT lo_from_bytea(70000, decode(repeat('ab', 10000), 'hex'))").await;
        raw.rows("BEGIN; SELECT lo_put(70000, 9999, '\\x0102'); COMMIT").await;
        raw.status(&[crate::raw::query("BEGIN; SELECT lo_put(70000, 0, 'never'), lo_create(70001)")]).await;
    });
    server.kill();
    let server = Process::serve(folder.path(), &[]);
    runtime.block_on(async {
        let mut raw = Raw::connect(server.address).await;
        let found = raw.rows("SELECT lo_get(70000, 0, 2), lo_get(70000, 9998, 9)").await;
        assert_eq!(found, [["\\xabab", "\\xab0102"]]);
        assert_eq!(raw.rows("SELECT oid FROM pg_largeobject_metadata").await, [["70000"]]);
    });
}

#[test]
fn an_export_makes_them_again() {
    let database = muster::Database::in_memory().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = database.session();
        let hex = "cd".repeat(40_000);
        session.execute(&format!("SELECT lo_from_bytea(70000, '\\x{hex}')"), &[]).await.unwrap();
        session.execute("SELECT lo_put(70000, 100000, 'end'), lo_create(70001)", &[]).await.unwrap();
        let longer = "SELECT lo_truncate(lo_open(70001, 131072), 5000)";
        session.execute(longer, &[]).await.unwrap();
        let other = muster::Database::in_memory().unwrap();
        let export = session.export(muster::Dialect::Muster).unwrap();
        other.session().execute(&export.finish, &[]).await.unwrap();
        for oid in [70_000, 70_001] {
            let of = async |database: &muster::Database| {
                let sql = format!("SELECT lo_get({oid})");
                database.session().query(&sql, &[]).await.unwrap().batches().to_vec()
            };
            assert_eq!(of(&database).await, of(&other).await);
        }
    });
}
