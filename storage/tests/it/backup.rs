//! Backups: consistent, incremental, never half; restored to the same rows; and checks that find what is damaged.

use std::path::Path;
use std::sync::Arc;

use muster_storage::{
    Backend, Changes, CopyReport, Effort, Error, Fault, FaultyBackend, MemoryBackend, Options, Severity,
    Store, Unsynced, restore,
};

use crate::rows::{Content, content, primary_key, read, row_ids, rows, schema};

const TO: &str = "/backup";
const RESTORED: &str = "/restored";

fn open(backend: Arc<dyn Backend>, dir: &str) -> Result<Store, Error> {
    Store::open_with(Path::new(dir), Options { backend, segment_rows: 10, ..Options::default() })
}

/// Rows in segments, some deleted, one segment with gaps, an index file, rows and deletions in the journal.
fn filled(backend: Arc<dyn Backend>) -> Store {
    let store = open(backend, "/db").unwrap();
    let create = Changes::new().create_table("t", schema(), primary_key(), Default::default());
    store.commit(create.create_index("t", "i", 2, "hnsw", Default::default())).unwrap();
    store.commit(Changes::new().put("t", rows(0..25, 0))).unwrap();
    store.checkpoint().unwrap();
    let gone = row_ids(&store.snapshot(), [2, 3, 4, 5, 6]);
    store.commit(Changes::new().delete("t", gone)).unwrap();
    store.compact("t", Effort::AsDue, &|| true).unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    let segment = table.parts().next().unwrap().segment_id().unwrap();
    store
        .put_index_file("t", segment, table.definition().indexes[0].id, &|file| file.write_all(b"graph"))
        .unwrap();
    store.commit(Changes::new().put("t", rows(30..33, 0))).unwrap();
    let gone = row_ids(&store.snapshot(), [10, 31]);
    store.commit(Changes::new().delete("t", gone).set_object("view", "v", Some(vec![1]))).unwrap();
    store
}

fn filled_content() -> Content {
    let mut expected = content((0..25).chain(30..33), 0);
    expected.retain(|id, _| ![2, 3, 4, 5, 6, 10, 31].contains(id));
    expected
}

fn backup(store: &Store) -> Result<CopyReport, Error> {
    store.backup(Path::new(TO), &|_| true)
}

fn restored(backend: &Arc<dyn Backend>, to: &str) -> Result<Content, Error> {
    restore(backend, Path::new(TO), Path::new(to), &|_| true)?;
    let store = open(backend.clone(), to)?;
    assert_eq!(store.check(&|_, _| true)?, []);
    let snapshot = store.snapshot();
    let rows = read(&snapshot)?;
    // It goes on from there.
    store.commit(Changes::new().put("t", crate::rows::rows(900..901, 0)))?;
    store.checkpoint()?;
    Ok(rows)
}

#[test]
fn a_backup_is_restored_to_the_same_rows_and_the_database_goes_on() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let store = filled(backend.clone());
    let before = store.snapshot();
    let report = backup(&store).unwrap();
    assert_eq!((report.kept, report.copied, report.version), (0, 0, before.version()));
    assert!(report.linked >= 7, "{report:?}");
    store.commit(Changes::new().put("t", rows(50..55, 0))).unwrap();
    store.compact("t", Effort::Full, &|| true).unwrap();
    drop((store, before));
    assert_eq!(restored(&backend, RESTORED).unwrap(), filled_content());
    let store = open(backend.clone(), RESTORED).unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    let index = table.definition().index("i").unwrap().id;
    let file = table.parts().next().unwrap().index_file(index).unwrap().unwrap();
    assert_eq!(file.as_ref(), b"graph");
    assert_eq!(snapshot.object("view", "v").unwrap().as_slice(), [1]);
}

#[test]
fn a_second_backup_takes_over_what_has_not_changed_and_drops_what_is_gone() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let store = filled(backend.clone());
    let first = backup(&store).unwrap();
    store.commit(Changes::new().put("t", rows(40..50, 0))).unwrap();
    store.checkpoint().unwrap();
    let second = backup(&store).unwrap();
    assert_eq!(second.kept, first.linked);
    assert!(second.linked > 0 && second.copied == 0, "{second:?}");
    store.compact("t", Effort::Full, &|| true).unwrap();
    let third = backup(&store).unwrap();
    let files = memory.list(&Path::new(TO).join("segments")).unwrap().len() as u64;
    assert_eq!(files, third.kept + third.linked, "files of older backups are gone");
    let mut expected = filled_content();
    expected.extend(content(40..50, 0));
    assert_eq!(restored(&backend, RESTORED).unwrap(), expected);
}

#[test]
fn folders_that_are_something_else_are_left_alone() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let store = filled(backend.clone());
    let refused = |result: Result<CopyReport, Error>, word: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Folder { .. }) && error.to_string().contains(word), "{error}");
    };
    let other = open(backend.clone(), "/other").unwrap();
    drop(other);
    refused(store.backup(Path::new("/other"), &|_| true), "database");
    refused(store.backup(Path::new("/db"), &|_| true), "its database");
    refused(store.backup(Path::new("/db/inside"), &|_| true), "its database");
    memory.create_folder(Path::new("/documents")).unwrap();
    memory.create(Path::new("/documents/letter.txt")).unwrap();
    refused(store.backup(Path::new("/documents"), &|_| true), "no backup");
    backup(&store).unwrap();
    refused(restore(&backend, Path::new("/documents"), Path::new(RESTORED), &|_| true), "no backup");
    refused(restore(&backend, Path::new(TO), Path::new("/other"), &|_| true), "database");
    refused(restore(&backend, Path::new(TO), Path::new("/documents"), &|_| true), "empty");
    let opened = open(backend.clone(), TO).unwrap_err();
    assert!(opened.to_string().contains("restored before it is opened"), "{opened}");
    let cancelled = store.backup(Path::new("/cancelled"), &|progress| progress.files < 2).unwrap_err();
    assert!(matches!(cancelled, Error::Cancelled));
    let cancelled = restore(&backend, Path::new(TO), Path::new("/cut"), &|progress| progress.files < 2);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    assert_eq!(memory.list(Path::new("/cut/segments")).unwrap().len(), 0);
}

