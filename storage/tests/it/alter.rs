//! Altered tables: rows written before and after, in segments and in the journal, read under today's columns.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type};
use muster_storage::{Alteration, Changes, Error, KeyConstraint, Snapshot, Store};

use crate::rows::{primary_key, row_ids, rows, schema};

fn add(name: &str, value: i32) -> Alteration {
    let value: ArrayRef = Arc::new(Int32Array::from(vec![value]));
    Alteration::AddColumn { field: Field::new(name, DataType::Int32, false), value }
}

/// Ids and the values of a column of 32-bit integers.
fn values(snapshot: &Snapshot, column: &str) -> Vec<(i64, Option<i32>)> {
    let table = snapshot.table("t").unwrap();
    let position = table.definition().schema.index_of(column).unwrap();
    let mut values = Vec::new();
    for part in table.parts() {
        let columns = part.columns(&[0, position]).unwrap();
        let ids = columns.column(0).as_primitive::<Int64Type>();
        let column = columns.column(1).as_primitive::<Int32Type>();
        for row in (0..part.rows()).filter(|row| !part.deleted().contains(*row as u32)) {
            values.push((ids.value(row), column.is_valid(row).then(|| column.value(row))));
        }
    }
    values.sort_unstable();
    values
}

fn wide(ids: &[i64], value: i32) -> RecordBatch {
    let narrow = rows(ids.iter().copied(), 0);
    let mut fields: Vec<_> = narrow.schema().fields().to_vec();
    fields.push(Arc::new(Field::new("n", DataType::Int32, false)));
    let mut columns = narrow.columns().to_vec();
    columns.push(Arc::new(Int32Array::from(vec![value; ids.len()])));
    RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap()
}

/// A table with rows in a segment (0..4, of which 1 is deleted) and in the journal (4..6, of which 4 is deleted).
fn store(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    let create = Changes::new().create_table("t", schema(), primary_key(), Default::default());
    store.commit(create.put("t", rows(0..4, 0))).unwrap();
    store.checkpoint().unwrap();
    store.commit(Changes::new().put("t", rows(4..6, 0))).unwrap();
    let ids = row_ids(&store.snapshot(), [1, 4]);
    store.commit(Changes::new().delete("t", ids)).unwrap();
    store
}

fn both(dir: &Path, store: Store, check: impl Fn(&Snapshot)) -> Store {
    check(&store.snapshot());
    drop(store);
    let store = Store::open(dir).unwrap();
    check(&store.snapshot());
    store.checkpoint().unwrap();
    check(&store.snapshot());
    drop(store);
    let store = Store::open(dir).unwrap();
    check(&store.snapshot());
    store
}

#[test]
fn an_added_column_has_its_value_in_the_rows_that_were_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.commit(Changes::new().alter_table("t", add("n", 7)).put("t", wide(&[10], 8))).unwrap();
    let expected = [(0, 7), (2, 7), (3, 7), (5, 7), (10, 8)].map(|(id, value)| (id, Some(value)));
    let store = both(dir.path(), store, |snapshot| assert_eq!(values(snapshot, "n"), expected));
    // A second one, and the first goes: what the first had is gone for good.
    store.commit(Changes::new().alter_table("t", Alteration::DropColumn { column: 3 })).unwrap();
    store.commit(Changes::new().alter_table("t", add("n", 1))).unwrap();
    let expected = [0, 2, 3, 5, 10].map(|id| (id, Some(1)));
    both(dir.path(), store, |snapshot| assert_eq!(values(snapshot, "n"), expected));
}

#[test]
fn a_column_dropped_before_others_moves_them_and_keys_and_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.commit(Changes::new().create_index("t", "i", 2, "hnsw", Default::default())).unwrap();
    store.commit(Changes::new().alter_table("t", add("n", 7))).unwrap();
    let key = KeyConstraint { name: "n".into(), columns: vec![3, 0], primary: false, nulls_distinct: true };
    store.commit(Changes::new().alter_table("t", Alteration::AddKey(key))).unwrap();
    store.commit(Changes::new().alter_table("t", Alteration::DropColumn { column: 1 })).unwrap();
    let store = both(dir.path(), store, |snapshot| {
        let definition = snapshot.table("t").unwrap().definition().clone();
        assert_eq!(definition.key("n").unwrap().columns, [2, 0]);
        assert_eq!(definition.index("i").unwrap().column, 1);
        for part in snapshot.table("t").unwrap().parts() {
            let first = part.vectors(1).unwrap();
            assert_eq!(first.len(), part.rows());
        }
        assert_eq!(values(snapshot, "n").len(), 4);
    });
    store.commit(Changes::new().alter_table("t", Alteration::DropColumn { column: 1 })).unwrap();
    let definition = store.snapshot().table("t").unwrap().definition().clone();
    assert!(definition.indexes.is_empty());
    assert_eq!(definition.key("n").unwrap().columns, [1, 0]);
}

