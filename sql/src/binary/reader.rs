//! Values from PostgreSQL's binary formats. Every length is checked against what is there before it is used.

use arrow::datatypes::{DataType, Field, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use bytes::{Buf, Bytes};
use datafusion::common::ScalarValue as Value;

use crate::SqlState;
use crate::catalog::system::type_text;
use crate::input::{Digits, Fault, Read, check_json, list, string, timestamp};
use crate::text::temporal::MICROS_PER_DAY;
use crate::types::vector::VectorKind;
use crate::types::{json, oid};

/// Days from 1970-01-01, Arrow's epoch, to 2000-01-01, PostgreSQL's.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * MICROS_PER_DAY;
/// PostgreSQL's `MaxArraySize`.
const MOST_ELEMENTS: i32 = 134_217_727;
/// The first object id that is not the same in every database, so that another one need not be another type
/// (PostgreSQL's `FirstGenbkiObjectId`).
const FIRST_UNSTABLE: u32 = 10_000;
/// The part of a numeric's scale that is one.
const SCALE_MASK: u16 = 0x3fff;

macro_rules! take {
    ($bytes:expr, $get:ident) => {
        $bytes.$get().map_err(|_| Fault::Short)
    };
}

/// Reads a value of the field's type, which is not one of pgvector's.
///
/// # Errors
/// What is wrong with the bytes, or [`Fault::Unsupported`] for a type that is not read.
pub fn read(field: &Field, mut bytes: Bytes) -> Read<Value> {
    let value = read_value(field, &mut bytes)?;
    if bytes.is_empty() { Ok(value) } else { Err(Fault::Left(bytes.len())) }
}

/// Reads the numbers of a `vector` or `halfvec`: dimensions, an unused field, the numbers. What they may be is the type's
/// to say.
///
/// # Errors
/// What is wrong with the bytes.
pub fn read_vector(field: &Field, mut bytes: Bytes) -> Read<Vec<f32>> {
    let half = VectorKind::of(field) == Some(VectorKind::Half);
    let dimensions = take!(bytes, try_get_u16)?;
    let unused = take!(bytes, try_get_u16)?;
    if unused != 0 {
        return Err(bad(SqlState::DataException, format!("expected unused to be 0, not {unused}")));
    }
    let mut numbers = Vec::new();
    for _ in 0..dimensions {
        numbers.push(if half {
            VectorKind::half_from_bits(take!(bytes, try_get_u16)?)
        } else {
            take!(bytes, try_get_f32)?
        });
    }
    if bytes.is_empty() { Ok(numbers) } else { Err(Fault::Left(bytes.len())) }
}

/// Reads the text of a `json` or `jsonb`, which may be no JSON.
///
/// # Errors
/// What is wrong with the bytes.
pub fn read_json(field: &Field, mut bytes: Bytes) -> Read<String> {
    version(field, &mut bytes)?;
    text(&bytes).map(str::to_string)
}

/// Whether values of a field's type can be read.
pub(crate) fn is_readable(field: &Field) -> bool {
    match field.data_type() {
        DataType::Boolean
        | DataType::Null
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Decimal128(..)
        | DataType::Date32
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Interval(IntervalUnit::MonthDayNano) => true,
        DataType::FixedSizeBinary(16) => oid::of(field) == Some(oid::UUID),
        DataType::Float16 => false,
        number if number.is_integer() || number.is_floating() => true,
        DataType::List(_) | DataType::FixedSizeList(..) if VectorKind::of(field).is_some() => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            VectorKind::of(item).is_none() && is_readable(item)
        }
        _ => false,
    }
}

fn bad(state: SqlState, message: impl Into<String>) -> Fault {
    Fault::Binary { state, message: message.into() }
}

/// What precedes the text of a `jsonb`.
fn version(field: &Field, bytes: &mut Bytes) -> Read<()> {
    if oid::of(field) != Some(oid::JSONB) {
        return Ok(());
    }
    match take!(bytes, try_get_u8)? {
        1 => Ok(()),
        other => Err(bad(SqlState::InternalError, format!("unsupported jsonb version number {other}"))),
    }
}

/// Bytes as text, which has no zero byte in it.
fn text(bytes: &[u8]) -> Read<&str> {
    let fault = |at: usize| {
        let wrong = bytes.get(at..).unwrap_or_default();
        bad(SqlState::CharacterNotInRepertoire, crate::load::bad_encoding(wrong).to_string())
    };
    let text = std::str::from_utf8(bytes).map_err(|error| fault(error.valid_up_to()))?;
    text.find('\0').map_or(Ok(text), |at| Err(fault(at)))
}

