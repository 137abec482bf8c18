//! A stored value as an error shows it: close to PostgreSQL's text form, for people to read.
//!
//! It is not what clients get: the server encodes results.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::column;

/// The value in a row, NULL as `null`.
pub(crate) fn display(values: &ArrayRef, row: usize, field: &Field) -> String {
    const TIMESTAMP: &str = "%Y-%m-%d %H:%M:%S%.f";
    const TIMESTAMP_TZ: &str = "%Y-%m-%d %H:%M:%S%.f+00";
    if row >= values.len() || values.is_null(row) {
        return "null".to_string();
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match values.data_type() {
        DataType::Boolean => return if values.as_boolean().value(row) { "t" } else { "f" }.to_string(),
        DataType::Binary => return format!("\\x{}", hex(values.as_binary::<i32>().value(row))),
        DataType::FixedSizeBinary(16) if column::is_uuid(field) => {
            let digits = hex(values.as_fixed_size_binary().value(row));
            let mut uuid = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if [8, 12, 16, 20].contains(&place) {
                    uuid.push('-');
                }
                uuid.push(digit);
            }
            return uuid;
        }
        DataType::List(item) => return list(&values.as_list::<i32>().value(row), item, ['{', '}']),
        DataType::FixedSizeList(item, _) => {
            return list(&values.as_fixed_size_list().value(row), item, ['[', ']']);
        }
        DataType::Float32 => {
            return values.as_primitive::<arrow::datatypes::Float32Type>().value(row).to_string();
        }
        DataType::Float64 => {
            return values.as_primitive::<arrow::datatypes::Float64Type>().value(row).to_string();
        }
        _ => {}
    }
    let options = FormatOptions::default()
        .with_timestamp_format(Some(TIMESTAMP))
        .with_timestamp_tz_format(Some(TIMESTAMP_TZ));
    match ArrayFormatter::try_new(values, &options) {
        Ok(formatter) => formatter.value(row).try_to_string().unwrap_or_else(|_| "?".to_string()),
        Err(_) => "?".to_string(),
    }
}

fn list(items: &ArrayRef, field: &Field, [open, close]: [char; 2]) -> String {
    let items: Vec<String> = (0..items.len()).map(|item| display(items, item, field)).collect();
    format!("{open}{}{close}", items.join(","))
}