#[test]
fn whatever_the_moment_of_a_power_cut_the_folder_holds_the_backup_before_or_after() {
    let mut at = 0;
    loop {
        let disk = MemoryBackend::crashable();
        let faulty = FaultyBackend::new(Arc::new(disk.clone()));
        let store = filled(Arc::new(faulty.clone()));
        backup(&store).unwrap();
        store.commit(Changes::new().put("t", rows(60..75, 0))).unwrap();
        store.checkpoint().unwrap();
        store.compact("t", Effort::Full, &|| true).unwrap();
        let (before, after) = (filled_content(), read(&store.snapshot()).unwrap());
        faulty.fail_at(faulty.changes() + at, Fault::Freeze);
        let frozen = backup(&store).is_err();
        for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Torn(at as u64)] {
            let found: Arc<dyn Backend> = Arc::new(disk.crashed(unsynced));
            let rows =
                restored(&found, RESTORED).unwrap_or_else(|error| panic!("{at}, {unsynced:?}: {error}"));
            assert!(rows == after || (frozen && rows == before), "operation {at}, {unsynced:?}");
            // And the next backup is one again.
            let store = open(found.clone(), "/db").unwrap();
            backup(&store).unwrap();
            assert_eq!(restored(&found, "/again").unwrap(), after);
        }
        if !frozen {
            break;
        }
        at += 1;
    }
    assert!(at > 10, "a backup has more operations than {at}");
}

#[test]
fn a_restore_that_is_cut_off_leaves_no_database() {
    let disk = MemoryBackend::crashable();
    let plain: Arc<dyn Backend> = Arc::new(disk.clone());
    let store = filled(plain.clone());
    backup(&store).unwrap();
    for at in 0.. {
        let to = format!("/restored{at}");
        let faulty = FaultyBackend::new(Arc::new(disk.clone()));
        faulty.fail_at(at, Fault::Freeze);
        let backend: Arc<dyn Backend> = Arc::new(faulty);
        if restore(&backend, Path::new(TO), Path::new(&to), &|_| true).is_ok() {
            assert!(at > 10);
            break;
        }
        let found: Arc<dyn Backend> = Arc::new(disk.crashed(Unsynced::Kept));
        match open(found, &to) {
            // All of it was done but for the answer, or nothing that could be taken for a database.
            Ok(store) => match store.snapshot().table("t") {
                Some(_) => assert_eq!(read(&store.snapshot()).unwrap(), filled_content()),
                None => assert_eq!(store.snapshot().version(), 0),
            },
            Err(error) => assert!(matches!(error, Error::Corrupt { .. }), "{error}"),
        }
    }
}

#[test]
fn damage_is_found_by_a_check_and_never_backed_up() {
    let memory = MemoryBackend::new();
    let backend: Arc<dyn Backend> = Arc::new(memory.clone());
    let store = filled(backend.clone());
    assert_eq!(store.check(&|_, _| true).unwrap(), []);
    drop(store);
    for file in memory.list(Path::new("/db/segments")).unwrap() {
        let bytes = memory.map(&file).unwrap();
        let last = bytes.len() - 1;
        for position in [0, bytes.len() / 3, bytes.len() / 2, last] {
            let mut damaged = bytes.to_vec();
            damaged[position] ^= 0x20;
            memory.create(&file).unwrap().write_at(&damaged, 0).unwrap();
            let store = open(backend.clone(), "/db").unwrap();
            let findings = store.check(&|_, _| true).unwrap();
            let index = file.extension().is_some_and(|extension| extension == "graph");
            let severity = if index { Severity::Index } else { Severity::Damage };
            let named = findings.iter().all(|finding| finding.path == file && finding.severity == severity);
            assert!(!findings.is_empty() && named, "{}, {position}: {findings:?}", file.display());
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let to = Path::new("/elsewhere").join(format!("{name} {position}"));
            match store.backup(&to, &|_| true) {
                Ok(report) => assert_eq!((index, report.without_index_files), (true, 1)),
                Err(Error::Corrupt { path, .. }) => assert_eq!((index, path), (false, file.clone())),
                Err(error) => panic!("{error}"),
            }
        }
        memory.remove(&file).unwrap();
        let store = open(backend.clone(), "/db").unwrap();
        assert_eq!(store.check(&|_, _| true).unwrap()[0].path, file);
        drop(store);
        memory.create(&file).unwrap().write_at(&bytes, 0).unwrap();
    }
    let store = open(backend, "/db").unwrap();
    assert_eq!(store.check(&|_, _| true).unwrap(), []);
    memory.create(Path::new("/db/segments/7-7.parquet")).unwrap();
    let findings = store.check(&|_, _| true).unwrap();
    assert_eq!((findings.len(), findings[0].severity), (1, Severity::Note));
}
