//! What a client is told of a field's type, and which Arrow field it means by an object id.
//!
//! Which type a field has is [`muster::oid`]'s to say; how values look is said in [`muster::text`] and
//! [`muster::binary`].

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};
use arrow_pg::datatypes::{PG_OID_ALIAS_KEY, pg_vector_type};
use muster::{VectorKind, oid};
use pgwire::api::Type;

use super::error::{Error, Result};

/// The metadata key that names a type which Arrow does not have.
const MUSTER_TYPE: &str = "muster.type";
/// The metadata key of Arrow's extension types.
const EXTENSION: &str = "ARROW:extension:name";

/// The PostgreSQL type of a field; `None` for what PostgreSQL has no type for.
pub(super) fn pg_type(field: &Field) -> Option<Type> {
    match oid::of(field)? {
        oid::VECTOR => Some(pg_vector_type()),
        oid::HALFVEC => Some(halfvec_type()),
        known => Type::from_oid(known),
    }
}

/// pgvector's `halfvec`, by the object id that `pg_type` has for it.
fn halfvec_type() -> Type {
    Type::new("halfvec".to_string(), oid::HALFVEC, pg_vector_type().kind().clone(), "public".to_string())
}

/// Whether a field is of one of pgvector's types.
pub(super) fn is_vector(field: &Field) -> bool {
    VectorKind::of(field).is_some()
}

/// The width of a type's values in bytes, -1 where they vary (`pg_type.typlen`).
pub(super) fn type_size(ty: &Type) -> i16 {
    match *ty {
        Type::BOOL | Type::CHAR => 1,
        Type::INT2 => 2,
        Type::INT4 | Type::FLOAT4 | Type::DATE | Type::OID => 4,
        Type::INT8 | Type::FLOAT8 | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ => 8,
        Type::UUID | Type::INTERVAL => 16,
        Type::NAME => 64,
        _ if ty.name().starts_with("reg") => 4,
        _ => -1,
    }
}

/// What is declared beside the type: a numeric's precision and scale, a vector's dimensions
/// (`pg_attribute.atttypmod`); -1 for nothing.
pub(super) fn type_modifier(field: &Field) -> i32 {
    match field.data_type() {
        DataType::FixedSizeList(_, dimensions) if is_vector(field) => *dimensions,
        // PostgreSQL packs both into one number, past the four bytes of a length header.
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale)
            if *scale >= 0 =>
        {
            ((i32::from(*precision) << 16) | i32::from(*scale)) + 4
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => field
            .metadata()
            .get(MUSTER_TYPE)
            .and_then(|name| name.split_once('('))
            .and_then(|(_, length)| length.trim_end_matches(')').parse::<i32>().ok())
            .and_then(|length| length.checked_add(4))
            .unwrap_or(-1),
        _ => -1,
    }
}

/// The field that a client means by a parameter type's object id; `None` leaves it to the planner.
pub(super) fn declared_field(oid: u32) -> Result<Option<FieldRef>> {
    // 0 is "not said", 705 is `unknown`: both are left to be inferred.
    if oid == 0 || oid == Type::UNKNOWN.oid() {
        return Ok(None);
    }
    match oid {
        oid::VECTOR => return Ok(Some(Arc::new(VectorKind::Vector.field("")))),
        oid::HALFVEC => return Ok(Some(Arc::new(VectorKind::Half.field("")))),
        _ => {}
    }
    let ty = Type::from_oid(oid).ok_or(Error::UnknownType { oid })?;
    let field = scalar_field(&ty)
        .or_else(|| element_type(&ty).and_then(|element| scalar_field(&element)).map(list_of))
        .ok_or_else(|| Error::Unsupported { feature: format!("a parameter of type {}", ty.name()) })?;
    Ok(Some(Arc::new(field)))
}

fn list_of(element: Field) -> Field {
    let item = Arc::new(element.with_name(Field::LIST_FIELD_DEFAULT_NAME));
    Field::new("", DataType::List(item), true)
}

fn tagged(data_type: DataType, key: &str, value: &str) -> Field {
    Field::new("", data_type, true).with_metadata(HashMap::from([(key.to_string(), value.to_string())]))
}

