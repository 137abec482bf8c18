//! Whether a definition can be stored, and whether rows fit one.
//!
//! It is the one gate into a table. It does not look at keys. Invariant: rows that pass can be journaled, sealed and read
//! back as they are.

use std::collections::BTreeSet;
use std::path::Path;

use arrow::array::{Array, AsArray, FixedSizeListArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, IntervalUnit, Schema};

use crate::definition::vector_shape;
use crate::keys::KeyEncoder;
use crate::segment::parquet_file;
use crate::{Error, KeyConstraint, Result, TableDefinition};

/// Checks a new table's definition.
pub(crate) fn check_definition(table: &str, schema: &Schema, keys: &[KeyConstraint]) -> Result<()> {
    for field in schema.fields() {
        check_column(table, field)?;
    }
    let mut names = BTreeSet::new();
    for key in keys {
        if !names.insert(&key.name) {
            return Err(Error::schema(table, format!("there are two constraints \"{}\"", key.name)));
        }
        check_key(table, schema, key)?;
    }
    Ok(())
}

/// Checks that a column can be stored.
pub(crate) fn check_column(table: &str, field: &Field) -> Result<()> {
    if let Some(unsupported) = unsupported(field.data_type(), true) {
        let detail = format!("column \"{}\": type {unsupported} cannot be stored", field.name());
        return Err(Error::schema(table, detail));
    }
    if vector_shape(field).is_none() {
        parquet_file::supports(&[field]).map_err(|error| Error::schema(table, error.to_string()))?;
    }
    Ok(())
}

/// Checks that a constraint fits the columns.
pub(crate) fn check_key(table: &str, schema: &Schema, key: &KeyConstraint) -> Result<()> {
    if key.columns.is_empty() {
        return Err(Error::schema(table, format!("constraint \"{}\" has no columns", key.name)));
    }
    let encoder = KeyEncoder::new(table, schema, key)?;
    for column in &encoder.constraint().columns {
        let nullable = schema.fields().get(*column).filter(|field| field.is_nullable());
        if let Some(field) = nullable.filter(|_| key.primary) {
            let detail = format!("column \"{}\" of the primary key allows nulls", field.name());
            return Err(Error::schema(table, detail));
        }
    }
    Ok(())
}

/// The first type in this one that no file of ours holds.
fn unsupported(data_type: &DataType, top: bool) -> Option<&DataType> {
    match data_type {
        // Dictionaries would need journal entries of more than one message; the SQL layer has no use for the others.
        DataType::Dictionary(..) | DataType::RunEndEncoded(..) | DataType::Union(..) => Some(data_type),
        DataType::Interval(IntervalUnit::MonthDayNano) if !top => Some(data_type),
        DataType::FixedSizeList(_, size) | DataType::FixedSizeBinary(size) if *size <= 0 => Some(data_type),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => unsupported(field.data_type(), false),
        DataType::Struct(fields) => fields.iter().find_map(|field| unsupported(field.data_type(), false)),
        _ => None,
    }
}

/// The rows under the table's own schema, once they fit it.
pub(crate) fn conform(definition: &TableDefinition, rows: &RecordBatch) -> Result<RecordBatch> {
    let table = &definition.name;
    let schema = &definition.schema;
    if rows.num_columns() != schema.fields().len() {
        let detail = format!("{} columns where the table has {}", rows.num_columns(), schema.fields().len());
        return Err(Error::schema(table, detail));
    }
    let mut columns = Vec::with_capacity(rows.num_columns());
    for (column, field) in rows.columns().iter().zip(schema.fields()) {
        let mut column = column.clone();
        if column.data_type() != field.data_type() {
            // Two lists that differ in the name of their items only hold the same values.
            if !column.data_type().equals_datatype(field.data_type()) {
                let detail = format!(
                    "column \"{}\" is {}, not {}",
                    field.name(),
                    field.data_type(),
                    column.data_type()
                );
                return Err(Error::schema(table, detail));
            }
            column = arrow::compute::cast(&column, field.data_type())
                .map_err(|error| Error::schema(table, format!("column \"{}\": {error}", field.name())))?;
        }
        if !field.is_nullable() && column.logical_null_count() > 0 {
            return Err(Error::NotNull { table: table.clone(), column: field.name().clone() });
        }
        if vector_shape(field).is_some()
            && let Some(row) = column.as_fixed_size_list_opt().and_then(row_with_null_element)
        {
            let detail = format!("the vector in column \"{}\" of row {row} has a null element", field.name());
            return Err(Error::schema(table, detail));
        }
        columns.push(column);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|error| Error::arrow(Path::new("rows"), error))
}

/// The first row that is not null but has an element that is.
fn row_with_null_element(vectors: &FixedSizeListArray) -> Option<usize> {
    if vectors.values().null_count() == 0 {
        return None;
    }
    (0..vectors.len()).find(|row| vectors.is_valid(*row) && vectors.value(*row).null_count() > 0)
}
