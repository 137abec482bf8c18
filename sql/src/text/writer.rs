//! The writer of an array's values, by its type.

use std::fmt::Write as _;

use arrow::array::timezone::Tz;
use arrow::array::{Array, AsArray};
use arrow::datatypes::*;
use bytes::{BufMut, BytesMut};

use super::number::{Decimal, write_f32, write_f64};
use super::temporal::write_timestamptz;
use super::temporal::{Interval, MICROS_PER_DAY, write_date, write_interval, write_time, write_timestamp};
use super::{Fault, Write, array, byte_strings, mismatch, primitive};
use crate::column::{is_number_vector, is_vector};

/// The writer of an array's values as text; `zone` is where the clocks of `timestamptz` stand.
///
/// # Errors
/// [`Fault::Unsupported`] for values that PostgreSQL has no type for.
pub fn writer<'a>(array: &'a dyn Array, field: &Field, zone: Tz) -> Result<Write<'a>, Fault> {
    macro_rules! integer {
        ($type:ty) => {
            primitive::<$type>(array, move |value, out| Ok(write!(out, "{value}")?))?
        };
    }
    macro_rules! decimal {
        ($type:ty, $scale:expr) => {{
            let scale = $scale;
            primitive::<$type>(array, move |value, out| {
                Decimal::new(&value.to_string(), scale).write_text(out);
                Ok(())
            })?
        }};
    }
    macro_rules! timestamp {
        ($type:ty, $zone:expr, |$value:ident| $micros:expr) => {{
            if $zone.is_some() {
                primitive::<$type>(array, move |$value, out| {
                    let micros = $micros.ok_or(Fault::OutOfRange("timestamp with time zone"))?;
                    write_timestamptz(micros, zone, out)
                })?
            } else {
                primitive::<$type>(array, move |$value, out| {
                    write_timestamp($micros.ok_or(Fault::OutOfRange("timestamp"))?, out)
                })?
            }
        }};
    }
    macro_rules! interval {
        ($type:ty, |$value:ident| $micros:expr) => {
            primitive::<$type>(array, move |$value, out| {
                let micros: i64 = $micros.ok_or(Fault::OutOfRange("interval"))?;
                write_interval(Interval { months: 0, days: 0, micros }, out)
            })?
        };
    }
    if is_vector(field) {
        return array::write_text_vector(array);
    }
    Ok(match array.data_type() {
        DataType::Null => Box::new(|_, _| Ok(())),
        DataType::Boolean => {
            let values = array.as_boolean_opt().ok_or_else(|| mismatch(array))?;
            Box::new(move |row, out| {
                out.put_u8(if values.value(row) { b't' } else { b'f' });
                Ok(())
            })
        }
        DataType::Int8 => integer!(Int8Type),
        DataType::Int16 => integer!(Int16Type),
        DataType::Int32 => integer!(Int32Type),
        DataType::Int64 => integer!(Int64Type),
        DataType::UInt8 => integer!(UInt8Type),
        DataType::UInt16 => integer!(UInt16Type),
        DataType::UInt32 => integer!(UInt32Type),
        DataType::UInt64 => integer!(UInt64Type),
        DataType::Float16 => primitive::<Float16Type>(array, move |value, out| {
            write_f32(value.to_f32(), out);
            Ok(())
        })?,
        DataType::Float32 => primitive::<Float32Type>(array, move |value, out| {
            write_f32(value, out);
            Ok(())
        })?,
        DataType::Float64 => primitive::<Float64Type>(array, move |value, out| {
            write_f64(value, out);
            Ok(())
        })?,
        DataType::Decimal32(_, scale) => decimal!(Decimal32Type, *scale),
        DataType::Decimal64(_, scale) => decimal!(Decimal64Type, *scale),
        DataType::Decimal128(_, scale) => decimal!(Decimal128Type, *scale),
        DataType::Decimal256(_, scale) => decimal!(Decimal256Type, *scale),
        DataType::Utf8 => byte_strings(array.as_string_opt::<i32>(), array, move |value, out| {
            out.put_slice(value.as_bytes())
        })?,
        DataType::LargeUtf8 => byte_strings(array.as_string_opt::<i64>(), array, move |value, out| {
            out.put_slice(value.as_bytes())
        })?,
        DataType::Utf8View => byte_strings(array.as_string_view_opt(), array, move |value, out| {
            out.put_slice(value.as_bytes())
        })?,
        DataType::Binary => byte_strings(array.as_binary_opt::<i32>(), array, put_hex)?,
        DataType::LargeBinary => byte_strings(array.as_binary_opt::<i64>(), array, put_hex)?,
        DataType::BinaryView => byte_strings(array.as_binary_view_opt(), array, put_hex)?,
        // No other type of ours has sixteen bytes; as an element of an array it may have lost its mark.
        DataType::FixedSizeBinary(16) => byte_strings(array.as_fixed_size_binary_opt(), array, put_uuid)?,
        DataType::FixedSizeBinary(_) => byte_strings(array.as_fixed_size_binary_opt(), array, put_hex)?,
        DataType::Date32 => primitive::<Date32Type>(array, move |value, out| write_date(value.into(), out))?,
        DataType::Date64 => primitive::<Date64Type>(array, move |value, out| {
            write_date(value.div_euclid(MICROS_PER_DAY / 1000), out)
        })?,
        DataType::Time32(TimeUnit::Second) => primitive::<Time32SecondType>(array, move |value, out| {
            write_time(i64::from(value) * 1_000_000, out)
        })?,
        DataType::Time32(_) => primitive::<Time32MillisecondType>(array, move |value, out| {
            write_time(i64::from(value) * 1000, out)
        })?,
        DataType::Time64(TimeUnit::Nanosecond) => {
            primitive::<Time64NanosecondType>(array, move |value, out| {
                write_time(value.div_euclid(1000), out)
            })?
        }
        DataType::Time64(_) => primitive::<Time64MicrosecondType>(array, write_time)?,
        DataType::Timestamp(TimeUnit::Second, zoned) => {
            timestamp!(TimestampSecondType, zoned, |value| value.checked_mul(1_000_000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, zoned) => {
            timestamp!(TimestampMillisecondType, zoned, |value| value.checked_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zoned) => {
            timestamp!(TimestampMicrosecondType, zoned, |value| Some(value))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zoned) => {
            timestamp!(TimestampNanosecondType, zoned, |value| Some(value.div_euclid(1000)))
        }
        DataType::Duration(TimeUnit::Second) => {
            interval!(DurationSecondType, |value| value.checked_mul(1_000_000))
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            interval!(DurationMillisecondType, |value| value.checked_mul(1000))
        }
        DataType::Duration(TimeUnit::Microsecond) => interval!(DurationMicrosecondType, |value| Some(value)),
        DataType::Duration(TimeUnit::Nanosecond) => {
            interval!(DurationNanosecondType, |value| Some(value / 1000))
        }
        DataType::Interval(_) => {
            let value = intervals(array)?;
            Box::new(move |row, out| write_interval(value(row), out))
        }
        DataType::List(_) if is_number_vector(field) => return array::write_text_numbers(array, zone),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            return array::write_text_array(array, zone);
        }
        DataType::Struct(_) => return array::write_text_record(array, zone),
        _ => return Err(mismatch(array)),
    })
}

/// The intervals of an array, whatever its unit.
///
/// # Errors
/// [`Fault::Unsupported`] for an array of something else.
pub fn intervals(array: &dyn Array) -> Result<Box<dyn Fn(usize) -> Interval + '_>, Fault> {
    Ok(match array.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            let values = array.as_primitive_opt::<IntervalYearMonthType>().ok_or_else(|| mismatch(array))?;
            Box::new(|row| Interval { months: values.value(row), days: 0, micros: 0 })
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let values = array.as_primitive_opt::<IntervalDayTimeType>().ok_or_else(|| mismatch(array))?;
            Box::new(|row| {
                let value = values.value(row);
                Interval { months: 0, days: value.days, micros: i64::from(value.milliseconds) * 1000 }
            })
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let values =
                array.as_primitive_opt::<IntervalMonthDayNanoType>().ok_or_else(|| mismatch(array))?;
            Box::new(|row| {
                let value = values.value(row);
                Interval { months: value.months, days: value.days, micros: value.nanoseconds / 1000 }
            })
        }
        _ => return Err(mismatch(array)),
    })
}

fn put_hex_digits(bytes: &[u8], out: &mut BytesMut) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.put_u8(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
        }
    }
}

fn put_hex(bytes: &[u8], out: &mut BytesMut) {
    out.put_slice(b"\\x");
    put_hex_digits(bytes, out);
}

/// A UUID's sixteen bytes in groups of 8, 4, 4, 4 and 12 digits.
fn put_uuid(bytes: &[u8], out: &mut BytesMut) {
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            out.put_u8(b'-');
        }
        put_hex_digits(&[*byte], out);
    }
}
