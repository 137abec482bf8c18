//! Commits: what they change, and what they refuse.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use muster_storage::{Changes, Error, Store};

use crate::rows::{content, primary_key, read, row_ids, rows, schema};

fn create() -> Changes {
    Changes::new().create_table("t", schema(), primary_key(), Default::default())
}

fn store_with(ids: std::ops::Range<i64>) -> Store {
    let store = Store::in_memory().unwrap();
    store.commit(create().put("t", rows(ids, 0))).unwrap();
    store
}

#[test]
fn what_is_put_is_there_after_reopening_and_after_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(dir.path()).unwrap();
        store.commit(create()).unwrap();
        for id in 0..50 {
            store.commit(Changes::new().put("t", rows([id], 0))).unwrap();
        }
        assert_eq!(read(&store.snapshot()).unwrap(), content(0..50, 0));
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(read(&store.snapshot()).unwrap(), content(0..50, 0));
    assert_eq!(store.journal_rows(), 50);
    store.checkpoint().unwrap();
    assert_eq!(store.journal_rows(), 0);
    assert_eq!(read(&store.snapshot()).unwrap(), content(0..50, 0));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(read(&store.snapshot()).unwrap(), content(0..50, 0));
    assert!(store.snapshot().table("t").unwrap().parts().all(|part| part.segment_id().is_some()));
}

#[test]
fn an_update_is_a_delete_and_a_put_of_the_same_key() {
    let store = store_with(0..10);
    let before = store.snapshot();
    let ids = row_ids(&before, [3, 4]);
    store.commit(Changes::new().put("t", rows([3, 4], 1)).delete("t", ids)).unwrap();
    let mut expected = content(0..10, 0);
    expected.extend(content([3, 4], 1));
    assert_eq!(read(&store.snapshot()).unwrap(), expected);
    assert_eq!(read(&before).unwrap(), content(0..10, 0), "an older snapshot does not change");
}

#[test]
fn a_key_that_is_taken_is_refused_in_the_journal_and_in_a_segment() {
    let store = store_with(0..10);
    for _ in 0..2 {
        let error = store.commit(Changes::new().put("t", rows([20, 7], 0))).unwrap_err();
        let Error::DuplicateKey { table, constraint, columns, key } = error else { panic!("{error}") };
        assert_eq!((table.as_str(), constraint.as_str(), key.as_str()), ("t", "t_pkey", "(id)=(7)"));
        assert_eq!(columns, ["id"]);
        assert_eq!(read(&store.snapshot()).unwrap(), content(0..10, 0));
        store.checkpoint().unwrap();
    }
    let error = store.commit(Changes::new().put("t", rows([30, 31, 30], 0))).unwrap_err();
    assert!(matches!(error, Error::DuplicateKey { key, .. } if key == "(id)=(30)"));
}

#[test]
fn the_first_committer_wins() {
    let store = store_with(0..10);
    let ids = row_ids(&store.snapshot(), [5]);
    store.commit(Changes::new().delete("t", ids.clone())).unwrap();
    let error = store.commit(Changes::new().delete("t", ids).put("t", rows([5], 1))).unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    let unknown = [1_000_000].into_iter().collect();
    assert!(matches!(store.commit(Changes::new().delete("t", unknown)), Err(Error::Conflict { .. })));
    assert_eq!(store.snapshot().table("t").unwrap().live_rows(), 9);
}

#[test]
fn a_null_in_a_column_that_allows_none_is_refused() {
    let store = store_with(0..1);
    let mut columns = rows([1], 0).columns().to_vec();
    columns[0] = Arc::new(Int64Array::from(vec![None]));
    let fields: Vec<_> =
        schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let nulls = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
    let error = store.commit(Changes::new().put("t", nulls)).unwrap_err();
    assert!(matches!(error, Error::NotNull { column, .. } if column == "id"));
}

#[test]
fn names_are_checked() {
    let store = store_with(0..1);
    assert!(matches!(store.commit(create()), Err(Error::TableExists { .. })));
    assert!(matches!(store.commit(Changes::new().drop_table("u")), Err(Error::NoSuchTable { .. })));
    assert!(matches!(store.commit(Changes::new().put("u", rows([1], 0))), Err(Error::NoSuchTable { .. })));
    let index = |table| Changes::new().create_index(table, "i", 2, "hnsw", Default::default());
    store.commit(index("t")).unwrap();
    assert!(matches!(store.commit(index("t")), Err(Error::IndexExists { .. })));
    assert!(matches!(store.commit(Changes::new().drop_index("t", "j")), Err(Error::NoSuchIndex { .. })));
    store.commit(Changes::new().drop_index("t", "i")).unwrap();
    store
        .commit(Changes::new().drop_table("t").create_table("t", schema(), vec![], Default::default()))
        .unwrap();
    assert_eq!(store.snapshot().table("t").unwrap().live_rows(), 0);
}

