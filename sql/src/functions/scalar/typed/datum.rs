//! What a function here gives for a row, and the array that the rows' make.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int32Array,
    Int64Array, IntervalMonthDayNanoArray, ListArray, ListBuilder, NullArray, StringArray, StringBuilder,
    new_empty_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use datafusion::error::{DataFusionError, Result};

use super::value::Interval;
use crate::Error;
use crate::sqlstate::SqlState;

/// A value of a result.
#[derive(Clone, Debug)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    /// Of whatever width; it is checked against the result's.
    Int(i64),
    Float(f64),
    /// Units of 10^-scale, and the scale, which is rounded to the result's.
    Decimal(i128, i8),
    Text(String),
    Bytes(Vec<u8>),
    Date(i64),
    Time(i64),
    Timestamp(i64),
    Interval(Interval),
    Texts(Vec<Option<String>>),
    /// Several of those.
    Lists(Vec<Vec<Option<String>>>),
    List(ArrayRef),
}

/// `value` with another scale, rounded half away from zero; `None` if it does not fit.
pub(super) fn rescaled(value: i128, from: i8, to: i8) -> Option<i128> {
    let digits = i32::from(to) - i32::from(from);
    if digits >= 0 {
        return 10_i128.checked_pow(digits.unsigned_abs())?.checked_mul(value);
    }
    let Some(unit) = 10_i128.checked_pow(digits.unsigned_abs()) else { return Some(0) };
    let (whole, rest) = (value / unit, value % unit);
    let up = rest.unsigned_abs() >= unit.unsigned_abs() - rest.unsigned_abs();
    Some(if up { whole + value.signum() } else { whole })
}

/// The error for a number that is too large for a type.
pub(super) fn out_of_range(type_name: &str) -> Error {
    Error::new(SqlState::NumericValueOutOfRange, format!("{type_name} out of range"))
}

fn mismatch(data_type: &DataType) -> DataFusionError {
    DataFusionError::Internal(format!("a function gave what is no {data_type}"))
}

/// The array of a type that the values make.
pub(super) fn array(values: Vec<Datum>, data_type: &DataType) -> Result<ArrayRef> {
    macro_rules! plain {
        ($variant:ident, $array:ty) => {{
            let values = values.into_iter().map(|value| match value {
                Datum::Null => Ok(None),
                Datum::$variant(value) => Ok(Some(value)),
                _ => Err(mismatch(data_type)),
            });
            values.collect::<Result<$array>>()?
        }};
    }
    Ok(match data_type {
        DataType::Null => Arc::new(NullArray::new(values.len())),
        DataType::Boolean => {
            let values = plain!(Bool, Vec<Option<bool>>);
            Arc::new(BooleanArray::from(values))
        }
        DataType::Int64 => Arc::new(Int64Array::from(plain!(Int, Vec<Option<i64>>))),
        DataType::Int32 | DataType::Int16 => {
            let (name, least, most) = match data_type {
                DataType::Int32 => ("integer", i64::from(i32::MIN), i64::from(i32::MAX)),
                _ => ("smallint", i64::from(i16::MIN), i64::from(i16::MAX)),
            };
            let values = plain!(Int, Vec<Option<i64>>);
            if values.iter().flatten().any(|value| !(least..=most).contains(value)) {
                return Err(out_of_range(name).into());
            }
            cast(&Int64Array::from(values), data_type)?
        }
        DataType::Float64 => Arc::new(Float64Array::from(plain!(Float, Vec<Option<f64>>))),
        DataType::Decimal128(precision, scale) => {
            let fits = |value: i128| {
                let bound = 10_i128.checked_pow(u32::from(*precision));
                bound.is_none_or(|bound| value.unsigned_abs() < bound.unsigned_abs())
            };
            let values = values.into_iter().map(|value| match value {
                Datum::Null => Ok(None),
                Datum::Decimal(value, of) => match rescaled(value, of, *scale).filter(|it| fits(*it)) {
                    Some(value) => Ok(Some(value)),
                    None => {
                        Err(Error::new(SqlState::NumericValueOutOfRange, "value overflows numeric format")
                            .into())
                    }
                },
                _ => Err(mismatch(data_type)),
            });
            let values = values.collect::<Result<Vec<Option<i128>>>>()?;
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Utf8 => Arc::new(StringArray::from(plain!(Text, Vec<Option<String>>))),
        DataType::Binary => {
            let values = plain!(Bytes, Vec<Option<Vec<u8>>>);
            Arc::new(values.into_iter().collect::<BinaryArray>())
        }
        DataType::FixedSizeBinary(size) => {
            let values = plain!(Bytes, Vec<Option<Vec<u8>>>);
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.into_iter(), *size)?)
        }
        DataType::Date32 => {
            let values = plain!(Date, Vec<Option<i64>>);
            let days = values.into_iter().map(|days| days.map(i32::try_from).transpose());
            let days = days.collect::<std::result::Result<Vec<_>, _>>();
            let days = days.map_err(|_| Error::new(SqlState::DatetimeFieldOverflow, "date out of range"))?;
            cast(&Int32Array::from(days), data_type)?
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            cast(&Int64Array::from(plain!(Time, Vec<Option<i64>>)), data_type)?
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            cast(&Int64Array::from(plain!(Timestamp, Vec<Option<i64>>)), data_type)?
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let values = values.into_iter().map(|value| match value {
                Datum::Null => Ok(None),
                Datum::Interval(Interval { months, days, micros }) => match micros.checked_mul(1000) {
                    Some(nanos) => Ok(Some(IntervalMonthDayNano::new(months, days, nanos))),
                    None => Err(Error::new(SqlState::DatetimeFieldOverflow, "interval out of range").into()),
                },
                _ => Err(mismatch(data_type)),
            });
            Arc::new(values.collect::<Result<Vec<_>>>()?.into_iter().collect::<IntervalMonthDayNanoArray>())
        }
        DataType::List(item) => match item.data_type() {
            DataType::Utf8 if !values.iter().any(|value| matches!(value, Datum::List(_))) => texts(values)?,
            DataType::List(inner) if inner.data_type() == &DataType::Utf8 => {
                let inner = item.data_type();
                let rows = values.into_iter().map(|row| match row {
                    Datum::Lists(rows) => {
                        let rows = rows.into_iter().map(Datum::Texts).collect();
                        Ok(Datum::List(cast(&texts(rows)?, inner)?))
                    }
                    other => Ok(other),
                });
                lists(rows.collect::<Result<_>>()?, data_type)?
            }
            _ => lists(values, data_type)?,
        },
        other => return Err(mismatch(other)),
    })
}

