//! Parameters in text format.

use std::str::FromStr;

use arrow::array::timezone::Tz;
use arrow::compute::kernels::cast_utils::parse_interval_month_day_nano;
use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use muster::Value;
use muster::input::{Digits, Fault, Read, check_json, list, string, timestamp};
use pgwire::api::Type;

use super::array::{self, Element};
use super::datetime::{parse_date, parse_time, parse_timestamp, parse_timestamptz};
use crate::wire::types::pg_type;

/// Reads a value of the field's type.
pub(super) fn read(field: &Field, text: &str, zone: Tz) -> Read<Value> {
    Ok(match field.data_type() {
        DataType::Boolean => Value::Boolean(Some(boolean(text)?)),
        DataType::Int8 => Value::Int8(Some(integer(text)?)),
        DataType::Int16 => Value::Int16(Some(integer(text)?)),
        DataType::Int32 => Value::Int32(Some(integer(text)?)),
        DataType::Int64 => Value::Int64(Some(integer(text)?)),
        DataType::UInt8 => Value::UInt8(Some(integer(text)?)),
        DataType::UInt16 => Value::UInt16(Some(integer(text)?)),
        DataType::UInt32 => Value::UInt32(Some(integer(text)?)),
        DataType::UInt64 => Value::UInt64(Some(integer(text)?)),
        DataType::Float32 => Value::Float32(Some(float::<f32>(text)?)),
        DataType::Float64 => Value::Float64(Some(float::<f64>(text)?)),
        DataType::Decimal128(precision, scale) => {
            Value::Decimal128(Some(Digits::parse(text)?.unscaled(*precision, *scale)?), *precision, *scale)
        }
        data_type @ (DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
            check_json(field, text)?;
            string(data_type, text)?
        }
        DataType::Binary => Value::Binary(Some(bytea(text)?)),
        DataType::LargeBinary => Value::LargeBinary(Some(bytea(text)?)),
        DataType::BinaryView => Value::BinaryView(Some(bytea(text)?)),
        DataType::FixedSizeBinary(16) if pg_type(field) == Some(Type::UUID) => {
            Value::FixedSizeBinary(16, Some(uuid(text)?))
        }
        DataType::Date32 => Value::Date32(Some(parse_date(text)?)),
        DataType::Time64(TimeUnit::Microsecond) => Value::Time64Microsecond(Some(parse_time(text)?)),
        DataType::Time64(TimeUnit::Nanosecond) => Value::Time64Nanosecond(Some(parse_time(text)? * 1000)),
        DataType::Timestamp(unit, None) => timestamp(*unit, None, parse_timestamp(text)?)?,
        DataType::Timestamp(unit, Some(name)) => {
            timestamp(*unit, Some(name.clone()), parse_timestamptz(text, zone)?)?
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            Value::IntervalMonthDayNano(Some(parse_interval_month_day_nano(text).map_err(|_| Fault::Syntax)?))
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            list_of(field.data_type(), item, array::parse(text)?, zone)?
        }
        other => return Err(Fault::Unsupported(format!("a parameter of type {other}"))),
    })
}

fn list_of(data_type: &DataType, item: &Field, elements: Vec<Element>, zone: Tz) -> Read<Value> {
    let values = elements.into_iter().map(|element| match (element, item.data_type()) {
        (Element::Null, inner) => {
            Value::try_from(inner).map_err(|error| Fault::Unsupported(error.strip_backtrace()))
        }
        (Element::Text(text), _) => read(item, &text, zone),
        (
            Element::Array(elements),
            inner @ (DataType::List(nested)
            | DataType::LargeList(nested)
            | DataType::FixedSizeList(nested, _)),
        ) => list_of(inner, nested, elements, zone),
        (Element::Array(_), _) => Err(Fault::Syntax),
    });
    list(data_type, values.collect::<Read<Vec<_>>>()?)
}

/// `t`, `yes`, `on`, `1` and their prefixes and opposites.
fn boolean(text: &str) -> Read<bool> {
    let text = text.trim().to_ascii_lowercase();
    let prefix = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if prefix("true", 1) || prefix("yes", 1) || text == "on" || text == "1" {
        Ok(true)
    } else if prefix("false", 1) || prefix("no", 1) || prefix("off", 2) || text == "0" {
        Ok(false)
    } else {
        Err(Fault::Syntax)
    }
}

fn integer<T: TryFrom<i128>>(text: &str) -> Read<T> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let value = text.trim().parse::<i128>().map_err(|error| match error.kind() {
        PosOverflow | NegOverflow => Fault::Range,
        _ => Fault::Syntax,
    })?;
    T::try_from(value).map_err(|_| Fault::Range)
}