#[test]
fn ten_thousand_rows_put_one_by_one_stay_in_few_chunks() {
    let store = store_with(0..0);
    for start in (0..10_000).step_by(100) {
        let mut changes = Changes::new();
        for id in start..start + 100 {
            changes = changes.put("t", rows([id], 0));
        }
        store.commit(changes).unwrap();
    }
    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    assert!(table.parts().count() <= 15, "{} chunks", table.parts().count());
    assert_eq!(read(&snapshot).unwrap(), content(0..10_000, 0));
}

#[test]
fn concurrent_commits_all_happen() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(create()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for id in 0..20 {
                    let id = thread * 100 + id;
                    let snapshot = store.commit(Changes::new().put("t", rows([id], 0))).unwrap();
                    assert!(read(&snapshot).unwrap().contains_key(&id));
                }
            });
        }
    });
    let expected = content((0..8).flat_map(|thread| (0..20).map(move |id| thread * 100 + id)), 0);
    assert_eq!(read(&store.snapshot()).unwrap(), expected);
    drop(store);
    assert_eq!(read(&Store::open(dir.path()).unwrap().snapshot()).unwrap(), expected);
}

#[test]
fn a_bulk_load_becomes_visible_at_once_and_keeps_keys_unique() {
    let dir = tempfile::tempdir().unwrap();
    let options = muster_storage::Options { segment_rows: 100, ..Default::default() };
    let store = Store::open_with(dir.path(), options).unwrap();
    store.commit(create().put("t", rows(0..10, 0))).unwrap();

    let mut load = store.bulk_load("t").unwrap();
    for start in (10..510).step_by(70) {
        load.push(rows(start..(start + 70).min(510), 0)).unwrap();
    }
    assert_eq!(store.snapshot().table("t").unwrap().live_rows(), 10);
    load.finish().unwrap();
    assert_eq!(read(&store.snapshot()).unwrap(), content(0..510, 0));
    assert_eq!(
        store.snapshot().table("t").unwrap().parts().filter(|part| part.segment_id().is_some()).count(),
        5
    );

    let files = || std::fs::read_dir(dir.path().join("segments")).unwrap().count();
    let before = files();
    let mut load = store.bulk_load("t").unwrap();
    load.push(rows(600..610, 0)).unwrap();
    assert!(
        matches!(load.push(rows([700, 605], 0)), Err(Error::DuplicateKey { key, .. }) if key == "(id)=(605)")
    );
    drop(load);
    let mut load = store.bulk_load("t").unwrap();
    load.push(rows([600, 5], 0)).unwrap();
    assert!(matches!(load.finish(), Err(Error::DuplicateKey { key, .. }) if key == "(id)=(5)"));
    let mut load = store.bulk_load("t").unwrap();
    load.push(rows([600, 300], 0)).unwrap();
    assert!(matches!(load.finish(), Err(Error::DuplicateKey { key, .. }) if key == "(id)=(300)"));
    assert_eq!(files(), before, "an aborted load leaves no files");
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(read(&store.snapshot()).unwrap(), content(0..510, 0));
    store.commit(Changes::new().put("t", rows([600], 0))).unwrap();
}

#[test]
fn an_index_file_comes_back_and_goes_with_its_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let index = Changes::new().create_index("t", "i", 2, "hnsw", Default::default());
    store.commit(create().put("t", rows(0..10, 0))).unwrap();
    store.commit(index).unwrap();
    store.checkpoint().unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    let (segment, index) =
        (table.parts().next().unwrap().segment_id().unwrap(), table.definition().indexes[0].id);
    let stored = |store: &Store| {
        store.snapshot().table("t").unwrap().parts().next().unwrap().index_file(index).unwrap()
    };
    assert!(stored(&store).is_none());
    store.put_index_file("t", segment, index, &|file| file.write_all(b"first")).unwrap();
    store.put_index_file("t", segment, index, &|file| file.write_all(b"second")).unwrap();
    assert_eq!(stored(&store).unwrap().as_ref(), b"second");
    drop((snapshot, store));
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(stored(&store).unwrap().as_ref(), b"second");
    let graphs = || {
        let names = std::fs::read_dir(dir.path().join("segments")).unwrap();
        names.filter(|name| name.as_ref().unwrap().path().extension().unwrap() == "graph").count()
    };
    assert_eq!(graphs(), 1);
    store.commit(Changes::new().drop_index("t", "i")).unwrap();
    assert_eq!(graphs(), 0);
    let error = store.put_index_file("t", segment, index, &|file| file.write_all(b"third")).unwrap_err();
    assert!(matches!(error, Error::NoSuchIndex { .. }));
}

#[test]
fn a_dropped_table_takes_its_files_along_once_nobody_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(create().put("t", rows(0..10, 0))).unwrap();
    store.checkpoint().unwrap();
    let files = || std::fs::read_dir(dir.path().join("segments")).unwrap().count();
    let reader = store.snapshot();
    store.commit(Changes::new().drop_table("t")).unwrap();
    assert_eq!(files(), 2);
    assert_eq!(read(&reader).unwrap(), content(0..10, 0));
    drop(reader);
    assert_eq!(files(), 0);
}

