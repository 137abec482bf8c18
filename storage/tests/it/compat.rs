//! Old directories: each format version that ever landed is opened and read.
//!
//! `tests/data/v1` is what [`write`] below makes. `tests/data/v2` is what the script of `workload` leaves, with what must be
//! found in it written down in `expected.txt`; it was made by
//! `MUSTER_WRITE_FORMAT=DIR cargo test -p muster-storage --test it compat`. `tests/data/v3` is what [`write_halves`] makes, by
//! `MUSTER_WRITE_HALVES=DIR`. A new format version gets a directory of its
//! own; those that are there are never written again.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, FixedSizeListArray, Int64Array, RecordBatch};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Float16Type, Int64Type, Schema};
use muster_storage::{Backend, Changes, DiskBackend, Effort, Error, MemoryBackend, Options, Store};

use crate::rows::{content, primary_key, read, row_ids, rows, schema};
use crate::workload::{self, Content, DATABASE, Files, Run};

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
    store
        .put_index_file("t", segment, table.definition().indexes[0].id, &|file| {
            file.write_all(b"the bytes of an index")
        })
        .unwrap();
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
    let dir = tempfile::tempdir().unwrap();
    write(dir.path());
    check(dir.path());
}

#[test]
fn format_version_1_is_read() {
    check(copy("v1").path());
}

/// What format version 3 brought: vectors of half precision, sealed and not, one of them NULL.
fn halves(ids: std::ops::Range<i64>) -> RecordBatch {
    let half = |number: f32| Some(<Float16Type as ArrowPrimitiveType>::Native::from_f32(number));
    let vector = |id: i64| (id != 2).then(|| vec![half(id as f32), half(0.1), half(-65504.0)]);
    let vectors = FixedSizeListArray::from_iter_primitive::<Float16Type, _, _>(ids.clone().map(vector), 3);
    let fields =
        vec![Field::new("id", DataType::Int64, false), Field::new("h", vectors.data_type().clone(), true)];
    let ids = Int64Array::from_iter_values(ids);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![Arc::new(ids), Arc::new(vectors)]).unwrap()
}

fn write_halves(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let schema = halves(0..1).schema();
    store.commit(Changes::new().create_table("t", schema, vec![], Default::default())).unwrap();
    store.commit(Changes::new().put("t", halves(0..4))).unwrap();
    store.checkpoint().unwrap();
    store.commit(Changes::new().put("t", halves(4..6))).unwrap();
}

fn check_halves(dir: &Path) {
    let store = Store::open(dir).unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    let mut first = 0;
    for part in table.parts() {
        let rows = i64::try_from(part.rows()).unwrap();
        let expected = halves(first..first + rows);
        assert_eq!(part.columns(&[0, 1]).unwrap(), expected);
        assert_eq!(&part.vectors(1).unwrap(), expected.column(1).as_fixed_size_list());
        first += rows;
    }
    assert_eq!((first, table.unsealed_rows()), (6, 2));
}

#[test]
fn vectors_of_half_precision_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    write_halves(dir.path());
    check_halves(dir.path());
    let vectors = std::fs::read_dir(dir.path().join("segments")).unwrap();
    let vectors = vectors.map(|file| file.unwrap().path()).find(|path| path.extension().unwrap() == "vec");
    // A header, four rows of three numbers of two bytes, a bit for each row, and one block's checksum.
    assert_eq!(std::fs::metadata(vectors.unwrap()).unwrap().len(), 64 + 4 * 3 * 2 + 1 + 8 + 64);
    if let Some(target) = std::env::var_os("MUSTER_WRITE_HALVES") {
        let target = Path::new(&target);
        std::fs::create_dir_all(target.join("segments")).unwrap();
        for file in std::fs::read_dir(dir.path().join("segments")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), target.join("segments").join(file.file_name())).unwrap();
        }
        let journal = target.join("journal.redb");
        std::fs::copy(dir.path().join("journal.redb"), &journal).unwrap();
        while redb::Database::open(&journal).unwrap().compact().unwrap() {}
    }
}

#[test]
fn format_version_3_is_read() {
    check_halves(copy("v3").path());
}

/// A copy of the directory of a version.
fn copy(version: &str) -> tempfile::TempDir {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(version);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("segments")).unwrap();
    std::fs::copy(data.join("journal.redb"), dir.path().join("journal.redb")).unwrap();
    for file in std::fs::read_dir(data.join("segments")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), dir.path().join("segments").join(file.file_name())).unwrap();
    }
    dir
}

