//! Compaction: fewer segments without deleted rows, the same rows under the same ids, and nobody is disturbed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use muster_storage::{
    Backend, Changes, CheckpointPolicy, Effort, Error, MemoryBackend, Options, Snapshot, Store,
};

use crate::rows::{content, primary_key, read, row_ids, rows, schema};

fn open(backend: &MemoryBackend) -> Store {
    let options = Options { backend: Arc::new(backend.clone()), ..Options::default() };
    Store::open_with(Path::new("/db"), options).unwrap()
}

fn table(backend: &MemoryBackend) -> Store {
    let store = open(backend);
    store.commit(Changes::new().create_table("t", schema(), primary_key(), Default::default())).unwrap();
    store
}

fn put(store: &Store, ids: std::ops::Range<i64>) {
    store.commit(Changes::new().put("t", rows(ids, 0))).unwrap();
}

fn delete(store: &Store, ids: impl IntoIterator<Item = i64>) {
    let deleted = row_ids(&store.snapshot(), ids);
    store.commit(Changes::new().delete("t", deleted)).unwrap();
}

fn load(store: &Store, ids: std::ops::Range<i64>) {
    let mut load = store.bulk_load("t").unwrap();
    load.push(rows(ids, 0)).unwrap();
    load.finish().unwrap();
}

fn segments(snapshot: &Snapshot) -> Vec<(usize, usize)> {
    let parts = snapshot.table("t").unwrap().parts().filter(|part| part.segment_id().is_some());
    parts.map(|part| (part.rows(), part.live_rows())).collect()
}

/// The row id of each live row, by its key.
fn ids(snapshot: &Snapshot) -> BTreeMap<i64, u64> {
    let mut ids = BTreeMap::new();
    for part in snapshot.table("t").unwrap().parts() {
        let keys = part.columns(&[0]).unwrap();
        let keys = keys.column(0).as_primitive::<Int64Type>();
        for position in (0..part.rows() as u32).filter(|position| !part.deleted().contains(*position)) {
            let id = part.row_id(position);
            assert_eq!(part.position(id), Some(position));
            assert!(ids.insert(keys.value(position as usize), id).is_none());
        }
    }
    ids
}

fn files(backend: &MemoryBackend) -> usize {
    backend.list(Path::new("/db/segments")).unwrap().len()
}

#[test]
fn rows_keep_their_ids_for_life() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    for start in (0..50).step_by(10) {
        put(&store, start..start + 10);
        store.checkpoint().unwrap();
    }
    delete(&store, [0, 3, 11, 12, 13, 29, 49]);
    let before = ids(&store.snapshot());
    store.compact("t", Effort::Full, &|| true).unwrap();
    let snapshot = store.snapshot();
    assert_eq!(segments(&snapshot), [(43, 43)]);
    assert_eq!(ids(&snapshot), before);

    // A transaction that began before holds ids, and its rows are found under them.
    let old: roaring::RoaringTreemap = [before[&5], before[&48]].into_iter().collect();
    store.commit(Changes::new().delete("t", old.clone()).put("t", rows([5], 1))).unwrap();
    assert!(matches!(store.commit(Changes::new().delete("t", old)), Err(Error::Conflict { .. })));
    store.checkpoint().unwrap();
    let before = ids(&store.snapshot());
    drop((store, snapshot));
    let store = open(&backend);
    assert_eq!(ids(&store.snapshot()), before);
    store.compact("t", Effort::Full, &|| true).unwrap();
    assert_eq!(segments(&store.snapshot()), [(42, 42)]);
    drop(store);
    let store = open(&backend);
    assert_eq!(ids(&store.snapshot()), before);
    // No id is given out again, though the row that had the last one is gone.
    put(&store, 100..101);
    assert!(ids(&store.snapshot())[&100] > before[&5]);
}

#[test]
fn old_segments_stay_for_those_who_read_them_and_then_go() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    load(&store, 0..20);
    load(&store, 20..40);
    delete(&store, 10..15);
    let before = store.snapshot();
    let definition = Changes::new().create_index("t", "i", 2, "hnsw", Default::default());
    let index = store.commit(definition).unwrap().table("t").unwrap().definition().indexes[0].id;
    let segment = before.table("t").unwrap().parts().next().unwrap().segment_id().unwrap();
    store.put_index_file("t", segment, index, &|file| file.write_all(b"graph")).unwrap();
    let after = {
        store.compact("t", Effort::Full, &|| true).unwrap();
        store.snapshot()
    };
    assert_eq!(segments(&after), [(35, 35)]);
    assert_eq!(after.table("t").unwrap().parts().next().unwrap().index_file(index).unwrap(), None);
    let gone = store.put_index_file("t", segment, index, &|file| file.write_all(b"late")).unwrap_err();
    assert!(matches!(gone, Error::NoSuchSegment { .. }), "{gone}");
    assert_eq!(files(&backend), 2 + 4, "the graph went at once: nobody had read it");
    assert_eq!(read(&before).unwrap(), read(&after).unwrap());
    drop(before);
    assert_eq!(files(&backend), 2);
}

