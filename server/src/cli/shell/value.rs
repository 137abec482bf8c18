//! A value of an Arrow column as the text that PostgreSQL prints for it.
//!
//! It is for people's eyes: control characters are made visible and, where asked, long vectors are
//! shortened. What goes over the wire is encoded in [`crate::wire`]. Invariant: no value, whatever
//! its type, makes it fail; a type it does not know is printed as Arrow prints it.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Field, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};

use muster::VectorKind;

use crate::cli::array_literal::array_literal;

/// Numbers that a shortened vector still shows.
const SHOWN_DIMENSIONS: usize = 3;

/// Columns whose values line up on the right.
pub(crate) fn is_numeric(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// Whether the field is a vector as SQL knows it.
pub(crate) fn is_vector(field: &Field) -> bool {
    VectorKind::of(field).is_some()
}

/// Prints the values of one column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValuePrinter {
    /// Shorten vectors to a few numbers and their length.
    pub(crate) short_vectors: bool,
}

impl ValuePrinter {
    /// The value's text; `None` for NULL.
    pub(crate) fn text(self, field: &Field, column: &ArrayRef, row: usize) -> Option<String> {
        if row >= column.len() || column.is_null(row) {
            return None;
        }
        Some(match column.data_type() {
            DataType::Null => return None,
            DataType::Boolean => if column.as_boolean().value(row) { "t" } else { "f" }.to_owned(),
            DataType::Int8 => column.as_primitive::<Int8Type>().value(row).to_string(),
            DataType::Int16 => column.as_primitive::<Int16Type>().value(row).to_string(),
            DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
            DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
            DataType::UInt8 => column.as_primitive::<UInt8Type>().value(row).to_string(),
            DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).to_string(),
            DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
            DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
            DataType::Float16 => float4(column.as_primitive::<Float16Type>().value(row).to_f32()),
            DataType::Float32 => float4(column.as_primitive::<Float32Type>().value(row)),
            DataType::Float64 => float8(column.as_primitive::<Float64Type>().value(row)),
            DataType::Utf8 => visible(column.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => visible(column.as_string::<i64>().value(row)),
            DataType::Utf8View => visible(column.as_string_view().value(row)),
            DataType::Binary => bytea(column.as_binary::<i32>().value(row)),
            DataType::LargeBinary => bytea(column.as_binary::<i64>().value(row)),
            DataType::BinaryView => bytea(column.as_binary_view().value(row)),
            DataType::FixedSizeBinary(16) if is_uuid(field) => uuid(column.as_fixed_size_binary().value(row)),
            DataType::FixedSizeBinary(_) => bytea(column.as_fixed_size_binary().value(row)),
            DataType::FixedSizeList(..) if is_vector(field) => {
                self.vector(&column.as_fixed_size_list().value(row))
            }
            DataType::List(_) if is_vector(field) => self.vector(&column.as_list::<i32>().value(row)),
            DataType::FixedSizeList(item, _) => self.list(item, &column.as_fixed_size_list().value(row)),
            DataType::List(item) => self.list(item, &column.as_list::<i32>().value(row)),
            DataType::LargeList(item) => self.list(item, &column.as_list::<i64>().value(row)),
            _ => by_arrow(column, row),
        })
    }

    fn list(self, item: &Field, values: &ArrayRef) -> String {
        array_literal((0..values.len()).map(|row| self.text(item, values, row)))
    }

    fn vector(self, values: &ArrayRef) -> String {
        let halves = values.as_primitive_opt::<Float16Type>();
        let values: Vec<f32> = match halves {
            Some(halves) => halves.values().iter().map(|half| half.to_f32()).collect(),
            None => values.as_primitive::<Float32Type>().values().to_vec(),
        };
        let shown = if self.short_vectors && values.len() > 2 * SHOWN_DIMENSIONS {
            SHOWN_DIMENSIONS
        } else {
            values.len()
        };
        let mut out = String::from("[");
        for (index, value) in values.iter().take(shown).enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(&float4(*value));
        }
        if shown < values.len() {
            // Writing to a String cannot fail.
            let _ok = write!(out, ",... {} in all", values.len());
        }
        out.push(']');
        out
    }
}

/// The rest: decimals, dates, times, intervals, and types that SQL has no name for.
fn by_arrow(column: &ArrayRef, row: usize) -> String {
    let options = FormatOptions::new()
        .with_display_error(true)
        .with_duration_format(DurationFormat::Pretty)
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:::z"))
        .with_time_format(Some("%H:%M:%S%.f"));
    match ArrayFormatter::try_new(column.as_ref(), &options) {
        Ok(formatter) => visible(&formatter.value(row).to_string()),
        Err(error) => format!("<{error}>"),
    }
}

fn is_uuid(field: &Field) -> bool {
    field.extension_type_name() == Some("arrow.uuid")
}

fn uuid(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ok = write!(out, "{byte:02x}");
    }
    out
}

