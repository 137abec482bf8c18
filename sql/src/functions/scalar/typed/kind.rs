//! The types that functions here take and give, and what PostgreSQL casts to them without being asked.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};

/// A type of an argument or a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Bool,
    Int4,
    Int8,
    Float8,
    /// Of the scale that is given; of a result's, see [`super::overload::Form`].
    Numeric,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Texts,
    /// Several arrays of texts.
    TextLists,
    Int4s,
    /// Any array.
    Array,
    /// Whatever is given.
    Any,
    /// The type of an argument.
    As(usize),
    /// An array of the type of an argument.
    ArrayOf(usize),
}

/// What a cast costs that is to the type which PostgreSQL prefers, and one that is not. One argument as it stands is
/// worth more than any preference.
const PREFERRED: u32 = 100;
const OTHER: u32 = 110;
/// A text that may be a literal without a type.
const LITERAL: u32 = 150;

/// The type of timestamps with a zone.
pub(super) fn timestamptz() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

impl Kind {
    /// The Arrow type, where the kind alone tells it.
    pub(super) fn data_type(self) -> Option<DataType> {
        Some(match self {
            Self::Bool => DataType::Boolean,
            Self::Int4 => DataType::Int32,
            Self::Int8 => DataType::Int64,
            Self::Float8 => DataType::Float64,
            Self::Numeric => DataType::Decimal128(38, 10),
            Self::Text => DataType::Utf8,
            Self::Bytes => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampTz => timestamptz(),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Texts => list(DataType::Utf8),
            Self::TextLists => list(list(DataType::Utf8)),
            Self::Int4s => list(DataType::Int32),
            Self::Array | Self::Any | Self::As(_) | Self::ArrayOf(_) => return None,
        })
    }

    /// What an argument of a type is cast to.
    pub(super) fn coerced(self, given: &DataType) -> DataType {
        match (self, given) {
            (Self::Numeric, DataType::Decimal128(_, _)) | (Self::Any, _) => given.clone(),
            (Self::Numeric, DataType::Decimal256(_, scale)) => DataType::Decimal128(38, *scale),
            (Self::Numeric, given) if given.is_integer() => DataType::Decimal128(20, 0),
            (Self::Array, DataType::List(_)) => given.clone(),
            (Self::Array, DataType::FixedSizeList(item, _) | DataType::LargeList(item)) => {
                DataType::List(item.clone())
            }
            _ => self.data_type().unwrap_or_else(|| given.clone()),
        }
    }

    /// What it costs to take an argument of this type; `None` if it is not taken.
    pub(super) fn cost(self, given: &DataType) -> Option<u32> {
        let is_text = matches!(given, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let is_float = matches!(given, DataType::Float16 | DataType::Float32 | DataType::Float64);
        let is_numeric = matches!(given, DataType::Decimal128(..) | DataType::Decimal256(..));
        if given == &DataType::Null {
            return Some(0);
        }
        let is_plain = matches!(
            self,
            Self::Bool
                | Self::Int4
                | Self::Int8
                | Self::Float8
                | Self::Numeric
                | Self::Date
                | Self::Time
                | Self::Timestamp
                | Self::TimestampTz
                | Self::Interval
        );
        if is_text && is_plain {
            return Some(LITERAL);
        }
        let cost = match (self, given) {
            (Self::Any, _) => 1,
            (Self::Bool, DataType::Boolean) => 0,
            (Self::Int4, DataType::Int32 | DataType::Int16 | DataType::Int8) => 0,
            (Self::Int4, DataType::Int64 | DataType::UInt64) => OTHER + 20,
            (Self::Int8, DataType::Int64 | DataType::UInt64) => 0,
            (Self::Int8, given) if given.is_integer() => OTHER,
            (Self::Float8, _) if is_float => 0,
            (Self::Float8, given) if given.is_integer() || is_numeric => PREFERRED,
            (Self::Numeric, _) if is_numeric => 0,
            (Self::Numeric, given) if given.is_integer() => OTHER,
            (Self::Text, _) if is_text => 0,
            (Self::Bytes, DataType::Binary | DataType::LargeBinary | DataType::BinaryView) => 0,
            (Self::Bytes, _) if is_text => LITERAL + 50,
            (Self::Date, DataType::Date32) | (Self::Time, DataType::Time64(_) | DataType::Time32(_)) => 0,
            (Self::Timestamp, DataType::Timestamp(_, None)) => 0,
            (Self::TimestampTz, DataType::Timestamp(_, Some(_))) => 0,
            (Self::TimestampTz, DataType::Date32 | DataType::Timestamp(_, None)) => PREFERRED,
            (Self::Timestamp, DataType::Date32) => OTHER,
            (Self::Interval, DataType::Interval(_) | DataType::Duration(_)) => 0,
            (Self::Interval, DataType::Time64(_)) => PREFERRED,
            (
                Self::Array | Self::Texts | Self::Int4s,
                DataType::List(_) | DataType::FixedSizeList(..) | DataType::LargeList(_),
            ) => 0,
            (Self::Texts | Self::Int4s | Self::Array, _) if is_text => LITERAL,
            _ => return None,
        };
        Some(cost)
    }
}