fn read_value(field: &Field, bytes: &mut Bytes) -> Read<Value> {
    Ok(match field.data_type() {
        DataType::Boolean => {
            let byte = bytes.try_get_u8();
            let byte = byte.map_err(|_| bad(SqlState::ProtocolViolation, "no data left in message"))?;
            Value::Boolean(Some(byte != 0))
        }
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
            version(field, bytes)?;
            let all = std::mem::take(bytes);
            let text = text(&all)?;
            check_json(field, text)?;
            string(data_type, text)?
        }
        DataType::Binary => Value::Binary(Some(std::mem::take(bytes).to_vec())),
        DataType::LargeBinary => Value::LargeBinary(Some(std::mem::take(bytes).to_vec())),
        DataType::BinaryView => Value::BinaryView(Some(std::mem::take(bytes).to_vec())),
        DataType::FixedSizeBinary(16) if oid::of(field) == Some(oid::UUID) => {
            if bytes.len() < 16 {
                return Err(Fault::Short);
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
            let micros = take!(bytes, try_get_i64)?;
            let days = take!(bytes, try_get_i32)?;
            let months = take!(bytes, try_get_i32)?;
            let nanos = micros.checked_mul(1000).ok_or(Fault::Range)?;
            Value::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, nanos)))
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            list(field.data_type(), elements(item, bytes)?)?
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
        _ => return Err(wrong_numeric("sign")),
    };
    let scale = take!(bytes, try_get_u16)?;
    if scale & SCALE_MASK != scale {
        return Err(wrong_numeric("scale"));
    }
    let mut digits = Vec::new();
    for _ in 0..count {
        let group = take!(bytes, try_get_u16)?;
        if group > 9999 {
            return Err(wrong_numeric("digit"));
        }
        digits.extend([group / 1000, group / 100 % 10, group / 10 % 10, group % 10].map(|digit| digit as u8));
    }
    let exponent = 4 * (i64::from(weight) - i64::from(count) + 1);
    // As in PostgreSQL, digits that the scale hides are none.
    let hidden = (-exponent).saturating_sub(i64::from(scale)).max(0);
    let hidden = usize::try_from(hidden).unwrap_or(usize::MAX).min(digits.len());
    digits.truncate(digits.len() - hidden);
    Ok(Digits { negative, exponent: exponent + hidden as i64, digits })
}

fn wrong_numeric(what: &str) -> Fault {
    bad(SqlState::InvalidBinaryRepresentation, format!("invalid {what} in external \"numeric\" value"))
}

/// The elements of an array of one dimension, or none.
fn elements(item: &Field, bytes: &mut Bytes) -> Read<Vec<Value>> {
    let wrong = |message: String| bad(SqlState::InvalidBinaryRepresentation, message);
    let dimensions = take!(bytes, try_get_i32)?;
    if dimensions < 0 {
        return Err(wrong(format!("invalid number of dimensions: {dimensions}")));
    }
    if dimensions > 6 {
        let message = format!("number of array dimensions ({dimensions}) exceeds the maximum allowed (6)");
        return Err(bad(SqlState::ProgramLimitExceeded, message));
    }
    if !(0..=1).contains(&take!(bytes, try_get_i32)?) {
        return Err(wrong("invalid array flags".to_string()));
    }
    let given = take!(bytes, try_get_u32)?;
    if !is_element(item, given) {
        return Err(wrong_element(item, given));
    }
    match dimensions {
        0 => return Ok(Vec::new()),
        1 => {}
        _ => {
            return Err(Fault::Unsupported("an array of several dimensions in binary format".to_string()));
        }
    }
    let count = take!(bytes, try_get_i32)?;
    take!(bytes, try_get_i32)?;
    if !(0..=MOST_ELEMENTS).contains(&count) {
        let message = format!("array size exceeds the maximum allowed ({MOST_ELEMENTS})");
        return Err(bad(SqlState::ProgramLimitExceeded, message));
    }
    let mut values = Vec::new();
    for number in 1..=count {
        let length = take!(bytes, try_get_i32)?;
        if length == -1 {
            let null = Value::try_from(item.data_type());
            values.push(null.map_err(|error| Fault::Unsupported(error.strip_backtrace()))?);
            continue;
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= bytes.len());
        let length = length.ok_or_else(|| wrong("insufficient data left in message".to_string()))?;
        let value = read(item, bytes.split_to(length)).map_err(|fault| match fault {
            Fault::Left(_) => wrong(format!("improper binary format in array element {number}")),
            other => other,
        });
        values.push(canonical(item, value?)?);
    }
    Ok(values)
}

/// An element as it is stored: `jsonb` in its canonical text.
fn canonical(item: &Field, value: Value) -> Read<Value> {
    match &value {
        Value::Utf8(Some(text)) if oid::of(item) == Some(oid::JSONB) => {
            string(item.data_type(), &json::canonical(text).map_err(|_| Fault::Syntax)?)
        }
        _ => Ok(value),
    }
}

/// Whether an array's elements may be of the type that its header names.
fn is_element(item: &Field, given: u32) -> bool {
    // What the types of text are declared with is not kept of every element.
    let texts = [oid::TEXT, oid::VARCHAR, oid::BPCHAR, oid::NAME, oid::UNKNOWN];
    match oid::of(item) {
        Some(own) if texts.contains(&own) => texts.contains(&given) || given >= FIRST_UNSTABLE,
        Some(own) => own == given || given >= FIRST_UNSTABLE || own >= FIRST_UNSTABLE,
        None => false,
    }
}

fn wrong_element(item: &Field, given: u32) -> Fault {
    let name = |oid: u32| {
        let oid = i32::try_from(oid).unwrap_or(-1);
        type_text(oid, -1).unwrap_or_else(|_| "???".to_string())
    };
    let own = oid::of(item).unwrap_or(oid::UNKNOWN);
    let message = format!(
        "binary data has array element type {given} ({}) instead of expected {own} ({})",
        name(given),
        name(own)
    );
    bad(SqlState::DatatypeMismatch, message)
}
