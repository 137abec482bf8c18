//! The table that a file's columns make, when `muster load` is told to make it.
//!
//! Arrow's types become SQL's; a fixed-size list of floats becomes a vector. A column named `id`,
//! `<table>_id` or (in the first place) `..._id` whose values are there and differ is the primary key.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, TimeUnit};
use muster_storage::{Changes, KeyConstraint};

use super::source::Source;
use super::{Request, bad_file};
use crate::types::vector::VectorKind;
use crate::{Error, Result, column};

/// What makes the table of a request.
///
/// # Errors
/// 0A000 for a column type that no table has.
pub(super) fn table(request: &Request, source: Source) -> Result<Changes> {
    let source_schema = source.schema.clone();
    let texts = source.texts && !matches!(request.format()?, super::FileFormat::JsonLines);
    let mut fields = Vec::with_capacity(source_schema.fields().len());
    for field in source_schema.fields() {
        if field.name().is_empty() || fields.iter().any(|known: &Field| known.name() == field.name()) {
            return Err(bad_file(&request.path, "its columns have no distinct names"));
        }
        fields.push(if texts {
            Field::new(field.name(), DataType::Utf8, true)
        } else {
            stored_column(field)?
        });
    }
    let candidate = key_candidate(&request.table, &fields);
    let mut keys = Vec::new();
    if let Some(position) = candidate
        && all_differ(source, position)?
        && let Some(field) = fields.get_mut(position)
    {
        field.set_nullable(false);
        keys.push(KeyConstraint {
            name: format!("{}_pkey", request.table),
            columns: vec![position],
            primary: true,
            nulls_distinct: true,
        });
    }
    Ok(Changes::new().create_table(
        &request.table,
        Arc::new(Schema::new(fields)),
        keys,
        std::collections::BTreeMap::new(),
    ))
}

/// The column that a table stores a file's, or a query's, column in.
pub(crate) fn stored_column(field: &Field) -> Result<Field> {
    let name = field.name();
    let plain = |data_type| Ok(Field::new(name, data_type, true));
    if column::is_json(field) {
        return Ok(column::json_field(name, "jsonb", true));
    }
    if column::is_uuid(field) {
        return Ok(column::uuid_field(name, true));
    }
    match field.data_type() {
        DataType::Boolean => plain(DataType::Boolean),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => plain(DataType::Int16),
        DataType::Int32 | DataType::UInt16 => plain(DataType::Int32),
        DataType::Int64 | DataType::UInt32 => plain(DataType::Int64),
        DataType::UInt64 => plain(DataType::Decimal128(20, 0)),
        DataType::Float16 | DataType::Float32 => plain(DataType::Float32),
        DataType::Float64 => plain(DataType::Float64),
        DataType::Decimal128(precision, scale) if *scale >= 0 => {
            plain(DataType::Decimal128(*precision, *scale))
        }
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) if *scale >= 0 => {
            plain(DataType::Decimal128(*precision, *scale))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => plain(DataType::Utf8),
        DataType::Dictionary(_, values) => stored_column(&Field::new(name, values.as_ref().clone(), true)),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            plain(DataType::Binary)
        }
        DataType::Date32 => plain(DataType::Date32),
        DataType::Date64 | DataType::Timestamp(_, None) => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        DataType::Timestamp(_, Some(_)) => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
        }
        DataType::Time32(_) | DataType::Time64(_) => plain(DataType::Time64(TimeUnit::Microsecond)),
        DataType::Interval(_) => plain(DataType::Interval(IntervalUnit::MonthDayNano)),
        DataType::FixedSizeList(item, dimensions) if item.data_type().is_floating() && *dimensions > 0 => {
            let half = item.data_type() == &DataType::Float16;
            let kind = if half { VectorKind::Half } else { VectorKind::Vector };
            Ok(column::vector_field(kind, name, *dimensions, true))
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let item = stored_column(&Field::new("item", item.data_type().clone(), true))?;
            if matches!(item.data_type(), DataType::List(_) | DataType::FixedSizeList(_, _)) {
                return Err(Error::unsupported(format!("column \"{name}\", an array of arrays,")));
            }
            plain(DataType::List(Arc::new(item)))
        }
        // Nested objects are documents.
        DataType::Struct(_) | DataType::Map(_, _) => Ok(column::json_field(name, "jsonb", true)),
        other => Err(Error::unsupported(format!("column \"{name}\" of type {other}"))),
    }
}

fn key_candidate(table: &str, fields: &[Field]) -> Option<usize> {
    let singular = table.strip_suffix('s').unwrap_or(table);
    let named = |name: &str| fields.iter().position(|field| field.name().eq_ignore_ascii_case(name));
    let first_id =
        fields.first().filter(|field| field.name().to_ascii_lowercase().ends_with("_id")).map(|_| 0);
    let candidate = named("id")
        .or_else(|| named(&format!("{table}_id")))
        .or_else(|| named(&format!("{singular}_id")))
        .or(first_id)?;
    let field = fields.get(candidate)?;
    let fits =
        field.data_type() == &DataType::Utf8 || field.data_type().is_integer() || column::is_uuid(field);
    (fits && !column::is_json(field)).then_some(candidate)
}

/// Whether the column's values are all there and all different.
fn all_differ(source: Source, position: usize) -> Result<bool> {
    let mut seen: HashSet<String> = HashSet::new();
    for rows in source.batches {
        let batch = rows?.batch;
        let Some(values) = batch.columns().get(position) else { return Ok(false) };
        if values.null_count() > 0 {
            return Ok(false);
        }
        let texts = if column::is_uuid(batch.schema().field(position)) {
            let bytes = values.as_fixed_size_binary();
            bytes.iter().flatten().map(|bytes| format!("{bytes:?}")).collect::<Vec<_>>()
        } else {
            let texts = arrow::compute::cast(values, &DataType::Utf8)?;
            texts.as_string::<i32>().iter().flatten().map(str::to_string).collect()
        };
        for text in texts {
            if !seen.insert(text) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