/// What a database holds, line by line.
fn lines(content: &Content, files: &Files) -> String {
    let mut lines = Vec::new();
    for (name, table) in &content.tables {
        lines.push(format!("table {name}"));
        lines.extend(table.columns.iter().map(|column| format!("  column {column}")));
        lines.extend(table.keys.iter().map(|key| format!("  key {key}")));
        lines.extend(table.indexes.iter().map(|index| format!("  index {index}")));
        lines.extend(table.properties.iter().map(|(key, value)| format!("  property {key}: {value}")));
        lines.extend(table.rows.iter().map(|row| format!("  row {}", row.join(" | "))));
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    lines.extend(
        content.objects.iter().map(|((kind, name), value)| format!("{kind} {name}: {}", text(value))),
    );
    lines.extend(content.marks.iter().map(|(name, mark)| format!("mark {name}: {mark}")));
    let files = files.iter();
    lines.extend(
        files.map(|((index, segment), bytes)| format!("{index} of segment {segment}: {}", text(bytes))),
    );
    lines.join("\n") + "\n"
}

#[test]
fn the_script_can_be_written_down() {
    let disk = MemoryBackend::new();
    let store = workload::open(Arc::new(disk.clone()), DATABASE).unwrap();
    let mut played = Run { backend: Arc::new(disk.clone()), store: Some(store), model: Default::default() };
    for step in workload::steps() {
        let next = played.after(&step);
        workload::run(&mut played, &step).unwrap();
        played.model = next;
    }
    let observed = workload::observe(played.store()).unwrap();
    let expected = lines(&played.model.content(), &played.model.files(&observed.segments));
    assert_eq!(lines(&observed.content, &observed.files), expected);
    played.store = None;
    let Some(dir) = std::env::var_os("MUSTER_WRITE_FORMAT") else { return };
    let dir = Path::new(&dir);
    std::fs::create_dir_all(dir.join("segments")).unwrap();
    std::fs::write(dir.join("expected.txt"), expected).unwrap();
    for file in disk.list(&Path::new(DATABASE).join("segments")).unwrap() {
        let bytes = disk.map(&file).unwrap();
        std::fs::write(dir.join("segments").join(file.file_name().unwrap()), bytes).unwrap();
    }
    let journal = dir.join("journal.redb");
    std::fs::write(&journal, disk.map(&Path::new(DATABASE).join("journal.redb")).unwrap()).unwrap();
    // Free pages are of no interest to readers, and of much to those who clone the repository.
    while redb::Database::open(&journal).unwrap().compact().unwrap() {}
}

#[test]
fn format_version_2_is_read_and_written() {
    let dir = copy("v2");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/v2/expected.txt");
    let expected = std::fs::read_to_string(expected).unwrap();
    let folder = dir.path().to_str().unwrap();
    let open = || workload::open(Arc::new(DiskBackend), folder).unwrap();
    let store = open();
    let observed = workload::observe(&store).unwrap();
    assert_eq!(lines(&observed.content, &observed.files), expected);
    assert_eq!(store.check(&|_, _| true).unwrap(), []);
    // It has what version 2 brought, and both of what it is made of.
    let snapshot = store.snapshot();
    let parts = || snapshot.tables().flat_map(|table| table.parts());
    let has_gaps = |part: &muster_storage::Part| {
        part.rows() > 0 && part.row_id(part.rows() as u32 - 1) - part.first_row_id() >= part.rows() as u64
    };
    assert!(parts().any(|part| part.segment_id().is_some() && has_gaps(part)), "a segment with gaps");
    assert!(parts().any(|part| part.segment_id().is_some() && !part.deleted().is_empty()), "deletions");
    assert!(snapshot.tables().any(|table| table.unsealed_rows() > 0), "rows in the journal");
    assert!(!observed.files.is_empty(), "an index file");

    // And it goes on from there.
    let mut content = observed.content;
    let mut changes = Changes::new().raise_mark("seq", 10).raise_mark("other", 77);
    for table in snapshot.tables() {
        let definition = table.definition();
        let rows = workload::rows(&definition.schema, &[700, 701], 0);
        let before = content.tables.get_mut(&definition.name).unwrap();
        before.rows.extend(workload::texts(&rows));
        before.rows.sort_unstable();
        changes = changes.put(&definition.name, rows);
    }
    content.marks.insert("other".into(), 77);
    store.commit(changes).unwrap();
    assert!(workload::observe(&store).unwrap().content == content);
    store.checkpoint().unwrap();
    for name in content.tables.keys() {
        store.compact(name, Effort::Full, &|| true).unwrap();
    }
    assert!(workload::observe(&store).unwrap().content == content);
    drop((snapshot, store));
    let store = open();
    assert!(workload::observe(&store).unwrap().content == content);
    assert_eq!(store.check(&|_, _| true).unwrap(), []);
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    use twox_hash::XxHash3_64;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path());
    let journal = dir.path().join("journal.redb");
    {
        // As docs/format.md has it: the checksum over key and value, then the value.
        let version = 4_u32.to_le_bytes();
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
    assert!(matches!(error, Error::NewerFormat { found: 4, supported: 3, .. }), "{error}");
    assert!(
        error.to_string().contains("format version 4") && error.to_string().contains("at most 3"),
        "{error}"
    );
    assert_eq!(files(), before);
}
