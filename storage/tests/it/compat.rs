//! Old directories: each format version that ever landed is opened and read.
//!
//! `tests/data/v1` was written by the first test below, run as
//! `MUSTER_WRITE_FORMAT=storage/tests/data/v1 cargo test -p muster-storage --test it compat`. A new format version gets a
//! directory of its own; those that are there are never written again.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use muster_storage::{Changes, Error, Options, Store};

use crate::rows::{content, primary_key, read, row_ids, rows, schema};

/// Segments with deletions and an index file, rows in the journal, an empty table.
fn write(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let properties = [("comment".to_string(), "format version 1".to_string())].into_iter().collect();
    store.commit(Changes::new().create_table("t", schema(), primary_key(), properties)).unwrap();
    store.commit(Changes::new().create_table("empty", schema(), vec![], Default::default())).unwrap();
    let options = [("m".to_string(), "16".to_string())].into_iter().collect();
    store.commit(Changes::new().create_index("t", "t_embedding", 2, "hnsw", options)).unwrap();
    let mut load = store.bulk_load("t").unwrap();
    load.push(rows(0..40, 0)).unwrap();
    let snapshot = load.finish().unwrap();
    let table = snapshot.table("t").unwrap();
    let segment = table.parts().next().unwrap().segment_id().unwrap();
    store.put_index_file("t", segment, table.definition().indexes[0].id, b"the bytes of an index").unwrap();
    store.commit(Changes::new().delete("t", row_ids(&snapshot, [1, 2]))).unwrap();
    store.commit(Changes::new().put("t", rows(40..45, 0))).unwrap();
    store.checkpoint().unwrap();
    let snapshot = store.snapshot();
    store.commit(Changes::new().delete("t", row_ids(&snapshot, [3])).put("t", rows([3], 1))).unwrap();
    store.commit(Changes::new().put("t", rows(50..52, 0))).unwrap();
}

fn check(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let snapshot = store.snapshot();
    let mut expected = content((0..45).chain(50..52), 0);
    expected.retain(|id, _| ![1, 2].contains(id));
    expected.extend(content([3], 1));
    assert_eq!(read(&snapshot).unwrap(), expected);
    let table = snapshot.table("t").unwrap();
    let definition = table.definition();
    assert_eq!((&definition.schema, &definition.keys), (&schema(), &primary_key()));
    assert_eq!(definition.properties["comment"], "format version 1");
    let index = definition.index("t_embedding").unwrap();
    assert_eq!((index.column, index.method.as_str(), index.properties["m"].as_str()), (2, "hnsw", "16"));
    assert_eq!(table.parts().filter(|part| part.segment_id().is_some()).count(), 2);
    assert_eq!(table.unsealed_rows(), 3);
    let file = table.parts().next().unwrap().index_file(index.id).unwrap().unwrap();
    assert_eq!(file.as_ref(), b"the bytes of an index");
    assert_eq!(snapshot.table("empty").unwrap().live_rows(), 0);

    // And it goes on from there: no row id and no file number is given out twice.
    store.commit(Changes::new().put("t", rows(60..61, 0))).unwrap();
    store.checkpoint().unwrap();
    let snapshot = store.snapshot();
    let last = snapshot.table("t").unwrap().parts().last().unwrap();
    assert_eq!(last.first_row_id(), 45);
    assert_eq!(last.columns(&[0]).unwrap().column(0).as_primitive::<Int64Type>().values(), &[3, 50, 51, 60]);
}

#[test]
fn the_current_version_reads_what_it_writes() {
    if let Some(dir) = std::env::var_os("MUSTER_WRITE_FORMAT") {
        write(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    write(dir.path());
    check(dir.path());
}

#[test]
fn format_version_1_is_read() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v1");
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("segments")).unwrap();
    std::fs::copy(data.join("journal.redb"), dir.path().join("journal.redb")).unwrap();
    for file in std::fs::read_dir(data.join("segments")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), dir.path().join("segments").join(file.file_name())).unwrap();
    }
    check(dir.path());
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    use twox_hash::XxHash3_64;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path());
    let journal = dir.path().join("journal.redb");
    {
        // As docs/format.md has it: the checksum over key and value, then the value.
        let version = 3_u32.to_le_bytes();
        let key = XxHash3_64::oneshot(b"meta\0format_version");
        let mut value = XxHash3_64::oneshot_with_seed(key, &version).to_le_bytes().to_vec();
        value.extend_from_slice(&version);
        let database = redb::Database::open(&journal).unwrap();
        let transaction = database.begin_write().unwrap();
        let meta = redb::TableDefinition::<&str, &[u8]>::new("meta");
        transaction.open_table(meta).unwrap().insert("format_version", value.as_slice()).unwrap();
        transaction.commit().unwrap();
    }
    let files = || std::fs::read_dir(dir.path().join("segments")).unwrap().count();
    let before = files();
    let error = Store::open_with(dir.path(), Options::default()).unwrap_err();
    assert!(matches!(error, Error::NewerFormat { found: 3, supported: 2, .. }), "{error}");
    assert!(
        error.to_string().contains("format version 3") && error.to_string().contains("at most 2"),
        "{error}"
    );
    assert_eq!(files(), before);
}
