//! The table that most tests use: a key, a text, a vector and a flag.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Float32Type, Int64Type, Schema, SchemaRef};
use muster_storage::{KeyConstraint, Snapshot};

/// Dimensions of the vector column.
pub(crate) const DIMENSIONS: i32 = 4;

/// Columns: id, name, embedding.
pub(crate) fn schema() -> SchemaRef {
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("embedding", DataType::FixedSizeList(item, DIMENSIONS), true),
    ]))
}

/// The primary key on `id`.
pub(crate) fn primary_key() -> Vec<KeyConstraint> {
    vec![KeyConstraint { name: "t_pkey".into(), columns: vec![0], primary: true, nulls_distinct: true }]
}

/// A row's name follows from its id, and from how often it was updated.
pub(crate) fn name(id: i64, generation: u32) -> Option<String> {
    (id % 7 != 0).then(|| format!("name {id} {generation}"))
}

/// Rows with these ids.
pub(crate) fn rows(ids: impl IntoIterator<Item = i64>, generation: u32) -> RecordBatch {
    let ids: Vec<i64> = ids.into_iter().collect();
    let names: StringArray = ids.iter().map(|id| name(*id, generation)).collect();
    let values: Vec<f32> =
        ids.iter().flat_map(|id| (0..DIMENSIONS).map(move |i| (*id as f32) + i as f32 / 8.0)).collect();
    let valid: Vec<bool> = ids.iter().map(|id| id % 5 != 0).collect();
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let vectors = FixedSizeListArray::new(
        item,
        DIMENSIONS,
        Arc::new(Float32Array::from(values)),
        Some(NullBuffer::from(valid)),
    );
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(ids)), Arc::new(names), Arc::new(vectors)];
    RecordBatch::try_new(schema(), columns).unwrap()
}

/// What a table holds: by id, the name and the first element of the vector.
pub(crate) type Content = BTreeMap<i64, (Option<String>, Option<f32>)>;

/// What rows with these ids hold.
pub(crate) fn content(ids: impl IntoIterator<Item = i64>, generation: u32) -> Content {
    let vector = |id: i64| (id % 5 != 0).then_some(id as f32);
    ids.into_iter().map(|id| (id, (name(id, generation), vector(id)))).collect()
}

/// The live rows of table `t`, read whole; an error when anything cannot be read or a key stands there twice.
pub(crate) fn read(snapshot: &Snapshot) -> Result<Content, muster_storage::Error> {
    let table = snapshot.table("t").expect("the table is there");
    let mut content = Content::new();
    for part in table.parts() {
        let batch = part.columns(&[0, 1, 2])?;
        assert_eq!(batch.num_rows(), part.rows());
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let names = batch.column(1).as_string::<i32>();
        let vectors = batch.column(2).as_fixed_size_list();
        assert_eq!(&part.vectors(2)?, vectors);
        for row in (0..part.rows()).filter(|row| !part.deleted().contains(*row as u32)) {
            let name = names.is_valid(row).then(|| names.value(row).to_string());
            let vector =
                vectors.is_valid(row).then(|| vectors.value(row).as_primitive::<Float32Type>().value(0));
            assert!(content.insert(ids.value(row), (name, vector)).is_none(), "id {} twice", ids.value(row));
        }
    }
    assert_eq!(content.len() as u64, table.live_rows());
    Ok(content)
}

/// The row ids of these ids of table `t`.
pub(crate) fn row_ids(snapshot: &Snapshot, ids: impl IntoIterator<Item = i64>) -> roaring::RoaringTreemap {
    let table = snapshot.table("t").unwrap();
    let parts: Vec<_> = table.parts().collect();
    let find = |id| {
        let schema = Arc::new(schema().project(&[0]).unwrap());
        let key = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![id]))]).unwrap();
        let (part, row) = table.find("t_pkey", &key).unwrap().expect("the key is there");
        parts[part].row_id(row)
    };
    ids.into_iter().map(find).collect()
}