fn texts(values: Vec<Datum>) -> Result<ArrayRef> {
    let mut built = ListBuilder::new(StringBuilder::new());
    for value in values {
        match value {
            Datum::Null => built.append_null(),
            Datum::Texts(texts) => {
                texts.into_iter().for_each(|text| built.values().append_option(text));
                built.append(true);
            }
            _ => return Err(DataFusionError::Internal("a function gave no texts".to_string())),
        }
    }
    Ok(Arc::new(built.finish()))
}

fn lists(values: Vec<Datum>, data_type: &DataType) -> Result<ArrayRef> {
    let DataType::List(item) = data_type else { return Err(mismatch(data_type)) };
    let mut parts: Vec<ArrayRef> = vec![new_empty_array(item.data_type())];
    let (mut lengths, mut valid) = (Vec::with_capacity(values.len()), Vec::with_capacity(values.len()));
    for value in values {
        match value {
            Datum::Null => {
                lengths.push(0);
                valid.push(false);
            }
            Datum::List(items) => {
                lengths.push(items.len());
                valid.push(true);
                parts.push(if items.data_type() == item.data_type() {
                    items
                } else {
                    cast(&items, item.data_type())?
                });
            }
            _ => return Err(mismatch(data_type)),
        }
    }
    let parts: Vec<_> = parts.iter().map(|part| part.as_ref()).collect();
    let items = concat(&parts)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item.clone(), offsets, items, Some(NullBuffer::from(valid)))?))
}

#[cfg(test)]
mod tests {
    use super::rescaled;

    #[test]
    fn rescaling_rounds_half_away_from_zero() {
        assert_eq!(rescaled(2345, 3, 2), Some(235));
        assert_eq!(rescaled(-2345, 3, 2), Some(-235));
        assert_eq!(rescaled(2344, 3, 2), Some(234));
        assert_eq!(rescaled(25, 1, 0), Some(3));
        assert_eq!(rescaled(5, 0, 2), Some(500));
        assert_eq!(rescaled(i128::MAX, 0, 2), None);
        assert_eq!(rescaled(5, 38, -20), Some(0));
    }
}
