//! Rows that follow from numbers, and rows as texts that can be compared.
//!
//! Invariant: the same table, id and generation give the same cells, and no two ids of a table give the same.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, FixedSizeListArray, Float32Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray,
    RecordBatch, StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, IntervalMonthDayNano, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use muster_storage::{KeyConstraint, Part, Result};

/// Dimensions of all vectors.
const DIMENSIONS: i32 = 4;

/// Columns and keys of a table as the workload makes it.
pub(crate) fn definition(table: &str) -> (SchemaRef, Vec<KeyConstraint>) {
    let field = |name: &str, data_type, nullable| Field::new(name, data_type, nullable);
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let vector = || DataType::FixedSizeList(item.clone(), DIMENSIONS);
    let key = |name: &str, columns: &[usize], primary, nulls_distinct| KeyConstraint {
        name: format!("{table}_{name}"),
        columns: columns.to_vec(),
        primary,
        nulls_distinct,
    };
    let (fields, keys) = match table {
        "people" => (
            vec![
                field("id", DataType::Int64, false),
                field("name", DataType::Utf8, true),
                field("email", DataType::Utf8, true),
                field("badge", DataType::Utf8, true),
                field("embedding", vector(), true),
                field("doubled", DataType::Int64, false),
            ],
            vec![
                key("pkey", &[0], true, true),
                key("email_key", &[2], false, true),
                key("badge_key", &[3], false, false),
            ],
        ),
        "points" => (vec![field("place", vector(), false)], Vec::new()),
        _ => (
            vec![
                field("id", DataType::Int64, false),
                field("body", DataType::Utf8, true),
                field("tags", DataType::new_list(DataType::Int32, true), true),
                field("span", DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano), true),
            ],
            vec![key("pkey", &[0, 1], false, true)],
        ),
    };
    (Arc::new(Schema::new(fields)), keys)
}

/// Rows with these ids; how often a row was changed is its generation.
pub(crate) fn rows(schema: &SchemaRef, ids: &[i64], generation: u32) -> RecordBatch {
    let columns = schema.fields().iter().map(|field| column(field, ids, generation));
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

fn column(field: &Field, ids: &[i64], generation: u32) -> ArrayRef {
    // Another share of nulls for each column that may have some.
    let every = 4 + field.name().len() as i64;
    let null = |id: i64| field.is_nullable() && id % every == 0;
    let generation_of = i64::from(generation);
    match field.data_type() {
        DataType::Int64 if field.name() == "id" => Arc::new(Int64Array::from(ids.to_vec())),
        DataType::Int64 => {
            Arc::new(ids.iter().map(|id| Some(id * 2 + generation_of)).collect::<Int64Array>())
        }
        DataType::Int32 => {
            let value = |id: i64| (!null(id)).then_some((id * 3 + generation_of) as i32);
            Arc::new(ids.iter().map(|id| value(*id)).collect::<Int32Array>())
        }
        DataType::Utf8 => {
            // NULLS NOT DISTINCT: there is room for one.
            let null = |id: i64| if field.name() == "badge" { id == 7 } else { null(id) };
            let value = |id: i64| (!null(id)).then(|| format!("{} {id} {generation}", field.name()));
            Arc::new(ids.iter().map(|id| value(*id)).collect::<StringArray>())
        }
        DataType::List(_) => {
            let value = |id: i64| {
                (!null(id))
                    .then(|| (0..id % 3).map(|i| (i != 1).then_some((id + i) as i32)).collect::<Vec<_>>())
            };
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(ids.iter().map(|id| value(*id))))
        }
        DataType::Interval(_) => {
            let value = |id: i64| {
                (!null(id)).then(|| IntervalMonthDayNano::new(id as i32, -(generation as i32), id * 1000))
            };
            Arc::new(ids.iter().map(|id| value(*id)).collect::<IntervalMonthDayNanoArray>())
        }
        DataType::FixedSizeList(item, _) => {
            let values = ids.iter().flat_map(|id| {
                (0..DIMENSIONS).map(move |i| *id as f32 + i as f32 / 8.0 + generation as f32 / 64.0)
            });
            let values: Float32Array = values.map(Some).collect();
            let valid = field
                .is_nullable()
                .then(|| NullBuffer::from(ids.iter().map(|id| !null(*id)).collect::<Vec<_>>()));
            Arc::new(FixedSizeListArray::new(item.clone(), DIMENSIONS, Arc::new(values), valid))
        }
        other => panic!("the workload has no columns of type {other}"),
    }
}

/// Each row as texts, one for each column.
pub(crate) fn texts(rows: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let formatter = |column| ArrayFormatter::try_new(column, &options).unwrap();
    let formatters: Vec<_> = rows.columns().iter().map(|column| formatter(column.as_ref())).collect();
    (0..rows.num_rows())
        .map(|row| formatters.iter().map(|column| column.value(row).to_string()).collect())
        .collect()
}

/// One value as text.
pub(crate) fn text(value: &ArrayRef) -> String {
    let options = FormatOptions::default().with_null("NULL");
    ArrayFormatter::try_new(value.as_ref(), &options).unwrap().value(0).to_string()
}

/// The live rows of a part with their row ids.
pub(crate) fn live(part: &Part, columns: usize) -> Result<Vec<(u64, Vec<String>)>> {
    let all: Vec<usize> = (0..columns).collect();
    let rows = texts(&part.columns(&all)?);
    assert_eq!(rows.len(), part.rows());
    let rows = (0_u32..).zip(rows).filter(|(row, _)| !part.deleted().contains(*row));
    Ok(rows.map(|(row, cells)| (part.row_id(row), cells)).collect())
}
