//! One value of a row, as a function here takes it: NULL, or what Arrow's array holds in the row.
//!
//! It is not what clients are shown. Invariant: dates count days and times microseconds, whichever unit the array counts in.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int64Array,
    IntervalMonthDayNanoArray, ListArray, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, IntervalUnit, TimeUnit};
use datafusion::error::{DataFusionError, Result};

/// An interval as PostgreSQL keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) months: i32,
    pub(super) days: i32,
    pub(super) micros: i64,
}

/// A value, or NULL.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// Of whatever width.
    Int(i64),
    Float(f64),
    /// Units of 10^-scale, and the scale.
    Decimal(i128, i8),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Days since 1970-01-01.
    Date(i64),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01, in UTC where it has a zone.
    Timestamp(i64),
    Interval(Interval),
    List(ArrayRef),
}

/// An argument's values.
#[derive(Debug)]
pub(super) struct Column {
    values: Values,
    /// Whether it is one value for all rows.
    constant: bool,
}

#[derive(Debug)]
enum Values {
    Null,
    Bool(BooleanArray),
    Int(Int64Array),
    Float(Float64Array),
    Decimal(Decimal128Array, i8),
    Text(StringArray),
    Bytes(BinaryArray),
    Date(Int64Array),
    Time(Int64Array),
    Timestamp(Int64Array),
    Interval(IntervalMonthDayNanoArray),
    List(ListArray),
    /// Of a type that no function looks into.
    Other(ArrayRef),
}

fn mismatch(array: &ArrayRef) -> DataFusionError {
    DataFusionError::Internal(format!("an argument of type {} was not expected", array.data_type()))
}

fn wide(array: &ArrayRef, through: &DataType) -> Result<Int64Array> {
    let array = cast(&cast(array, through)?, &DataType::Int64)?;
    array.as_primitive_opt::<Int64Type>().cloned().ok_or_else(|| mismatch(&array))
}

impl Column {
    pub(super) fn read(array: &ArrayRef, constant: bool) -> Result<Self> {
        let error = || mismatch(array);
        let values = match array.data_type() {
            DataType::Null => Values::Null,
            DataType::Boolean => Values::Bool(array.as_boolean_opt().cloned().ok_or_else(error)?),
            data_type if data_type.is_integer() => Values::Int(wide(array, &DataType::Int64)?),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                let array = cast(array, &DataType::Float64)?;
                Values::Float(array.as_primitive_opt::<Float64Type>().cloned().ok_or_else(error)?)
            }
            DataType::Decimal128(_, scale) => {
                Values::Decimal(array.as_primitive_opt().cloned().ok_or_else(error)?, *scale)
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                let array = cast(array, &DataType::Utf8)?;
                Values::Text(array.as_string_opt::<i32>().cloned().ok_or_else(error)?)
            }
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
                let array = cast(array, &DataType::Binary)?;
                Values::Bytes(array.as_binary_opt::<i32>().cloned().ok_or_else(error)?)
            }
            DataType::Date32 => Values::Date(wide(array, &DataType::Int32)?),
            DataType::Time64(_) | DataType::Time32(_) => {
                Values::Time(wide(array, &DataType::Time64(TimeUnit::Microsecond))?)
            }
            DataType::Timestamp(_, zone) => {
                Values::Timestamp(wide(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?)
            }
            DataType::Interval(_) => {
                let array = cast(array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
                Values::Interval(array.as_primitive_opt().cloned().ok_or_else(error)?)
            }
            DataType::List(_) => Values::List(array.as_list_opt::<i32>().cloned().ok_or_else(error)?),
            _ => Values::Other(Arc::clone(array)),
        };
        Ok(Self { values, constant })
    }

    pub(super) fn get(&self, row: usize) -> Value<'_> {
        let row = if self.constant { 0 } else { row };
        macro_rules! valid {
            ($array:expr, $value:expr) => {
                if $array.is_valid(row) { $value } else { Value::Null }
            };
        }
        match &self.values {
            Values::Null => Value::Null,
            Values::Bool(array) => valid!(array, Value::Bool(array.value(row))),
            Values::Int(array) => valid!(array, Value::Int(array.value(row))),
            Values::Float(array) => valid!(array, Value::Float(array.value(row))),
            Values::Decimal(array, scale) => valid!(array, Value::Decimal(array.value(row), *scale)),
            Values::Text(array) => valid!(array, Value::Text(array.value(row))),
            Values::Bytes(array) => valid!(array, Value::Bytes(array.value(row))),
            Values::Date(array) => valid!(array, Value::Date(array.value(row))),
            Values::Time(array) => valid!(array, Value::Time(array.value(row))),
            Values::Timestamp(array) => valid!(array, Value::Timestamp(array.value(row))),
            Values::Interval(array) => valid!(array, {
                let value = array.value(row);
                Value::Interval(Interval {
                    months: value.months,
                    days: value.days,
                    micros: value.nanoseconds / 1000,
                })
            }),
            Values::List(array) => valid!(array, Value::List(array.value(row))),
            Values::Other(array) => valid!(array, Value::List(array.slice(row, 1))),
        }
    }
}
