//! Parameters in binary format. Every length is checked against what is there before it is used.

use arrow::datatypes::{DataType, Field, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use bytes::{Buf, Bytes};
use muster::Value;
use pgwire::api::Type;

use super::array;
use super::datetime::MICROS_PER_DAY;
use super::number::Digits;
use super::text::{check_json, string, timestamp};
use super::{Fault, Read};
use crate::wire::types::pg_type;

/// Days from 1970-01-01, Arrow's epoch, to 2000-01-01, PostgreSQL's.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * MICROS_PER_DAY;

/// Reads a value of the field's type.
pub(super) fn read(field: &Field, mut bytes: Bytes) -> Read<Value> {
    let value = read_value(field, &mut bytes)?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(Fault::Binary(format!("{} bytes are left over", bytes.len())))
    }
}

macro_rules! take {
    ($bytes:expr, $get:ident) => {
        $bytes.$get().map_err(|_| short())
    };
}

fn short() -> Fault {
    Fault::Binary("insufficient data left".to_string())
}

fn read_value(field: &Field, bytes: &mut Bytes) -> Read<Value> {
    Ok(match field.data_type() {
        DataType::Boolean => Value::Boolean(Some(take!(bytes, try_get_u8)? != 0)),
        DataType::Int8 => Value::Int8(Some(narrow(take!(bytes, try_get_i16)?)?)),
        DataType::Int16 => Value::Int16(Some(take!(bytes, try_get_i16)?)),
        DataType::Int32 => Value::Int32(Some(take!(bytes, try_get_i32)?)),
        DataType::Int64 => Value::Int64(Some(take!(bytes, try_get_i64)?)),
        DataType::UInt8 => Value::UInt8(Some(narrow(take!(bytes, try_get_i16)?)?)),
        DataType::UInt16 => Value::UInt16(Some(narrow(take!(bytes, try_get_i32)?)?)),
        DataType::UInt32 => Value::UInt32(Some(narrow(take!(bytes, try_get_i64)?)?)),
        DataType::UInt64 => Value::UInt64(Some(narrow(numeric(bytes)?.unscaled(20, 0)?)?)),
        DataType::Float32 => Value::Float32(Some(take!(bytes, try_get_f32)?)),
        DataType::Float64 => Value::Float64(Some(take!(bytes, try_get_f64)?)),
        DataType::Decimal128(precision, scale) => {
            Value::Decimal128(Some(numeric(bytes)?.unscaled(*precision, *scale)?), *precision, *scale)
        }
        data_type @ (DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
            if pg_type(field) == Some(Type::JSONB) {
                match take!(bytes, try_get_u8)? {
                    1 => {}
                    other => return Err(Fault::Binary(format!("unsupported jsonb version number {other}"))),
                }
            }
            let all = std::mem::take(bytes);
            let text = std::str::from_utf8(&all)
                .ok()
                .filter(|text| !text.contains('\0'))
                .ok_or_else(|| Fault::Binary("invalid byte sequence for encoding \"UTF8\"".to_string()))?;
            check_json(field, text).map_err(|_| Fault::Binary("invalid JSON".to_string()))?;
            string(data_type, text)?
        }
        DataType::Binary => Value::Binary(Some(std::mem::take(bytes).to_vec())),
        DataType::LargeBinary => Value::LargeBinary(Some(std::mem::take(bytes).to_vec())),
        DataType::BinaryView => Value::BinaryView(Some(std::mem::take(bytes).to_vec())),
        DataType::FixedSizeBinary(16) if pg_type(field) == Some(Type::UUID) => {
            if bytes.len() < 16 {
                return Err(short());
            }
            Value::FixedSizeBinary(16, Some(bytes.split_to(16).to_vec()))
        }
        DataType::Date32 => {
            let days = take!(bytes, try_get_i32)?.checked_add(EPOCH_DAYS);
            Value::Date32(Some(days.ok_or(Fault::Range)?))
        }
        DataType::Time64(unit) => {
            let micros = take!(bytes, try_get_i64)?;
            if !(0..MICROS_PER_DAY).contains(&micros) {
                return Err(Fault::Range);
            }
            match unit {
                TimeUnit::Nanosecond => Value::Time64Nanosecond(Some(micros * 1000)),
                _ => Value::Time64Microsecond(Some(micros)),
            }
        }
        DataType::Timestamp(unit, zone) => {
            let micros = take!(bytes, try_get_i64)?.checked_add(EPOCH_MICROS).ok_or(Fault::Range)?;
            timestamp(*unit, zone.clone(), micros)?
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let nanos = take!(bytes, try_get_i64)?.checked_mul(1000).ok_or(Fault::Range)?;
            let days = take!(bytes, try_get_i32)?;
            let months = take!(bytes, try_get_i32)?;
            Value::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, nanos)))
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            array::list(field.data_type(), elements(item, bytes)?)?
        }
        other => return Err(Fault::Unsupported(format!("a parameter of type {other}"))),
    })
}