#[test]
fn what_happens_during_a_compaction_is_kept() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    load(&store, 0..6000);
    load(&store, 6000..12000);
    delete(&store, 0..10);
    // The question whether to go on is asked between blocks: the table changes there.
    let asked = AtomicUsize::new(0);
    let meddle = || {
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => delete(&store, [10, 5000, 11999]),
            1 => {
                delete(&store, [20]);
                store.commit(Changes::new().put("t", rows([10, 20], 2))).unwrap();
                store.checkpoint().unwrap();
                delete(&store, [21]);
            }
            2 => {
                load(&store, 20000..20010);
                let segment = store.snapshot().table("t").unwrap().parts().next().unwrap().segment_id();
                assert_eq!(segment.map(|id| id.0), Some(0), "nothing is replaced before the end");
            }
            _ => {}
        }
        true
    };
    store.compact("t", Effort::Hurried, &|| true).unwrap();
    assert_eq!(segments(&store.snapshot()).len(), 2, "nothing was due");
    store.compact("t", Effort::Full, &meddle).unwrap();
    assert!(asked.load(Ordering::Relaxed) > 3);
    let mut expected = content((22..12000).chain(20000..20010), 0);
    expected.extend(content(11..20, 0));
    expected.retain(|id, _| ![5000, 11999].contains(id));
    expected.extend(content([10, 20], 2));
    assert_eq!(read(&store.snapshot()).unwrap(), expected);
    drop(store);
    let store = open(&backend);
    assert_eq!(read(&store.snapshot()).unwrap(), expected);
    let activity = store.activity();
    assert_eq!(activity.compactions, 0, "it counts since the open");
    store.compact("t", Effort::Full, &|| true).unwrap();
    assert_eq!(segments(&store.snapshot()), [(expected.len(), expected.len())]);
    assert_eq!(read(&store.snapshot()).unwrap(), expected);
}

#[test]
fn a_table_that_goes_during_a_compaction_is_gone() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    load(&store, 0..100);
    load(&store, 100..200);
    let dropped = || {
        if store.snapshot().table("t").is_some() {
            store.commit(Changes::new().drop_table("t")).unwrap();
        }
        true
    };
    let gone = store.compact("t", Effort::Full, &dropped).unwrap_err();
    assert!(matches!(gone, Error::NoSuchTable { .. }), "{gone}");
    assert_eq!(files(&backend), 0, "what was written for it is gone, too");
}

#[test]
fn a_cancelled_compaction_leaves_nothing() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    load(&store, 0..9000);
    load(&store, 9000..10000);
    let before = files(&backend);
    let asked = AtomicUsize::new(0);
    let twice = || asked.fetch_add(1, Ordering::Relaxed) < 2;
    let cancelled = store.compact("t", Effort::Full, &twice).unwrap_err();
    assert!(matches!(cancelled, Error::Cancelled), "{cancelled}");
    assert_eq!((files(&backend), segments(&store.snapshot()).len()), (before, 2));
    assert_eq!(store.activity().compactions, 0);
}

#[test]
fn rows_that_are_all_deleted_leave_no_segment() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    load(&store, 0..50);
    delete(&store, 0..50);
    store.maintain(&|| true).unwrap();
    assert_eq!((segments(&store.snapshot()), files(&backend)), (vec![], 0));
    let activity = store.activity();
    assert_eq!((activity.compactions, activity.rows_dropped, activity.rows_compacted), (1, 50, 0));
    drop(store);
    let store = open(&backend);
    put(&store, 0..50);
    assert_eq!(ids(&store.snapshot())[&0], 50, "no row id is given out twice");
}

#[test]
fn deletions_alone_are_sealed_and_trimmed() {
    let backend = MemoryBackend::new();
    let policy = CheckpointPolicy { entries: 100, ..CheckpointPolicy::default() };
    let options = Options { backend: Arc::new(backend.clone()), checkpoint: policy, ..Options::default() };
    let store = Store::open_with(Path::new("/db"), options).unwrap();
    store.commit(Changes::new().create_table("t", schema(), primary_key(), Default::default())).unwrap();
    load(&store, 0..1000);
    (0..99).for_each(|id| delete(&store, [id]));
    store.maintain(&|| true).unwrap();
    assert_eq!(store.snapshot().table("t").unwrap().journal().entries, 99);
    delete(&store, [99]);
    store.maintain(&|| true).unwrap();
    assert_eq!(store.snapshot().table("t").unwrap().journal().entries, 0);
    assert_eq!(store.activity().checkpoints, 1);
    drop(store);
    let store = open(&backend);
    assert_eq!(store.snapshot().table("t").unwrap().journal().entries, 0);
    assert_eq!(read(&store.snapshot()).unwrap(), content(100..1000, 0));
}

