//! The `metadata` column: a row as a JSON object, without its vectors.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::types::json;
use crate::{Result, column};

/// The object of each row of `rows`, with `jsonb`'s order of keys.
pub(in crate::functions::table) fn objects(rows: &RecordBatch) -> Result<Vec<String>> {
    let schema = rows.schema();
    let mut order: Vec<(&Field, &ArrayRef)> = schema
        .fields()
        .iter()
        .zip(rows.columns())
        .map(|(field, array)| (field.as_ref(), array))
        .filter(|(field, _)| !column::is_vector(field))
        .collect();
    order.sort_by(|(a, _), (b, _)| {
        (a.name().len(), a.name().as_bytes()).cmp(&(b.name().len(), b.name().as_bytes()))
    });
    (0..rows.num_rows())
        .map(|row| {
            let mut out = String::from("{");
            for (position, (field, array)) in order.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                json::write_string(field.name(), &mut out);
                out.push_str(": ");
                write(field, array, row, &mut out)?;
            }
            out.push('}');
            Ok(out)
        })
        .collect()
}

/// The values of a key column as the texts that `id` holds.
pub(super) fn texts(field: &Field, values: &ArrayRef) -> Result<ArrayRef> {
    if !column::is_uuid(field) {
        return Ok(arrow::compute::cast(values, &DataType::Utf8)?);
    }
    let mut texts = StringBuilder::new();
    for row in 0..values.len() {
        let mut text = String::new();
        write(field, values, row, &mut text)?;
        texts.append_value(text.trim_matches('"'));
    }
    Ok(Arc::new(texts.finish()))
}

/// One value as PostgreSQL's `to_jsonb` writes it.
fn write(field: &Field, array: &ArrayRef, row: usize, out: &mut String) -> Result<()> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    let options = FormatOptions::default()
        .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.f%:z"));
    match array.data_type() {
        DataType::List(item) => {
            let items = array.as_list::<i32>().value(row);
            out.push('[');
            for position in 0..items.len() {
                if position > 0 {
                    out.push_str(", ");
                }
                write(item, &items, position, out)?;
            }
            out.push(']');
        }
        DataType::Utf8 => {
            let text = array.as_string::<i32>().value(row);
            if column::is_json(field) {
                out.push_str(&json::canonical(text)?);
            } else {
                json::write_string(text, out);
            }
        }
        DataType::FixedSizeBinary(16) if column::is_uuid(field) => {
            let bytes = array.as_fixed_size_binary().value(row);
            out.push('"');
            for (position, byte) in bytes.iter().enumerate() {
                if [4, 6, 8, 10].contains(&position) {
                    out.push('-');
                }
                push_hex(*byte, out);
            }
            out.push('"');
        }
        DataType::Binary => {
            let bytes = array.as_binary::<i32>().value(row);
            out.push_str("\"\\\\x");
            for byte in bytes {
                push_hex(*byte, out);
            }
            out.push('"');
        }
        DataType::Float32 => number(
            f64::from(array.as_primitive::<arrow::datatypes::Float32Type>().value(row)),
            &ArrayFormatter::try_new(array, &options)?.value(row).to_string(),
            out,
        ),
        DataType::Float64 => number(
            array.as_primitive::<arrow::datatypes::Float64Type>().value(row),
            &ArrayFormatter::try_new(array, &options)?.value(row).to_string(),
            out,
        ),
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Decimal128(_, _) => {
            out.push_str(&ArrayFormatter::try_new(array, &options)?.value(row).to_string());
        }
        _ => json::write_string(&ArrayFormatter::try_new(array, &options)?.value(row).to_string(), out),
    }
    Ok(())
}

fn push_hex(byte: u8, out: &mut String) {
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}

/// JSON has no infinity and no NaN: PostgreSQL writes them as texts.
fn number(value: f64, text: &str, out: &mut String) {
    if value.is_finite() {
        out.push_str(text);
    } else if value.is_nan() {
        out.push_str("\"NaN\"");
    } else {
        out.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    }
}