#[test]
fn checkpoints_and_bulk_loads_do_not_disturb_commits_that_go_on_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(create()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|thread| {
                let store = &store;
                scope.spawn(move || {
                    for id in (0..60).map(|id| thread * 1000 + id) {
                        store.commit(Changes::new().put("t", rows([id], 0))).unwrap();
                        if id % 3 == 0 {
                            let old = row_ids(&store.snapshot(), [id]);
                            store.commit(Changes::new().delete("t", old).put("t", rows([id], 1))).unwrap();
                        }
                        if id % 10 == 1 {
                            store
                                .commit(Changes::new().delete("t", row_ids(&store.snapshot(), [id])))
                                .unwrap();
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            for start in (10_000..).step_by(5) {
                let mut load = store.bulk_load("t").unwrap();
                load.push(rows(start..start + 5, 0)).unwrap();
                load.finish().unwrap();
                store.checkpoint().unwrap();
                read(&store.snapshot()).unwrap();
                if done.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let ids = || (0..3).flat_map(|thread| (0..60).map(move |id| thread * 1000 + id));
    let mut expected = content(ids().filter(|id| id % 3 != 0), 0);
    expected.extend(content(ids().filter(|id| id % 3 == 0), 1));
    expected.retain(|id, _| id % 10 != 1);
    let found = read(&store.snapshot()).unwrap();
    let of_writers = |found: &crate::rows::Content| -> crate::rows::Content {
        found.iter().filter(|(id, _)| **id < 10_000).map(|(id, row)| (*id, row.clone())).collect()
    };
    assert_eq!(of_writers(&found), expected);
    drop(store);
    assert_eq!(read(&Store::open(dir.path()).unwrap().snapshot()).unwrap(), found);
}

#[test]
fn rows_of_the_wrong_shape_are_refused() {
    let store = store_with(0..1);
    let schema_error = |rows: RecordBatch| {
        let error = store.commit(Changes::new().put("t", rows.clone())).unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{error}");
        let error = store.bulk_load("t").unwrap().push(rows).unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{error}");
    };
    schema_error(rows([1], 0).project(&[0, 1]).unwrap());
    schema_error(rows([1], 0).project(&[1, 0, 2]).unwrap());
    let vectors = arrow::array::FixedSizeListArray::from_iter_primitive::<arrow::datatypes::Float32Type, _, _>(
        [Some(vec![Some(1.0), None, Some(2.0), Some(3.0)])],
        4,
    );
    let mut columns = rows([1], 0).columns().to_vec();
    columns[2] = Arc::new(vectors);
    schema_error(RecordBatch::try_new(schema(), columns).unwrap());
    assert!(store.bulk_load("u").is_err());
}

#[test]
fn a_replaced_index_file_stays_for_those_who_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let index = Changes::new().create_index("t", "i", 2, "hnsw", Default::default());
    store.commit(create().put("t", rows(0..10, 0))).unwrap();
    store.commit(index).unwrap();
    store.checkpoint().unwrap();
    let table = store.snapshot().table("t").unwrap().clone();
    let (segment, index) =
        (table.parts().next().unwrap().segment_id().unwrap(), table.definition().indexes[0].id);
    store.put_index_file("t", segment, index, &|file| file.write_all(b"first")).unwrap();
    let reader = store.snapshot();
    store.put_index_file("t", segment, index, &|file| file.write_all(&vec![7; 1 << 20])).unwrap();
    let bytes = |snapshot: &muster_storage::Snapshot| {
        snapshot.table("t").unwrap().parts().next().unwrap().index_file(index).unwrap().unwrap()
    };
    assert_eq!(bytes(&reader).as_ref(), b"first");
    assert_eq!(bytes(&store.snapshot()).as_ref(), vec![7; 1 << 20]);
}

#[test]
fn rows_are_found_by_their_keys_wherever_they_are() {
    let store = store_with(0..10);
    store.checkpoint().unwrap();
    store.commit(Changes::new().put("t", rows(10..20, 0))).unwrap();
    let gone = row_ids(&store.snapshot(), [3, 13]);
    store.commit(Changes::new().delete("t", gone)).unwrap();

    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    let looked = [13, 19, 3, 5, 40, 5, 0];
    let found = table.find_each("t_pkey", &rows(looked, 7)).unwrap();
    let parts: Vec<_> = table.parts().collect();
    let ids = found.iter().map(|place| {
        place.map(|(part, position)| {
            let ids = parts[part].columns(&[0]).unwrap();
            ids.column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(position as usize)
        })
    });
    assert_eq!(ids.collect::<Vec<_>>(), [None, Some(19), None, Some(5), None, Some(5), Some(0)]);

    let keys = table.keys("t_pkey", &rows(looked, 7)).unwrap();
    assert_eq!(keys[3], keys[5]);
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), looked.len() - 1);
    assert!(keys.iter().all(Option::is_some));
    assert!(matches!(table.keys("missing", &rows([1], 0)), Err(Error::NoSuchConstraint { .. })));
}
