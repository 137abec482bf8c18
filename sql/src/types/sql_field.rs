//! From a type as a statement names it to the Arrow field that holds it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CharacterLength, DataType as SqlType, ExactNumberInfo, ObjectNamePart, TimezoneInfo,
};

use super::vector::{MAX_DIMENSIONS, VectorKind};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// The most characters of a `char(n)`, as in PostgreSQL.
const MAX_CHARACTERS: u64 = 10_485_760;

/// `numeric` without a precision: Arrow's decimals have a fixed scale, this one.
const NUMERIC_PRECISION: u8 = 38;
const NUMERIC_SCALE: i8 = 10;

/// The field of a column (or value) `name` of this type.
///
/// # Errors
/// 42704 for a type that nobody knows, 0A000 for one that is known and not there.
pub(crate) fn sql_field(name: &str, sql_type: &SqlType, nullable: bool) -> Result<Field> {
    let plain = |data_type| Ok(Field::new(name, data_type, nullable));
    match sql_type {
        SqlType::SmallInt(_) | SqlType::Int2(_) => plain(DataType::Int16),
        SqlType::Int(_) | SqlType::Integer(_) | SqlType::Int4(_) => plain(DataType::Int32),
        SqlType::BigInt(_) | SqlType::Int8(_) => plain(DataType::Int64),
        SqlType::Real | SqlType::Float4 => plain(DataType::Float32),
        SqlType::Float(ExactNumberInfo::None)
        | SqlType::Double(_)
        | SqlType::DoublePrecision
        | SqlType::Float8 => plain(DataType::Float64),
        SqlType::Float(ExactNumberInfo::Precision(bits) | ExactNumberInfo::PrecisionAndScale(bits, _)) => {
            plain(if *bits <= 24 { DataType::Float32 } else { DataType::Float64 })
        }
        SqlType::Numeric(info) | SqlType::Decimal(info) | SqlType::Dec(info) => plain(numeric(info)?),
        SqlType::Text | SqlType::String(None) => plain(DataType::Utf8),
        SqlType::Varchar(length) | SqlType::CharacterVarying(length) | SqlType::CharVarying(length) => {
            match length {
                None | Some(CharacterLength::Max) => plain(DataType::Utf8),
                Some(CharacterLength::IntegerLength { length: 0, .. }) => Err(Error::new(
                    SqlState::InvalidParameterValue,
                    "length for type varchar must be at least 1",
                )),
                Some(CharacterLength::IntegerLength { length, .. }) => {
                    Ok(column::varchar_field(name, *length, nullable))
                }
            }
        }
        SqlType::Char(length) | SqlType::Character(length) => character(name, length.as_ref(), nullable),
        SqlType::Boolean | SqlType::Bool => plain(DataType::Boolean),
        SqlType::Date => plain(DataType::Date32),
        SqlType::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            plain(DataType::Time64(TimeUnit::Microsecond))
        }
        SqlType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        SqlType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
        }
        SqlType::Interval { .. } => plain(DataType::Interval(IntervalUnit::MonthDayNano)),
        SqlType::Uuid => Ok(column::uuid_field(name, nullable)),
        SqlType::Bytea => plain(DataType::Binary),
        SqlType::JSON => Ok(column::json_field(name, "json", nullable)),
        SqlType::JSONB => Ok(column::json_field(name, "jsonb", nullable)),
        SqlType::Array(
            ArrayElemTypeDef::SquareBracket(element, _)
            | ArrayElemTypeDef::AngleBracket(element)
            | ArrayElemTypeDef::Parenthesis(element),
        ) => {
            let item = sql_field("item", element, true)?;
            if matches!(item.data_type(), DataType::List(_) | DataType::FixedSizeList(_, _)) {
                return Err(Error::unsupported("an array of arrays or vectors as a column"));
            }
            plain(DataType::List(Arc::new(item)))
        }
        SqlType::Custom(type_name, modifiers) => {
            let written = type_name
                .0
                .last()
                .and_then(ObjectNamePart::as_ident)
                .map(|ident| ident.value.to_ascii_lowercase())
                .unwrap_or_default();
            match written.as_str() {
                "vector" => vector(VectorKind::Vector, name, modifiers, nullable),
                "halfvec" => vector(VectorKind::Half, name, modifiers, nullable),
                "bpchar" => match modifiers.as_slice() {
                    [length] => {
                        let length = length.parse().map_err(|_| {
                            Error::new(SqlState::InvalidParameterValue, "invalid type modifier")
                        })?;
                        let length = CharacterLength::IntegerLength { length, unit: None };
                        character(name, Some(&length), nullable)
                    }
                    _ => Err(Error::unsupported("type bpchar without a length")
                        .with_hint("Use text, varchar or char(n).")),
                },
                "sparsevec" | "bit" => Err(Error::unsupported(format!("type {written}"))),
                "serial" | "bigserial" | "smallserial" | "serial4" | "serial8" | "serial2" => {
                    Err(Error::unsupported(format!("type {written}")))
                }
                _ => {
                    Err(Error::new(SqlState::UndefinedObject, format!("type \"{type_name}\" does not exist")))
                }
            }
        }
        other => Err(Error::unsupported(format!("type {other}"))),
    }
}

