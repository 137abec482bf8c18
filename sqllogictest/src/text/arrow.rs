//! Arrow values as PostgreSQL's text.

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType, UInt64Type,
};

use super::{Element, Interval};
use crate::column::ColumnType;
use crate::error::{Error, Result};

/// The value of `array` at `row`, printed; `None` is NULL.
pub fn value(field: &Field, array: &ArrayRef, row: usize) -> Result<Option<String>> {
    if row >= array.len() {
        return Err(Error::value(field.data_type().to_string(), "row out of range"));
    }
    // A NullArray has no validity bitmap and is NULL throughout.
    if array.is_null(row) || array.data_type() == &DataType::Null {
        return Ok(None);
    }
    let slice = array.slice(row, 1);
    printed(ColumnType::from_arrow(field), &slice).map(Some)
}

/// Prints the one value, not NULL, of `array`.
fn printed(column: ColumnType, array: &ArrayRef) -> Result<String> {
    let unprintable = || Error::value(array.data_type().to_string(), "out of the printable range");
    match (column, array.data_type()) {
        (ColumnType::Vector, DataType::FixedSizeList(_, _)) => {
            let values = array.as_fixed_size_list().value(0);
            Ok(super::vector(converted::<Float32Type>(&values)?.values().iter().copied()))
        }
        (ColumnType::Vector, DataType::List(_)) => {
            let values = array.as_list::<i32>().value(0);
            Ok(super::vector(converted::<Float32Type>(&values)?.values().iter().copied()))
        }
        (_, DataType::List(item)) => list(item, array.as_list::<i32>()),
        (_, DataType::LargeList(item)) => list(item, array.as_list::<i64>()),
        (_, DataType::FixedSizeList(item, _)) => elements(item, &array.as_fixed_size_list().value(0)),
        (ColumnType::Uuid, DataType::FixedSizeBinary(16)) => {
            super::uuid(array.as_fixed_size_binary().value(0)).ok_or_else(unprintable)
        }
        (_, DataType::Boolean) => Ok(super::boolean(array.as_boolean().value(0))),
        (_, DataType::Int8 | DataType::Int16 | DataType::UInt8) => {
            Ok(single::<Int16Type>(array)?.to_string())
        }
        (_, DataType::Int32 | DataType::UInt16) => Ok(single::<Int32Type>(array)?.to_string()),
        (_, DataType::Int64 | DataType::UInt32) => Ok(single::<Int64Type>(array)?.to_string()),
        (_, DataType::UInt64) => Ok(single::<UInt64Type>(array)?.to_string()),
        (_, DataType::Float16 | DataType::Float32) => Ok(super::float4(single::<Float32Type>(array)?)),
        (_, DataType::Float64) => Ok(super::float8(single::<Float64Type>(array)?)),
        (_, DataType::Decimal128(_, _)) => Ok(array.as_primitive::<Decimal128Type>().value_as_string(0)),
        (_, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
            let array = cast(array, &DataType::Utf8).map_err(|error| failed(array, &error))?;
            Ok(array.as_string::<i32>().value(0).to_owned())
        }
        (
            _,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_),
        ) => {
            let array = cast(array, &DataType::Binary).map_err(|error| failed(array, &error))?;
            Ok(super::bytes(array.as_binary::<i32>().value(0)))
        }
        (_, DataType::Date32) => super::date(single::<Date32Type>(array)?).ok_or_else(unprintable),
        (_, DataType::Time32(_) | DataType::Time64(_)) => {
            super::time_of_day(single::<Time64MicrosecondType>(array)?).ok_or_else(unprintable)
        }
        (_, DataType::Timestamp(_, zone)) => {
            let micros = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            let array = cast(array, &micros).map_err(|error| failed(array, &error))?;
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(0);
            super::timestamp(micros, zone.is_some()).ok_or_else(unprintable)
        }
        (_, DataType::Interval(_)) => {
            let wide = DataType::Interval(IntervalUnit::MonthDayNano);
            let array = cast(array, &wide).map_err(|error| failed(array, &error))?;
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(0);
            let micros = value.nanoseconds / 1_000;
            Ok(super::interval(Interval { months: value.months, days: value.days, micros }))
        }
        (_, DataType::Dictionary(_, values)) => {
            let array = cast(array, values).map_err(|error| failed(array, &error))?;
            printed(column, &array)
        }
        (_, other) => Err(Error::value(other.to_string(), "no text is known for it")),
    }
}

fn list<O: OffsetSizeTrait>(item: &Field, array: &GenericListArray<O>) -> Result<String> {
    elements(item, &array.value(0))
}

fn elements(item: &Field, values: &ArrayRef) -> Result<String> {
    let nested = ColumnType::from_arrow(item) == ColumnType::Array;
    let element = |row| {
        let text = value(item, values, row)?;
        Ok(text.map(|text| if nested { Element::Array(text) } else { Element::Value(text) }))
    };
    Ok(super::array((0..values.len()).map(element).collect::<Result<Vec<_>>>()?))
}

fn converted<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<PrimitiveArray<T>> {
    let array = cast(array, &T::DATA_TYPE).map_err(|error| failed(array, &error))?;
    Ok(array.as_primitive::<T>().clone())
}

fn single<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<T::Native> {
    Ok(converted::<T>(array)?.value(0))
}

fn failed(array: &ArrayRef, error: &arrow::error::ArrowError) -> Error {
    Error::value(array.data_type().to_string(), error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Decimal128Array, Float32Array, ListArray, NullArray, TimestampNanosecondArray};

    use super::*;

    fn text(array: ArrayRef) -> Option<String> {
        value(&Field::new("v", array.data_type().clone(), true), &array, 0).unwrap()
    }

    #[test]
    fn float4_is_not_widened() {
        assert_eq!(text(Arc::new(Float32Array::from(vec![0.1]))).unwrap(), "0.1");
    }

    #[test]
    fn numerics_keep_their_scale() {
        let array = Decimal128Array::from(vec![12_300]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(text(Arc::new(array)).unwrap(), "123.00");
    }

    #[test]
    fn lists_print_as_arrays() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])]);
        assert_eq!(text(Arc::new(list)).unwrap(), "{1,NULL}");
    }

    #[test]
    fn nanoseconds_are_cut_to_microseconds() {
        let array = TimestampNanosecondArray::from(vec![1_500]).with_timezone("UTC");
        assert_eq!(text(Arc::new(array)).unwrap(), "1970-01-01 00:00:00.000001+00");
    }

    #[test]
    fn an_array_of_nulls_is_null() {
        assert_eq!(text(Arc::new(NullArray::new(1))), None);
    }
}
