//! Types: whatever a column holds comes back as it was, from the journal and from a segment.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::*;
use muster_storage::{Changes, Error, Options, Store};

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
    let decimals =
        Decimal128Array::from(vec![Some(12345), None, Some(-1)]).with_precision_and_scale(10, 2).unwrap();
    let times = || TimestampMicrosecondArray::from(vec![Some(0), None, Some(-1_234_567_890_123)]);
    let vectors = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        [Some(vec![Some(1.0), Some(f32::NAN)]), None, Some(vec![Some(-0.0), Some(f32::MAX)])],
        2,
    );
    let half = |number: f32| Some(<Float16Type as ArrowPrimitiveType>::Native::from_f32(number));
    let halves = FixedSizeListArray::from_iter_primitive::<Float16Type, _, _>(
        [
            Some(vec![half(1.0), half(f32::NAN), half(0.1)]),
            None,
            Some(vec![half(-0.0), half(65504.0), half(6e-8)]),
        ],
        3,
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
        ("halfvec", Arc::new(halves)),
    ];
    arrays
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .collect()
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
    let fields: Vec<_> =
        fields.into_iter().map(|field| field.with_metadata(metadata("späte \"Angabe\""))).collect();
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

/// Rows in any order, some of them twice; a cache that keeps nothing has them read from a file of their own.
#[test]
fn every_type_comes_back_row_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let (fields, arrays): (Vec<_>, Vec<_>) = columns().into_iter().unzip();
    let three = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let rows = concat_batches(&three.schema(), std::iter::repeat_n(&three, 2000)).unwrap();
    let all: Vec<usize> = (0..three.num_columns()).collect();
    let files = || {
        let names = std::fs::read_dir(dir.path().join("segments")).unwrap();
        names
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|it| it == "rows"))
            .count()
    };
    for (cache_bytes, expected_files) in [(64 << 20, 0), (0, 1)] {
        let options = Options { cache_bytes, ..Options::default() };
        let store = Store::open_with(dir.path(), options).unwrap();
        assert_eq!(files(), 0, "a file of rows outlives no store");
        if store.snapshot().table("t").is_none() {
            let create = Changes::new().create_table("t", rows.schema(), vec![], Default::default());
            store.commit(create.put("t", rows.clone())).unwrap();
            check_rows(&store, &rows, &all, &[5999, 0, 3001, 3001, 4]);
            store.checkpoint().unwrap();
        }
        for _ in 0..3 {
            check_rows(&store, &rows, &all, &[5999, 0, 3001, 3001, 4]);
            check_rows(&store, &rows, &[18, 3, 7], &[5]);
            check_rows(&store, &rows, &all, &[]);
            let many: Vec<u32> = (0..6000).rev().collect();
            check_rows(&store, &rows, &all, &many);
        }
        assert_eq!(files(), expected_files);
        if let Some(file) = std::fs::read_dir(dir.path().join("segments")).unwrap().find_map(|entry| {
            Some(entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "rows"))
        }) {
            // What is damaged there is still in the segment.
            let length = std::fs::metadata(&file).unwrap().len() as usize;
            std::fs::write(&file, vec![0x5a; length]).unwrap();
            check_rows(&store, &rows, &all, &[5999, 0, 3001, 3001, 4]);
            std::fs::write(&file, b"").unwrap();
            check_rows(&store, &rows, &all, &[5999, 0, 3001, 3001, 4]);
        }
    }
}

fn check_rows(store: &Store, rows: &RecordBatch, projection: &[usize], positions: &[u32]) {
    let snapshot = store.snapshot();
    let part = snapshot.table("t").unwrap().parts().next().unwrap();
    let found = part.rows_at(projection, positions).unwrap();
    let expected = rows.project(projection).unwrap();
    let expected = take_record_batch(&expected, &UInt32Array::from(positions.to_vec())).unwrap();
    assert_eq!(found.schema(), expected.schema());
    for (found, expected) in found.columns().iter().zip(expected.columns()) {
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }
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
        let error =
            store.commit(Changes::new().create_table("t", schema, vec![], Default::default())).unwrap_err();
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
    let create = Changes::new().create_table("v", vectors.schema(), vec![], Default::default()).create_table(
        "n",
        none.schema(),
        vec![],
        Default::default(),
    );
    store.commit(create.put("v", vectors.clone()).put("n", none)).unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let snapshot = store.snapshot();
    let part = snapshot.table("v").unwrap().parts().next().unwrap();
    assert_eq!(part.columns(&[0]).unwrap(), vectors);
    assert_eq!(snapshot.table("n").unwrap().live_rows(), 3);
}

