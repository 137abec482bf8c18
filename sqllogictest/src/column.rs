//! The letters of column types in `query` records, and where each engine reads them.
//!
//! One letter a family that a client can tell apart. The check is strict: a `float8` where a case
//! says `float4` is a failure.

use arrow::datatypes::{DataType, Field};
use tokio_postgres::types::{Kind, Type};

/// A column's type as a case states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `T`: text, varchar, bpchar, name.
    Text,
    /// `I`: smallint, integer, bigint.
    Integer,
    /// `F`: real (float4).
    Float4,
    /// `R`: double precision (float8).
    Float8,
    /// `N`: numeric.
    Numeric,
    /// `B`: boolean.
    Boolean,
    /// `D`: date.
    Date,
    /// `M`: time of day.
    Time,
    /// `S`: timestamp without time zone.
    Timestamp,
    /// `Z`: timestamp with time zone.
    TimestampTz,
    /// `P`: interval.
    Interval,
    /// `U`: uuid.
    Uuid,
    /// `X`: bytea.
    Bytes,
    /// `J`: json or jsonb.
    Json,
    /// `V`: vector.
    Vector,
    /// `A`: an array of anything.
    Array,
    /// `?`: a type that no case should see; never matches what a case can state.
    Other,
}

/// Metadata key of Arrow's canonical extension types (Arrow columnar format, "Extension types").
const EXTENSION_KEY: &str = "ARROW:extension:name";

impl ColumnType {
    /// The type that a wire client is told.
    pub fn from_wire(wire: &Type) -> ColumnType {
        if let Kind::Array(_) = wire.kind() {
            return ColumnType::Array;
        }
        match *wire {
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => ColumnType::Text,
            Type::INT2 | Type::INT4 | Type::INT8 => ColumnType::Integer,
            Type::FLOAT4 => ColumnType::Float4,
            Type::FLOAT8 => ColumnType::Float8,
            Type::NUMERIC => ColumnType::Numeric,
            Type::BOOL => ColumnType::Boolean,
            Type::DATE => ColumnType::Date,
            Type::TIME => ColumnType::Time,
            Type::TIMESTAMP => ColumnType::Timestamp,
            Type::TIMESTAMPTZ => ColumnType::TimestampTz,
            Type::INTERVAL => ColumnType::Interval,
            Type::UUID => ColumnType::Uuid,
            Type::BYTEA => ColumnType::Bytes,
            Type::JSON | Type::JSONB => ColumnType::Json,
            _ if ["vector", "halfvec"].contains(&wire.name()) => ColumnType::Vector,
            _ => ColumnType::Other,
        }
    }

    /// The type that an embedding program is told.
    pub fn from_arrow(field: &Field) -> ColumnType {
        if muster::VectorKind::of(field).is_some() {
            return ColumnType::Vector;
        }
        match field.metadata().get(EXTENSION_KEY).map(String::as_str) {
            Some("arrow.json") => return ColumnType::Json,
            Some("arrow.uuid") => return ColumnType::Uuid,
            _ => {}
        }
        match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => ColumnType::Text,
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => ColumnType::Integer,
            // No integer of PostgreSQL holds 2^64 - 1; numeric does.
            DataType::UInt64 | DataType::Decimal128(_, _) => ColumnType::Numeric,
            DataType::Float16 | DataType::Float32 => ColumnType::Float4,
            DataType::Float64 => ColumnType::Float8,
            DataType::Boolean => ColumnType::Boolean,
            DataType::Date32 | DataType::Date64 => ColumnType::Date,
            DataType::Time32(_) | DataType::Time64(_) => ColumnType::Time,
            DataType::Timestamp(_, None) => ColumnType::Timestamp,
            DataType::Timestamp(_, Some(_)) => ColumnType::TimestampTz,
            DataType::Interval(_) | DataType::Duration(_) => ColumnType::Interval,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => ColumnType::Bytes,
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _) => ColumnType::Array,
            DataType::Dictionary(_, values) => {
                ColumnType::from_arrow(&Field::new("values", values.as_ref().clone(), true))
            }
            _ => ColumnType::Other,
        }
    }
}

/// The letters that a case may use. `?` is missing on purpose.
const LETTERS: [(char, ColumnType); 16] = [
    ('T', ColumnType::Text),
    ('I', ColumnType::Integer),
    ('F', ColumnType::Float4),
    ('R', ColumnType::Float8),
    ('N', ColumnType::Numeric),
    ('B', ColumnType::Boolean),
    ('D', ColumnType::Date),
    ('M', ColumnType::Time),
    ('S', ColumnType::Timestamp),
    ('Z', ColumnType::TimestampTz),
    ('P', ColumnType::Interval),
    ('U', ColumnType::Uuid),
    ('X', ColumnType::Bytes),
    ('J', ColumnType::Json),
    ('V', ColumnType::Vector),
    ('A', ColumnType::Array),
];

impl sqllogictest::ColumnType for ColumnType {
    fn from_char(value: char) -> Option<ColumnType> {
        LETTERS.iter().find(|(letter, _)| *letter == value).map(|(_, column)| *column)
    }

    fn to_char(&self) -> char {
        LETTERS.iter().find(|(_, column)| column == self).map_or('?', |(letter, _)| *letter)
    }
}

#[cfg(test)]
mod tests {
    use sqllogictest::ColumnType as _;

    use super::*;

    #[test]
    fn letters_come_back_and_unknown_ones_are_refused() {
        for (letter, column) in LETTERS {
            assert_eq!(ColumnType::from_char(letter), Some(column));
            assert_eq!(column.to_char(), letter);
        }
        assert_eq!(ColumnType::from_char('?'), None);
        assert_eq!(ColumnType::from_char('i'), None);
    }

    #[test]
    fn both_sides_agree_on_float_widths() {
        let field = Field::new("d", DataType::Float32, true);
        assert_eq!(ColumnType::from_arrow(&field), ColumnType::from_wire(&Type::FLOAT4));
        assert_ne!(ColumnType::from_arrow(&field), ColumnType::from_wire(&Type::FLOAT8));
    }
}