fn narrow<T: TryFrom<U>, U>(value: U) -> Read<T> {
    T::try_from(value).map_err(|_| Fault::Range)
}

/// Groups of four decimal digits, the first of them weighing 10000^weight.
fn numeric(bytes: &mut Bytes) -> Read<Digits> {
    let count = take!(bytes, try_get_u16)?;
    let weight = take!(bytes, try_get_i16)?;
    let negative = match take!(bytes, try_get_u16)? {
        0x0000 => false,
        0x4000 => true,
        0xc000 | 0xd000 | 0xf000 => {
            return Err(Fault::Unsupported("a numeric that is NaN or infinite".to_string()));
        }
        _ => return Err(Fault::Binary("invalid sign in external \"numeric\" value".to_string())),
    };
    take!(bytes, try_get_u16)?;
    let mut digits = Vec::new();
    for _ in 0..count {
        let group = take!(bytes, try_get_u16)?;
        if group > 9999 {
            return Err(Fault::Binary("invalid digit in external \"numeric\" value".to_string()));
        }
        digits.extend([group / 1000, group / 100 % 10, group / 10 % 10, group % 10].map(|digit| digit as u8));
    }
    let exponent = 4 * (i64::from(weight) - i64::from(count) + 1);
    Ok(Digits { negative, digits, exponent })
}

/// The elements of an array of one dimension, or none.
fn elements(item: &Field, bytes: &mut Bytes) -> Read<Vec<Value>> {
    let dimensions = take!(bytes, try_get_i32)?;
    take!(bytes, try_get_i32)?;
    let oid = take!(bytes, try_get_u32)?;
    if !is_element(item, oid) {
        return Err(Fault::Binary(format!("wrong element type: object id {oid}")));
    }
    match dimensions {
        0 => return Ok(Vec::new()),
        1 => {}
        2..=6 => {
            return Err(Fault::Unsupported("an array of several dimensions in binary format".to_string()));
        }
        _ => return Err(Fault::Binary(format!("invalid number of dimensions: {dimensions}"))),
    }
    let count = take!(bytes, try_get_i32)?;
    take!(bytes, try_get_i32)?;
    if count < 0 {
        return Err(Fault::Binary(format!("invalid array length: {count}")));
    }
    let mut values = Vec::new();
    for _ in 0..count {
        values.push(match take!(bytes, try_get_i32)? {
            -1 => Value::try_from(item.data_type())
                .map_err(|error| Fault::Unsupported(error.strip_backtrace()))?,
            length => {
                let length =
                    usize::try_from(length).ok().filter(|length| *length <= bytes.len()).ok_or_else(short)?;
                read(item, bytes.split_to(length))?
            }
        });
    }
    Ok(values)
}

/// Whether an array's elements may be of the type that its header names.
fn is_element(item: &Field, oid: u32) -> bool {
    let texts = [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN];
    match pg_type(item) {
        Some(ty) if texts.contains(&ty) => texts.iter().any(|text| text.oid() == oid),
        Some(ty) => ty.oid() == oid,
        None => false,
    }
}
