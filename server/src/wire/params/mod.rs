//! Parameters of a Bind message: bytes in, [`muster::Value`]s out, each of the type that the
//! statement reported for it.
//!
//! [`text`] and [`muster::binary`] read single values by their Arrow type; here is what they share: NULLs,
//! counts, formats, and what an unreadable value is called.

mod array;
mod datetime;
mod text;
mod vector;

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Field, FieldRef};
use bytes::Bytes;
use muster::input::Fault;
use muster::{Value, VectorKind, binary};
use pgwire::api::Type;

use super::encode::{check_formats, is_binary};
use super::error::{Error, Result};
use super::types::pg_type;

/// The most of a value that an error repeats.
const SHOWN: usize = 100;

/// Reads all parameters. `zone` is where a time without a zone is meant to be.
pub(super) fn decode(
    fields: &[FieldRef],
    formats: &[i16],
    values: &[Option<Bytes>],
    zone: Tz,
) -> Result<Vec<Value>> {
    check_formats(formats, values.len(), "parameter")?;
    let mut decoded = Vec::with_capacity(values.len());
    for (index, (field, bytes)) in fields.iter().zip(values).enumerate() {
        let number = index + 1;
        let value = match bytes {
            None => null(field),
            Some(bytes) if is_binary(formats, index) && VectorKind::of(field).is_some() => {
                vector::read_binary(field, bytes.clone(), number)
            }
            Some(bytes) if is_binary(formats, index) => binary::read(field, bytes.clone())
                .map_err(|fault| error(fault, number, field, "in binary format")),
            Some(bytes) => match std::str::from_utf8(bytes) {
                // PostgreSQL's texts hold no zero byte, and neither does what is sent back to it.
                Ok(text) if text.contains('\0') => {
                    Err(Error::NotUtf8 { place: format!("parameter ${number}") })
                }
                Ok(text) if VectorKind::of(field).is_some() => vector::read_text(field, text),
                Ok(text) => text::read(field, text, zone).map_err(|fault| error(fault, number, field, text)),
                Err(_) => Err(Error::NotUtf8 { place: format!("parameter ${number}") }),
            },
        };
        decoded.push(value?);
    }
    Ok(decoded)
}

fn null(field: &Field) -> Result<Value> {
    Value::try_from(field.data_type())
        .map_err(|_| Error::Unsupported { feature: format!("a parameter of type {}", field.data_type()) })
}

fn error(fault: Fault, number: usize, field: &Field, value: &str) -> Error {
    let temporal = matches!(
        field.data_type(),
        DataType::Date32
            | DataType::Date64
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Interval(_)
    );
    let shown = || match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", value.get(..end).unwrap_or_default()),
        None => value.to_string(),
    };
    match fault {
        Fault::Syntax => {
            Error::ParameterText { number, type_name: type_name(field), value: shown(), temporal }
        }
        Fault::Range => {
            Error::ParameterRange { number, type_name: type_name(field), value: shown(), temporal }
        }
        Fault::Dimensions { expected, actual } => Error::ParameterDimensions { number, expected, actual },
        Fault::Short => Error::ParameterBinary { number, reason: "insufficient data left".to_string() },
        Fault::Left(count) => {
            Error::ParameterBinary { number, reason: format!("{count} bytes are left over") }
        }
        Fault::Binary { message, .. } => Error::ParameterBinary { number, reason: message },
        Fault::Unsupported(feature) => Error::Unsupported { feature },
    }
}

/// A type's name as PostgreSQL's messages have it.
fn type_name(field: &Field) -> String {
    let Some(ty) = pg_type(field) else { return field.data_type().to_string() };
    let name = match ty {
        Type::BOOL => "boolean",
        Type::INT2 => "smallint",
        Type::INT4 => "integer",
        Type::INT8 => "bigint",
        Type::FLOAT4 => "real",
        Type::FLOAT8 => "double precision",
        Type::TIMESTAMP => "timestamp",
        Type::TIMESTAMPTZ => "timestamp with time zone",
        _ => ty.name(),
    };
    match name.strip_prefix('_') {
        Some(element) => format!("{element}[]"),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests;
