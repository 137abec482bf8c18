//! Types: whatever a column holds comes back as it was, from the journal and from a segment.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use muster_storage::{Changes, Error, Store};

fn columns() -> Vec<(Field, ArrayRef)> {
    let mut texts = ListBuilder::new(StringBuilder::new());
    texts.append_value([Some("a"), None, Some("ccc")]);
    texts.append_null();
    texts.append_value::<[Option<&str>; 0], &str>([]);
    let mut numbers = ListBuilder::new(Int32Builder::new());
    numbers.append_value([Some(1), None]);
    numbers.append_value([]);
    numbers.append_null();
    let uuids = [Some([7_u8; 16]), None, Some([9; 16])];
    let uuids = FixedSizeBinaryArray::try_from_sparse_iter_with_size(uuids.into_iter(), 16).unwrap();
    let intervals = [
        Some(IntervalMonthDayNano::new(1, -2, 3)),
        None,
        Some(IntervalMonthDayNano::new(i32::MIN, i32::MAX, i64::MIN)),
    ];
    let decimals = Decimal128Array::from(vec![Some(12345), None, Some(-1)]).with_precision_and_scale(10, 2).unwrap();
    let times = || TimestampMicrosecondArray::from(vec![Some(0), None, Some(-1_234_567_890_123)]);
    let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        [Some(vec![Some(1.0), Some(f32::NAN)]), None, Some(vec![Some(-0.0), Some(f32::MAX)])],
        2,
    );
    let arrays: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("int2", Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(3)]))),
        ("int4", Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(3)]))),
        ("int8", Arc::new(Int64Array::from(vec![Some(i64::MAX), None, Some(3)]))),
        ("uint8", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(3)]))),
        ("float4", Arc::new(Float32Array::from(vec![Some(f32::INFINITY), None, Some(-0.0)]))),
        ("float8", Arc::new(Float64Array::from(vec![Some(f64::MIN_POSITIVE), None, Some(1.5)]))),
        ("numeric", Arc::new(decimals)),
        ("text", Arc::new(StringArray::from(vec![Some(""), None, Some("żółć")]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("a string longer than twelve"), None, Some("b")]))),
        ("bytea", Arc::new(BinaryArray::from(vec![Some(&b"\0\xff"[..]), None, Some(b"")]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-719_162), None, Some(20_000)]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![Some(1), None, Some(86_399_999_999)]))),
        ("timestamp", Arc::new(times())),
        ("timestamptz", Arc::new(times().with_timezone("UTC"))),
        ("interval", Arc::new(IntervalMonthDayNanoArray::from(intervals.to_vec()))),
        ("texts", Arc::new(texts.finish())),
        ("numbers", Arc::new(numbers.finish())),
        ("uuid", Arc::new(uuids)),
        ("vector", Arc::new(vectors)),
    ];
    arrays.into_iter().map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array)).collect()
}

/// Vectors with NaN are compared as bits.
fn bits(batch: &RecordBatch) -> Vec<ArrayData> {
    batch.columns().iter().map(|column| column.to_data()).collect()
}

#[test]
fn every_type_comes_back_with_the_schema_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (fields, arrays): (Vec<_>, Vec<_>) = columns().into_iter().unzip();
    let metadata = |text: &str| HashMap::from([("muster.type".to_string(), text.to_string())]);
    let fields: Vec<_> = fields.into_iter().map(|field| field.with_metadata(metadata("späte \"Angabe\""))).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata("table")));
    let rows = RecordBatch::try_new(schema.clone(), arrays).unwrap();
    let projection: Vec<usize> = (0..schema.fields().len()).rev().collect();
    let check = |store: &Store| {
        let snapshot = store.snapshot();
        let table = snapshot.table("t").unwrap();
        assert_eq!(table.definition().schema, schema);
        let stored = table.parts().next().unwrap().columns(&projection).unwrap();
        let expected = rows.project(&projection).unwrap();
        assert_eq!(stored.schema(), expected.schema());
        for (stored, expected) in bits(&stored).iter().zip(bits(&expected)) {
            assert_eq!(format!("{:?}", make_array(stored.clone())), format!("{:?}", make_array(expected)));
        }
    };
    let store = Store::open(dir.path()).unwrap();
    let create = Changes::new().create_table("t", schema.clone(), vec![], Default::default());
    store.commit(create.put("t", rows.clone())).unwrap();
    check(&store);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    check(&store);
    store.checkpoint().unwrap();
    check(&store);
    drop(store);
    check(&Store::open(dir.path()).unwrap());
}

#[test]
fn a_type_that_cannot_be_stored_is_refused_when_the_table_is_made() {
    let store = Store::in_memory().unwrap();
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    for data_type in [
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        DataType::List(item(DataType::Interval(IntervalUnit::MonthDayNano))),
        DataType::FixedSizeList(item(DataType::Float32), 0),
    ] {
        let schema = Arc::new(Schema::new(vec![Field::new("c", data_type, true)]));
        let error = store.commit(Changes::new().create_table("t", schema, vec![], Default::default())).unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{error}");
    }
}

#[test]
fn a_table_of_vectors_alone_and_one_without_columns_keep_their_rows() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        (0..5).map(|i| Some(vec![Some(i as f32), Some(0.5)])),
        2,
    );
    let field = Field::new("v", vectors.data_type().clone(), false);
    let vectors = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(vectors)]).unwrap();
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let none = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let create = Changes::new()
        .create_table("v", vectors.schema(), vec![], Default::default())
        .create_table("n", none.schema(), vec![], Default::default());
    store.commit(create.put("v", vectors.clone()).put("n", none)).unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let snapshot = store.snapshot();
    let part = snapshot.table("v").unwrap().parts().next().unwrap();
    assert_eq!(part.columns(&[0]).unwrap(), vectors);
    assert_eq!(snapshot.table("n").unwrap().live_rows(), 3);
}