#[test]
fn a_column_that_has_nulls_in_deleted_rows_alone_can_lose_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let field = Field::new("m", DataType::Int32, true);
    let value: ArrayRef = Arc::new(Int32Array::from(vec![None]));
    store.commit(Changes::new().alter_table("t", Alteration::AddColumn { field, value })).unwrap();
    let strict = Field::new("m", DataType::Int32, false);
    let strict = || Alteration::SetField { column: 3, field: strict.clone() };
    let refused = store.commit(Changes::new().alter_table("t", strict()));
    assert!(matches!(refused, Err(Error::NotNull { column, .. }) if column == "m"));
    // All rows go, in the segment and in the journal; others come.
    let ids = row_ids(&store.snapshot(), [0, 2, 3, 5]);
    let mut fields: Vec<_> = schema().fields().to_vec();
    fields.push(Arc::new(Field::new("m", DataType::Int32, true)));
    let mut columns = rows([8], 0).columns().to_vec();
    columns.push(Arc::new(Int32Array::from(vec![3])));
    let new = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
    store.commit(Changes::new().delete("t", ids).put("t", new)).unwrap();
    store.commit(Changes::new().alter_table("t", strict())).unwrap();
    both(dir.path(), store, |snapshot| assert_eq!(values(snapshot, "m"), [(8, Some(3))]));
}

#[test]
fn a_key_is_refused_where_rows_violate_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.commit(Changes::new().alter_table("t", add("n", 7))).unwrap();
    let key = KeyConstraint { name: "n".into(), columns: vec![3], primary: false, nulls_distinct: true };
    let add_key = || Changes::new().alter_table("t", Alteration::AddKey(key.clone()));
    assert!(matches!(store.commit(add_key()), Err(Error::DuplicateKey { .. })));
    let ids = row_ids(&store.snapshot(), [0, 2, 3]);
    store.commit(Changes::new().delete("t", ids)).unwrap();
    store.commit(add_key()).unwrap();
    assert!(matches!(store.commit(Changes::new().put("t", wide(&[9], 7))), Err(Error::DuplicateKey { .. })));
    store.commit(Changes::new().alter_table("t", Alteration::DropKey { name: "n".into() })).unwrap();
    store.commit(Changes::new().put("t", wide(&[9], 7))).unwrap();
}

#[test]
fn renamed_tables_and_columns_keep_their_rows() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.commit(Changes::new().alter_table("t", Alteration::Rename { to: "u".into() })).unwrap();
    assert!(matches!(store.commit(Changes::new().put("t", rows([9], 0))), Err(Error::NoSuchTable { .. })));
    let field = Field::new("label", DataType::Utf8, true);
    store.commit(Changes::new().alter_table("u", Alteration::SetField { column: 1, field })).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    store.checkpoint().unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("u").unwrap();
    let mut names = Vec::new();
    for part in table.parts() {
        let columns = part.columns(&[1]).unwrap();
        assert_eq!(columns.schema().field(0).name(), "label");
        let column: &StringArray = columns.column(0).as_string();
        let live = (0..part.rows()).filter(|row| !part.deleted().contains(*row as u32));
        names.extend(live.map(|row| column.is_valid(row).then(|| column.value(row).to_string())));
    }
    let expected = [0, 2, 3, 5].map(|id| crate::rows::name(id, 0));
    assert_eq!(names, expected);
}

#[test]
fn alterations_take_part_in_transactions() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let mut transaction = store.begin();
    transaction.apply(Changes::new().put("t", rows([20], 0))).unwrap();
    transaction.apply(Changes::new().alter_table("t", add("n", 7))).unwrap();
    transaction.apply(Changes::new().put("t", wide(&[21], 9))).unwrap();
    assert_eq!(values(transaction.snapshot(), "n").last(), Some(&(21, Some(9))));
    assert!(store.snapshot().table("t").unwrap().definition().schema.index_of("n").is_err());
    // A row of somebody else, under the columns as they were.
    store.commit(Changes::new().put("t", rows([30], 0))).unwrap();
    transaction.commit().unwrap();
    let expected = [(0, 7), (2, 7), (3, 7), (5, 7), (20, 7), (21, 9), (30, 7)];
    let expected = expected.map(|(id, value)| (id, Some(value)));
    both(dir.path(), store, |snapshot| assert_eq!(values(snapshot, "n"), expected));
}
