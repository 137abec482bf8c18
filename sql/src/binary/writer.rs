//! Values in PostgreSQL's binary formats: big-endian, with its own epochs.

use arrow::array::{Array, AsArray};
use arrow::datatypes::*;
use bytes::{BufMut, BytesMut};

use super::nested;
use crate::text::number::Decimal;
use crate::text::temporal::{EPOCH_DAYS, Interval, MICROS_PER_DAY};
use crate::text::{Fault, Write, byte_strings, intervals, mismatch, primitive};
use crate::types::oid;
use crate::types::vector::VectorKind;

/// PostgreSQL's epoch, in microseconds since Arrow's.
const EPOCH_MICROS: i64 = EPOCH_DAYS * MICROS_PER_DAY;
/// The version that precedes the text of a jsonb.
const JSONB_VERSION: u8 = 1;

/// The writer of an array's values in binary.
///
/// # Errors
/// [`Fault::Unsupported`] for a type without a binary format.
pub fn writer<'a>(array: &'a dyn Array, field: &Field) -> Result<Write<'a>, Fault> {
    macro_rules! fixed {
        ($type:ty, $put:ident, |$value:ident| $converted:expr) => {
            primitive::<$type>(array, move |$value, out| {
                out.$put($converted);
                Ok(())
            })?
        };
    }
    macro_rules! decimal {
        ($type:ty, $scale:expr) => {{
            let scale = $scale;
            primitive::<$type>(array, move |value, out| {
                Decimal::new(&value.to_string(), scale).write_binary(out);
                Ok(())
            })?
        }};
    }
    macro_rules! timestamp {
        ($type:ty, |$value:ident| $micros:expr) => {
            primitive::<$type>(array, move |$value, out| {
                let micros: Option<i64> = $micros;
                let micros = micros.and_then(|micros| micros.checked_sub(EPOCH_MICROS));
                out.put_i64(micros.ok_or(Fault::OutOfRange("timestamp"))?);
                Ok(())
            })?
        };
    }
    macro_rules! duration {
        ($type:ty, |$value:ident| $micros:expr) => {
            primitive::<$type>(array, move |$value, out| {
                let micros: Option<i64> = $micros;
                let micros = micros.ok_or(Fault::OutOfRange("interval"))?;
                put_interval(Interval { months: 0, days: 0, micros }, out);
                Ok(())
            })?
        };
    }
    macro_rules! string {
        ($values:expr) => {{
            let versioned = oid::of(field) == Some(oid::JSONB);
            byte_strings($values, array, move |value, out| {
                if versioned {
                    out.put_u8(JSONB_VERSION);
                }
                out.put_slice(value.as_bytes())
            })?
        }};
    }
    if VectorKind::of(field).is_some() {
        return nested::write_binary_vector(array);
    }
    Ok(match array.data_type() {
        DataType::Null => Box::new(|_, _| Ok(())),
        DataType::Boolean => {
            let values = array.as_boolean_opt().ok_or_else(|| mismatch(array))?;
            Box::new(move |row, out| {
                out.put_u8(u8::from(values.value(row)));
                Ok(())
            })
        }
        DataType::Int8 => fixed!(Int8Type, put_i16, |value| value.into()),
        DataType::Int16 => fixed!(Int16Type, put_i16, |value| value),
        DataType::Int32 => fixed!(Int32Type, put_i32, |value| value),
        DataType::Int64 => fixed!(Int64Type, put_i64, |value| value),
        DataType::UInt8 => fixed!(UInt8Type, put_i16, |value| value.into()),
        DataType::UInt16 => fixed!(UInt16Type, put_i32, |value| value.into()),
        DataType::UInt32 => fixed!(UInt32Type, put_i64, |value| value.into()),
        DataType::UInt64 => decimal!(UInt64Type, 0),
        DataType::Float16 => fixed!(Float16Type, put_f32, |value| value.to_f32()),
        DataType::Float32 => fixed!(Float32Type, put_f32, |value| value),
        DataType::Float64 => fixed!(Float64Type, put_f64, |value| value),
        DataType::Decimal32(_, scale) => decimal!(Decimal32Type, *scale),
        DataType::Decimal64(_, scale) => decimal!(Decimal64Type, *scale),
        DataType::Decimal128(_, scale) => decimal!(Decimal128Type, *scale),
        DataType::Decimal256(_, scale) => decimal!(Decimal256Type, *scale),
        DataType::Utf8 => string!(array.as_string_opt::<i32>()),
        DataType::LargeUtf8 => string!(array.as_string_opt::<i64>()),
        DataType::Utf8View => string!(array.as_string_view_opt()),
        DataType::Binary => {
            byte_strings(array.as_binary_opt::<i32>(), array, move |value, out| out.put_slice(value))?
        }
        DataType::LargeBinary => {
            byte_strings(array.as_binary_opt::<i64>(), array, move |value, out| out.put_slice(value))?
        }
        DataType::BinaryView => {
            byte_strings(array.as_binary_view_opt(), array, move |value, out| out.put_slice(value))?
        }
        DataType::FixedSizeBinary(_) => {
            byte_strings(array.as_fixed_size_binary_opt(), array, move |value, out| out.put_slice(value))?
        }
        DataType::Date32 => primitive::<Date32Type>(array, move |value, out| put_date(value.into(), out))?,
        DataType::Date64 => primitive::<Date64Type>(array, move |value, out| {
            put_date(value.div_euclid(MICROS_PER_DAY / 1000), out)
        })?,
        DataType::Time32(TimeUnit::Second) => {
            fixed!(Time32SecondType, put_i64, |value| i64::from(value) * 1_000_000)
        }
        DataType::Time32(_) => fixed!(Time32MillisecondType, put_i64, |value| i64::from(value) * 1000),
        DataType::Time64(TimeUnit::Nanosecond) => {
            fixed!(Time64NanosecondType, put_i64, |value| value.div_euclid(1000))
        }
        DataType::Time64(_) => fixed!(Time64MicrosecondType, put_i64, |value| value),
        DataType::Timestamp(TimeUnit::Second, _) => {
            timestamp!(TimestampSecondType, |value| value.checked_mul(1_000_000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            timestamp!(TimestampMillisecondType, |value| value.checked_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            timestamp!(TimestampMicrosecondType, |value| Some(value))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            timestamp!(TimestampNanosecondType, |value| Some(value.div_euclid(1000)))
        }
        DataType::Duration(TimeUnit::Second) => {
            duration!(DurationSecondType, |value| value.checked_mul(1_000_000))
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            duration!(DurationMillisecondType, |value| value.checked_mul(1000))
        }
        DataType::Duration(TimeUnit::Microsecond) => duration!(DurationMicrosecondType, |value| Some(value)),
        DataType::Duration(TimeUnit::Nanosecond) => {
            duration!(DurationNanosecondType, |value| Some(value / 1000))
        }
        DataType::Interval(_) => {
            let value = intervals(array)?;
            Box::new(move |row, out| {
                put_interval(value(row), out);
                Ok(())
            })
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            return nested::write_binary_array(array);
        }
        DataType::Struct(_) => return nested::write_binary_record(array),
        _ => return Err(mismatch(array)),
    })
}

fn put_date(days: i64, out: &mut BytesMut) -> Result<(), Fault> {
    let days = days.checked_sub(EPOCH_DAYS).and_then(|days| i32::try_from(days).ok());
    out.put_i32(days.ok_or(Fault::OutOfRange("date"))?);
    Ok(())
}

fn put_interval(interval: Interval, out: &mut BytesMut) {
    out.put_i64(interval.micros);
    out.put_i32(interval.days);
    out.put_i32(interval.months);
}