/// The type of a cast, which may be an array of several dimensions.
///
/// # Errors
/// As [`sql_field`].
pub(super) fn cast_field(sql_type: &SqlType) -> Result<Field> {
    match sql_type {
        SqlType::Array(ArrayElemTypeDef::SquareBracket(element, _))
            if matches!(element.as_ref(), SqlType::Array(_)) =>
        {
            let item = cast_field(element)?.with_name("item");
            Ok(Field::new("", DataType::List(Arc::new(item)), true))
        }
        _ => sql_field("", sql_type, true),
    }
}

/// `char` is `char(1)`.
fn character(name: &str, length: Option<&CharacterLength>, nullable: bool) -> Result<Field> {
    let invalid = |words: String| Err(Error::new(SqlState::InvalidParameterValue, words));
    match length {
        None => Ok(column::char_field(name, 1, nullable)),
        Some(CharacterLength::IntegerLength { length: 0, .. }) => {
            invalid("length for type char must be at least 1".to_string())
        }
        Some(CharacterLength::IntegerLength { length, .. }) if *length <= MAX_CHARACTERS => {
            Ok(column::char_field(name, *length, nullable))
        }
        Some(_) => invalid(format!("length for type char cannot exceed {MAX_CHARACTERS}")),
    }
}

fn numeric(info: &ExactNumberInfo) -> Result<DataType> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => return Ok(DataType::Decimal128(NUMERIC_PRECISION, NUMERIC_SCALE)),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    let checked =
        u8::try_from(precision).ok().filter(|precision| (1..=NUMERIC_PRECISION).contains(precision));
    let (Some(precision), Ok(scale)) = (checked, i8::try_from(scale)) else {
        return Err(Error::new(
            SqlState::InvalidParameterValue,
            format!("NUMERIC precision {precision} must be between 1 and {NUMERIC_PRECISION}"),
        ));
    };
    if scale < 0 || scale.unsigned_abs() > precision {
        return Err(Error::new(
            SqlState::InvalidParameterValue,
            format!("NUMERIC scale {scale} must be between 0 and precision {precision}"),
        ));
    }
    Ok(DataType::Decimal128(precision, scale))
}

fn vector(kind: VectorKind, name: &str, modifiers: &[String], nullable: bool) -> Result<Field> {
    let modifier = match modifiers {
        [] => return Ok(kind.field(name)),
        [one] => one,
        _ => return Err(Error::new(SqlState::InvalidParameterValue, "invalid type modifier")),
    };
    let dimensions = modifier.parse().map_err(|_| {
        let message = format!("invalid input syntax for type integer: \"{modifier}\"");
        Error::new(SqlState::InvalidTextRepresentation, message)
    })?;
    if usize::try_from(dimensions).is_ok_and(|n| (1..=MAX_DIMENSIONS).contains(&n)) {
        return Ok(column::vector_field(kind, name, dimensions, nullable));
    }
    Err(vector_modifier(kind, dimensions))
}

/// The error for dimensions that no vector has, in pgvector's words.
pub(crate) fn vector_modifier(kind: VectorKind, dimensions: i32) -> Error {
    let (kind, bounds) = (
        kind.name(),
        if dimensions < 1 {
            "must be at least 1".to_string()
        } else {
            format!("cannot exceed {MAX_DIMENSIONS}")
        },
    );
    Error::new(SqlState::InvalidParameterValue, format!("dimensions for type {kind} {bounds}"))
}