fn scalar_field(ty: &Type) -> Option<Field> {
    let plain = |data_type| Some(Field::new("", data_type, true));
    let json = |name: &str| {
        let metadata = HashMap::from([
            (EXTENSION.to_string(), "arrow.json".to_string()),
            (MUSTER_TYPE.to_string(), name.to_string()),
        ]);
        Some(Field::new("", DataType::Utf8, true).with_metadata(metadata))
    };
    match *ty {
        Type::BOOL => plain(DataType::Boolean),
        Type::INT2 => plain(DataType::Int16),
        Type::INT4 => plain(DataType::Int32),
        Type::INT8 => plain(DataType::Int64),
        Type::OID => Some(tagged(DataType::Int32, PG_OID_ALIAS_KEY, "oid")),
        Type::FLOAT4 => plain(DataType::Float32),
        Type::FLOAT8 => plain(DataType::Float64),
        // A numeric without precision, as a column declared so has it.
        Type::NUMERIC => plain(DataType::Decimal128(38, 10)),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => plain(DataType::Utf8),
        Type::BYTEA => plain(DataType::Binary),
        Type::DATE => plain(DataType::Date32),
        Type::TIME => plain(DataType::Time64(TimeUnit::Microsecond)),
        Type::TIMESTAMP => plain(DataType::Timestamp(TimeUnit::Microsecond, None)),
        Type::TIMESTAMPTZ => plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        Type::INTERVAL => plain(DataType::Interval(IntervalUnit::MonthDayNano)),
        Type::UUID => Some(tagged(DataType::FixedSizeBinary(16), EXTENSION, "arrow.uuid")),
        Type::JSON => json("json"),
        Type::JSONB => json("jsonb"),
        _ => None,
    }
}

fn element_type(array: &Type) -> Option<Type> {
    Some(match *array {
        Type::BOOL_ARRAY => Type::BOOL,
        Type::INT2_ARRAY => Type::INT2,
        Type::INT4_ARRAY => Type::INT4,
        Type::INT8_ARRAY => Type::INT8,
        Type::FLOAT4_ARRAY => Type::FLOAT4,
        Type::FLOAT8_ARRAY => Type::FLOAT8,
        Type::NUMERIC_ARRAY => Type::NUMERIC,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY | Type::NAME_ARRAY => Type::TEXT,
        Type::BYTEA_ARRAY => Type::BYTEA,
        Type::DATE_ARRAY => Type::DATE,
        Type::TIME_ARRAY => Type::TIME,
        Type::TIMESTAMP_ARRAY => Type::TIMESTAMP,
        Type::TIMESTAMPTZ_ARRAY => Type::TIMESTAMPTZ,
        Type::INTERVAL_ARRAY => Type::INTERVAL,
        Type::UUID_ARRAY => Type::UUID,
        Type::JSON_ARRAY => Type::JSON,
        Type::JSONB_ARRAY => Type::JSONB,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_type_is_reported_as_itself() {
        for ty in [
            Type::BOOL,
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::OID,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::NUMERIC,
            Type::TEXT,
            Type::BYTEA,
            Type::DATE,
            Type::TIME,
            Type::TIMESTAMP,
            Type::TIMESTAMPTZ,
            Type::INTERVAL,
            Type::UUID,
            Type::JSON,
            Type::JSONB,
            Type::TEXT_ARRAY,
            Type::INT4_ARRAY,
            Type::FLOAT4_ARRAY,
            Type::FLOAT8_ARRAY,
            Type::TIMESTAMPTZ_ARRAY,
            pg_vector_type(),
        ] {
            let field = declared_field(ty.oid()).unwrap().unwrap();
            assert_eq!(pg_type(&field), Some(ty));
        }
    }

    #[test]
    fn what_is_not_declared_is_inferred_and_what_does_not_exist_is_refused() {
        assert!(declared_field(0).unwrap().is_none());
        assert!(declared_field(705).unwrap().is_none());
        assert_eq!(declared_field(4_000_000).unwrap_err().sqlstate(), "42704");
        assert_eq!(declared_field(Type::POINT.oid()).unwrap_err().sqlstate(), "0A000");
    }

    #[test]
    fn an_array_of_arrays_has_the_type_of_its_elements() {
        let inner = Field::new_list_field(DataType::Int32, true);
        let middle = Field::new_list_field(DataType::List(Arc::new(inner)), true);
        let outer = Field::new("a", DataType::List(Arc::new(middle)), true);
        assert_eq!(pg_type(&outer), Some(Type::INT4_ARRAY));
    }

    #[test]
    fn a_vector_says_its_dimensions_and_a_numeric_its_scale() {
        let item = Arc::new(Field::new_list_field(DataType::Float32, true));
        let vector = Field::new("", DataType::FixedSizeList(item, 384), true);
        assert_eq!(type_modifier(&vector), 384);
        let numeric = Field::new("n", DataType::Decimal128(10, 2), true);
        assert_eq!(type_modifier(&numeric), (10 << 16) + 2 + 4);
    }
}
