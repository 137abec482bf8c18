//! Conditions of a commit: keys that have to be there, and keys that no new row may have.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use muster_storage::{Changes, Effort, Error, KeyConstraint, KeySet, Referring, Store};

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)]))
}

fn rows(ids: impl IntoIterator<Item = i64>) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    RecordBatch::try_new(schema(), vec![ids]).unwrap()
}

fn keys(ids: impl IntoIterator<Item = i64>) -> Arc<KeySet> {
    Arc::new(KeySet::new(rows(ids).columns().to_vec()).unwrap())
}

/// A table `parent` with keys 0 to 9, and a table `child` with rows that refer to 1 and 2.
fn store() -> Store {
    let store = Store::in_memory().unwrap();
    let key = KeyConstraint { name: "pk".into(), columns: vec![0], primary: false, nulls_distinct: true };
    let changes = Changes::new()
        .create_table("parent", schema(), vec![key], Default::default())
        .create_table("child", schema(), Vec::new(), Default::default())
        .put("parent", rows(0..10))
        .put("child", rows([1, 2]));
    store.commit(changes).unwrap();
    store
}

/// The row id of a key: they were put in order.
fn delete(id: u64) -> Changes {
    Changes::new().delete("parent", [id].into_iter().collect())
}

fn is_conflict<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Conflict { .. }))
}

#[test]
fn a_key_that_was_deleted_meanwhile_is_a_conflict() {
    let store = store();
    let base = store.snapshot();
    store.commit(delete(3)).unwrap();
    let put = |key: i64| Changes::new().put("child", rows([key])).present("parent", "pk", keys([key]));
    assert!(is_conflict(store.commit(put(3).over(base.clone()))));
    store.commit(put(4).over(base)).unwrap();
    // What the changes put themselves is there.
    let own = put(77).put("parent", rows([77])).over(store.snapshot());
    store.commit(own).unwrap();
}

#[test]
fn a_row_that_came_meanwhile_is_a_conflict_wherever_it_is() {
    for seal in [false, true] {
        let store = store();
        let base = store.snapshot();
        let gone = |key: u64| delete(key).absent("child", vec![0], keys([key as i64])).over(base.clone());
        store.commit(Changes::new().put("child", rows([5]))).unwrap();
        if seal {
            store.checkpoint().unwrap();
            store.compact("child", Effort::Full, &|| true).unwrap();
        }
        assert!(is_conflict(store.commit(gone(5))));
        // The rows of the base are looked at by whoever asks.
        store.commit(gone(1)).unwrap();
        store.commit(gone(6)).unwrap();
    }
}

#[test]
fn a_transaction_keeps_its_conditions_for_the_commit() {
    let store = store();
    let mut one = store.begin();
    one.apply(Changes::new().put("child", rows([8]))).unwrap();
    one.require(Changes::new().present("parent", "pk", keys([8])));
    let mut two = store.begin();
    two.apply(delete(8)).unwrap();
    two.require(Changes::new().absent("child", vec![0], keys([8])));
    one.commit().unwrap();
    assert!(is_conflict(two.commit()));
}

#[test]
fn rows_are_found_by_keys_and_by_ids() {
    let store = store();
    let snapshot = store.snapshot();
    let (parent, child) = (snapshot.table("parent").unwrap(), snapshot.table("child").unwrap());
    let found = child.referring(&[0], &keys([2, 7])).unwrap();
    assert_eq!(found, [Referring { row_id: 1, key: 0 }]);
    // By look-up, where the columns are a key.
    let found = parent.referring(&[0], &keys([2, 70, 7])).unwrap();
    assert_eq!(found, [Referring { row_id: 2, key: 0 }, Referring { row_id: 7, key: 2 }]);
    let rows = parent.rows_of(&[7, 2], &[0]).unwrap();
    assert_eq!(rows.column(0).as_primitive::<Int64Type>().values(), &[7, 2]);
    assert!(is_conflict(parent.rows_of(&[99], &[0])));
    let there = parent.has_keys("pk", rows.columns()).unwrap();
    assert_eq!(there, [true, true]);
}

#[test]
fn a_scratch_transaction_tells_what_it_comes_to() {
    let store = store();
    let mut block = store.begin();
    block.apply(Changes::new().put("child", rows([3]))).unwrap();
    // On another transaction's draft, whose rows it deletes and puts among its own.
    let mut scratch = store.begin_scratch(block.snapshot().clone());
    scratch.apply(Changes::new().put("child", rows([4, 5]))).unwrap();
    scratch.apply(Changes::new().delete("child", [2, 3].into_iter().collect())).unwrap();
    block.apply(scratch.changes().unwrap()).unwrap();
    let snapshot = block.commit().unwrap();
    let child = snapshot.table("child").unwrap();
    let ids: Vec<i64> = child
        .rows_since(0, &[0])
        .unwrap()
        .iter()
        .flat_map(|rows| rows.column(0).as_primitive::<Int64Type>().values().to_vec())
        .collect();
    assert_eq!(ids, [1, 2, 5]);
}