fn bytea(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 + 2 * bytes.len());
    out.push_str("\\x");
    for byte in bytes {
        let _ok = write!(out, "{byte:02x}");
    }
    out
}

/// The shortest digits that read back as the same number, in PostgreSQL's choice of notation.
fn float4(value: f32) -> String {
    if value.is_finite() { notation(&format!("{value:e}"), 6) } else { not_finite(value.into()) }
}

fn float8(value: f64) -> String {
    if value.is_finite() { notation(&format!("{value:e}"), 15) } else { not_finite(value) }
}

fn not_finite(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value > 0.0 {
        "Infinity".to_owned()
    } else {
        "-Infinity".to_owned()
    }
}

/// Rewrites Rust's `1.25e-7` the way PostgreSQL writes it: plain from 1e-4 up to `digits` digits
/// before the point, else with a signed exponent of two digits or more.
fn notation(scientific: &str, digits: i32) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific.to_owned() };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific.to_owned() };
    if exponent < -4 || exponent >= digits {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    // At most `digits` zeros on either side: the match above has bounded the exponent.
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if exponent < 0 {
        return format!("{sign}0.{}{all}", zeros(-exponent - 1));
    }
    let before = usize::try_from(exponent).unwrap_or(0) + 1;
    match (all.get(..before), all.get(before..)) {
        (Some(whole), Some("")) => format!("{sign}{whole}"),
        (Some(whole), Some(rest)) => format!("{sign}{whole}.{rest}"),
        _ => {
            let missing = before.saturating_sub(all.len());
            format!("{sign}{all}{}", "0".repeat(missing))
        }
    }
}

/// The text with control characters, which could take over a terminal, as escapes.
fn visible(text: &str) -> String {
    if !text.chars().any(|letter| letter.is_control()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            '\r' => out.push_str("\\r"),
            letter if letter.is_control() => {
                let _ok = write!(out, "\\x{:02X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BinaryArray, BooleanArray, Decimal128Array, FixedSizeListArray, Float32Array, Float64Array,
        Int32Array, ListArray, StringArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::Int32Type;

    use super::*;

    fn texts(column: ArrayRef) -> Vec<Option<String>> {
        let field = Field::new("c", column.data_type().clone(), true);
        let printer = ValuePrinter { short_vectors: true };
        (0..column.len()).map(|row| printer.text(&field, &column, row)).collect()
    }

    fn one(column: impl Array + 'static) -> String {
        texts(Arc::new(column)).remove(0).unwrap()
    }

    #[test]
    fn numbers_print_as_postgresql_prints_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1.0, "1"),
            (123_456_789.5, "123456789.5"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (-0.000_012_5, "-1.25e-05"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(one(Float64Array::from(vec![value])), text);
        }
        assert_eq!(one(Float32Array::from(vec![0.1])), "0.1");
        assert_eq!(one(Float32Array::from(vec![1e6])), "1e+06");
        assert_eq!(one(Float32Array::from(vec![123_456.0])), "123456");
        assert_eq!(one(Int32Array::from(vec![i32::MIN])), "-2147483648");
        let pay = Decimal128Array::from(vec![1_980]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(one(pay), "19.80");
    }

    #[test]
    fn booleans_bytes_and_times_print_as_postgresql_prints_them() {
        assert_eq!(one(BooleanArray::from(vec![true])), "t");
        assert_eq!(one(BinaryArray::from(vec![&[0_u8, 255][..]])), "\\x00ff");
        let instant = 1_767_322_984_500_000;
        assert_eq!(
            one(TimestampMicrosecondArray::from(vec![instant]).with_timezone("UTC")),
            "2026-01-02 03:03:04.500+00"
        );
        assert_eq!(one(TimestampMicrosecondArray::from(vec![0])), "1970-01-01 00:00:00");
    }

    #[test]
    fn null_is_no_text() {
        assert_eq!(
            texts(Arc::new(StringArray::from(vec![None, Some(""), Some("NULL")]))),
            [None, Some(String::new()), Some("NULL".to_owned())]
        );
    }

    #[test]
    fn lists_are_array_literals() {
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
        assert_eq!(texts(Arc::new(lists)), [Some("{1,NULL}".to_owned()), None]);
    }

    #[test]
    fn long_vectors_are_shortened_only_when_asked() {
        let values: Vec<_> = (0..8_u8).map(|value| Some(f32::from(value) / 2.0)).collect();
        let vectors: ArrayRef =
            Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>([Some(values)], 8));
        let field = Field::new("v", vectors.data_type().clone(), true);
        assert!(is_vector(&field));
        let print = |short_vectors| ValuePrinter { short_vectors }.text(&field, &vectors, 0).unwrap();
        assert_eq!(print(true), "[0,0.5,1,... 8 in all]");
        assert_eq!(print(false), "[0,0.5,1,1.5,2,2.5,3,3.5]");
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(one(StringArray::from(vec!["a\u{1b}[31mb\tc\rd\ne"])), "a\\x1B[31mb    c\\rd\ne");
    }
}