fn float<T: FromStr + Into<f64> + Copy>(text: &str) -> Read<T> {
    let text = text.trim();
    let value: T = text.parse().map_err(|_| Fault::Syntax)?;
    // What is written with digits but does not fit became infinite.
    if value.into().is_infinite() && text.contains(|char: char| char.is_ascii_digit()) {
        return Err(Fault::Range);
    }
    Ok(value)
}

/// `\x` and hexadecimal digits, or the older form with `\\` and `\377`.
fn bytea(text: &str) -> Read<Vec<u8>> {
    if let Some(digits) = text.strip_prefix("\\x") {
        return hex(digits.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
        } else if let Some(after) = rest.strip_prefix(b"\\") {
            bytes.push(b'\\');
            rest = after;
        } else {
            let (digits, after) = rest.split_at_checked(3).ok_or(Fault::Syntax)?;
            let octal = std::str::from_utf8(digits)
                .ok()
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            bytes.push(octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()).ok_or(Fault::Syntax)?);
            rest = after;
        }
    }
    Ok(bytes)
}

fn hex(mut digits: impl Iterator<Item = u8>) -> Read<Vec<u8>> {
    let nibble = |digit: u8| {
        char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(Fault::Syntax)
    };
    let mut bytes = Vec::new();
    while let Some(high) = digits.next() {
        let low = digits.next().ok_or(Fault::Syntax)?;
        bytes.push(nibble(high)? << 4 | nibble(low)?);
    }
    Ok(bytes)
}

/// Thirty-two digits, with hyphens after any group of four and perhaps in braces.
fn uuid(text: &str) -> Read<Vec<u8>> {
    let text = text.trim();
    let text = match text.strip_prefix('{') {
        Some(inner) => inner.strip_suffix('}').ok_or(Fault::Syntax)?,
        None => text,
    };
    let mut digits = 0;
    for byte in text.bytes() {
        match byte {
            b'-' if digits > 0 && digits % 4 == 0 => {}
            byte if byte.is_ascii_hexdigit() => digits += 1,
            _ => return Err(Fault::Syntax),
        }
    }
    if digits != 32 || text.ends_with('-') {
        return Err(Fault::Syntax);
    }
    hex(text.bytes().filter(|byte| *byte != b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_take_the_words_that_postgresql_takes() {
        for text in ["t", "TRUE", " yes ", "on", "1", "tr"] {
            assert_eq!(boolean(text), Ok(true), "{text}");
        }
        for text in ["f", "False", "no", "off", "of", "0"] {
            assert_eq!(boolean(text), Ok(false), "{text}");
        }
        for text in ["", "o", "2", "truth"] {
            assert_eq!(boolean(text), Err(Fault::Syntax), "{text}");
        }
    }

    #[test]
    fn bytea_is_read_in_both_forms() {
        assert_eq!(bytea("\\x00fF").unwrap(), [0, 255]);
        assert_eq!(bytea("a\\\\\\001").unwrap(), b"a\\\x01");
        for text in ["\\x0", "\\xzz", "\\", "\\9", "\\777", "\\+12"] {
            assert_eq!(bytea(text), Err(Fault::Syntax), "{text}");
        }
    }

    #[test]
    fn uuids_are_read_with_and_without_hyphens() {
        let expected: Vec<u8> = (0..16).collect();
        for text in [
            "00010203-0405-0607-0809-0a0b0c0d0e0f",
            "{000102030405060708090A0B0C0D0E0F}",
            "0001-02030405060708090a0b0c0d0e0f",
        ] {
            assert_eq!(uuid(text).unwrap(), expected, "{text}");
        }
        for text in ["", "0001", "00010203-0405-0607-0809-0a0b0c0d0e0", "{000102030405060708090A0B0C0D0E0F"] {
            assert_eq!(uuid(text), Err(Fault::Syntax), "{text}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_out_of_range() {
        assert_eq!(integer::<i16>("32768"), Err(Fault::Range));
        assert_eq!(integer::<i64>(&"9".repeat(60)), Err(Fault::Range));
        assert_eq!(integer::<i32>("1.5"), Err(Fault::Syntax));
        assert_eq!(float::<f32>("1e39"), Err(Fault::Range));
        assert_eq!(float::<f64>("-Infinity"), Ok(f64::NEG_INFINITY));
        assert!(float::<f64>("nan").unwrap().is_nan());
    }
}