#[test]
fn a_type_is_refused_when_the_table_is_made_or_its_values_come_back() {
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let pair =
        Fields::from(vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Utf8, true)]);
    let entries = Field::new(
        "entries",
        DataType::Struct(Fields::from(vec![
            Field::new("keys", DataType::Utf8, false),
            Field::new("values", DataType::Int32, true),
        ])),
        false,
    );
    let int = |values: Vec<Option<i32>>| -> ArrayRef { Arc::new(Int32Array::from(values)) };
    let text = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let structs = StructArray::new(
        pair.clone(),
        vec![int(vec![Some(1), None, None]), text(vec![Some("x"), Some("y"), None])],
        Some(vec![true, true, false].into()),
    );
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(structs),
        Arc::new(LargeStringArray::from(vec![Some("large"), None, Some("")])),
        Arc::new(BinaryViewArray::from(vec![Some(&b"more than twelve bytes"[..]), None, Some(b"")])),
        Arc::new(DurationMicrosecondArray::from(vec![Some(1), None, Some(-1)])),
        Arc::new(Decimal256Array::from(vec![Some(arrow::datatypes::i256::MAX), None, None])),
        Arc::new(IntervalYearMonthArray::from(vec![Some(1), None, Some(-1)])),
        Arc::new(Time32SecondArray::from(vec![Some(1), None, Some(2)])),
        Arc::new(TimestampNanosecondArray::from(vec![Some(1), None, Some(-2)])),
    ];
    for data_type in [
        DataType::Null,
        DataType::Float16,
        DataType::Date64,
        DataType::Interval(IntervalUnit::DayTime),
        DataType::LargeList(item(DataType::Float64)),
        DataType::ListView(item(DataType::Int32)),
        DataType::LargeListView(item(DataType::Int32)),
        DataType::FixedSizeList(item(DataType::Float64), 2),
        DataType::FixedSizeList(item(DataType::Utf8), 2),
        DataType::List(item(DataType::FixedSizeList(item(DataType::Float32), 2))),
        DataType::List(item(DataType::Struct(pair))),
        DataType::Map(Arc::new(entries), false),
        DataType::FixedSizeBinary(0),
        DataType::RunEndEncoded(item(DataType::Int32), item(DataType::Utf8)),
        DataType::Decimal32(5, 2),
        DataType::Decimal64(10, 2),
        DataType::Time32(TimeUnit::Millisecond),
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Timestamp(TimeUnit::Second, Some("Europe/Warsaw".into())),
    ] {
        arrays.push(new_null_array(&data_type, 3));
    }
    let mut stored = 0;
    for array in arrays {
        let dir = tempfile::tempdir().unwrap();
        let schema = Arc::new(Schema::new(vec![Field::new("c", array.data_type().clone(), true)]));
        let rows = RecordBatch::try_new(schema.clone(), vec![array.clone()]).unwrap();
        let check = |store: &Store| {
            let snapshot = store.snapshot();
            let part = snapshot.table("t").unwrap().parts().next().unwrap();
            assert_eq!(part.columns(&[0]).unwrap(), rows, "{}", array.data_type());
        };
        let store = Store::open(dir.path()).unwrap();
        match store.commit(Changes::new().create_table("t", schema, vec![], Default::default())) {
            Err(Error::Schema { .. }) => continue,
            created => created.unwrap(),
        };
        stored += 1;
        store.commit(Changes::new().put("t", rows.clone())).unwrap();
        check(&store);
        drop(store);
        let store = Store::open(dir.path()).unwrap();
        check(&store);
        store.checkpoint().unwrap();
        check(&store);
    }
    assert!(stored > 15, "only {stored} types can be stored");
}

#[test]
fn vectors_of_a_segment_are_views_of_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let create = Changes::new().create_table("t", crate::rows::schema(), vec![], Default::default());
    store.commit(create.put("t", crate::rows::rows(0..100, 0))).unwrap();
    store.checkpoint().unwrap();
    let address = || {
        let snapshot = store.snapshot();
        let vectors = snapshot.table("t").unwrap().parts().next().unwrap().vectors(2).unwrap();
        vectors.values().as_primitive::<Float32Type>().values().as_ptr() as usize
    };
    assert_eq!(address(), address(), "read twice, mapped once");
    assert_eq!(address() % 64, 0);
}

#[test]
fn a_cache_without_room_changes_nothing_but_the_time() {
    let options = muster_storage::Options {
        backend: Arc::new(muster_storage::MemoryBackend::new()),
        cache_bytes: 0,
        ..Default::default()
    };
    let store = Store::open_with("/db", options).unwrap();
    let keys = crate::rows::primary_key();
    let create = Changes::new().create_table("t", crate::rows::schema(), keys, Default::default());
    store.commit(create.put("t", crate::rows::rows(0..100, 0))).unwrap();
    store.checkpoint().unwrap();
    assert_eq!(crate::rows::read(&store.snapshot()).unwrap(), crate::rows::content(0..100, 0));
    let error = store.commit(Changes::new().put("t", crate::rows::rows([50], 0))).unwrap_err();
    assert!(matches!(error, Error::DuplicateKey { .. }));
}