#[test]
fn a_thousand_small_checkpoints_leave_few_segments() {
    let backend = MemoryBackend::new();
    let policy = CheckpointPolicy { age: Duration::ZERO, ..CheckpointPolicy::default() };
    let options = Options { backend: Arc::new(backend.clone()), checkpoint: policy, ..Options::default() };
    let store = Store::open_with(Path::new("/db"), options).unwrap();
    store.commit(Changes::new().create_table("t", schema(), primary_key(), Default::default())).unwrap();
    for start in 0..1000 {
        put(&store, start * 3..start * 3 + 3);
        if start % 3 == 0 {
            delete(&store, [start]);
        }
        store.maintain(&|| true).unwrap();
        assert!(segments(&store.snapshot()).len() <= 8);
    }
    let activity = store.activity();
    assert!(activity.rows_compacted <= 10 * activity.rows_sealed, "{activity:?}");
    assert!(files(&backend) <= 16, "{}", files(&backend));
}

#[test]
fn a_throttled_compaction_can_be_hurried() {
    let backend = MemoryBackend::new();
    let options = Options {
        backend: Arc::new(backend.clone()),
        // A day for this one.
        compaction_bytes_per_second: Some(1),
        ..Options::default()
    };
    let store = Store::open_with(Path::new("/db"), options).unwrap();
    store.commit(Changes::new().create_table("t", schema(), primary_key(), Default::default())).unwrap();
    (0..10).for_each(|start| load(&store, start * 100..start * 100 + 100));
    std::thread::scope(|scope| {
        let background = scope.spawn(|| store.maintain(&|| true));
        store.compact("t", Effort::Full, &|| true).unwrap();
        background.join().unwrap().unwrap();
    });
    assert_eq!(segments(&store.snapshot()), [(1000, 1000)]);
}

#[test]
fn index_files_are_there_when_a_compacted_segment_is_seen_first() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    store.commit(Changes::new().create_index("t", "i", 2, "hnsw", Default::default())).unwrap();
    let index = store.snapshot().table("t").unwrap().definition().indexes[0].id;
    let indexed = |snapshot: &Snapshot| -> Vec<Option<Vec<u8>>> {
        let parts = snapshot.table("t").unwrap().parts();
        parts.map(|part| part.index_file(index).unwrap().map(|bytes| bytes.to_vec())).collect()
    };
    let seen = Arc::new(AtomicUsize::new(0));
    let told = seen.clone();
    store.set_indexer(Box::new(move |table, part, continues, put| {
        assert!(continues());
        // Readers still see what was there before.
        told.fetch_add(part.vectors(2).unwrap().len(), Ordering::Relaxed);
        let mut indexes = table.definition().indexes.iter();
        indexes.try_for_each(|index| put(index.id, &|file| file.write_all(b"made before")))
    }));
    load(&store, 0..60);
    load(&store, 60..100);
    delete(&store, 0..10);
    assert_eq!(indexed(&store.snapshot()), [None, None]);
    store.compact("t", Effort::Full, &|| true).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 90);
    assert_eq!(indexed(&store.snapshot()), [Some(b"made before".to_vec())]);
    drop(store);
    let store = open(&backend);
    assert_eq!(indexed(&store.snapshot()), [Some(b"made before".to_vec())], "it is durable");
    assert_eq!(read(&store.snapshot()).unwrap(), content(10..100, 0));
}

#[test]
fn single_rows_of_vectors_are_those_of_the_column() {
    let backend = MemoryBackend::new();
    let store = table(&backend);
    load(&store, 0..50);
    put(&store, 50..60);
    let snapshot = store.snapshot();
    let parts: Vec<_> = snapshot.table("t").unwrap().parts().collect();
    assert!(parts[1].vector_rows(2).unwrap().is_none(), "unsealed rows are in no file");
    let rows = parts[0].vector_rows(2).unwrap().unwrap();
    let column = parts[0].vectors(2).unwrap();
    let mut bytes = [0u8; 16];
    for position in [0, 1, 17, 49] {
        rows.read(position, &mut bytes).unwrap();
        let read = bytes.as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it)).collect::<Vec<_>>();
        let row = column.value(position as usize);
        if position % 5 != 0 {
            assert_eq!(read, row.as_primitive::<arrow::datatypes::Float32Type>().values().to_vec());
        }
    }
    // Past the rows there is nothing to be read as one.
    assert!(matches!(rows.read(1 << 20, &mut bytes), Err(Error::Io { .. })));
}
