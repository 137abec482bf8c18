//! `width_bucket`: which of the parts of a range a number is in.

use arrow::array::Array as _;

use super::super::datum::Datum;
use super::super::overload::unexpected;
use super::super::value::{self, Value};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

pub(super) fn bucket(values: &[Value<'_>]) -> Result<Datum> {
    let refused = |words| Err(Error::new(SqlState::InvalidArgumentForWidthBucket, words));
    let as_float = |value: &Value<'_>| match value {
        Value::Float(x) => Some(*x),
        Value::Decimal(x, scale) => Some(*x as f64 / 10_f64.powi(i32::from(*scale))),
        _ => None,
    };
    let [operand, low, high, Value::Int(count)] = values else { return Err(unexpected()) };
    let (Some(operand), Some(low), Some(high)) = (as_float(operand), as_float(low), as_float(high)) else {
        return Err(unexpected());
    };
    if *count <= 0 {
        return refused("count must be greater than zero");
    }
    if operand.is_nan() || low.is_nan() || high.is_nan() {
        return refused("operand, lower bound, and upper bound cannot be NaN");
    }
    if low.is_infinite() || high.is_infinite() {
        return refused("lower and upper bounds must be finite");
    }
    if low == high {
        return refused("lower bound cannot equal upper bound");
    }
    let (from, to) = if low < high { (operand - low, high - low) } else { (low - operand, low - high) };
    Ok(Datum::Int(if from < 0.0 {
        0
    } else if from >= to {
        count + 1
    } else {
        ((from / to * *count as f64) as i64).min(count - 1) + 1
    }))
}

pub(super) fn bucket_of_array(values: &[Value<'_>]) -> Result<Datum> {
    let [operand, Value::List(bounds)] = values else { return Err(unexpected()) };
    let bounds = value::Column::read(bounds, false).map(|column| (column, bounds.len()));
    let (column, count) = bounds.map_err(Error::from)?;
    let as_float = |value: &Value<'_>| match value {
        Value::Float(x) => Some(*x),
        Value::Int(x) | Value::Timestamp(x) => Some(*x as f64),
        Value::Decimal(x, scale) => Some(*x as f64 / 10_f64.powi(i32::from(*scale))),
        _ => None,
    };
    let operand = as_float(operand).ok_or_else(unexpected)?;
    let mut place = 0;
    for row in 0..count {
        let Some(bound) = as_float(&column.get(row)) else {
            let message = "thresholds array must not contain NULLs";
            return Err(Error::new(SqlState::NullValueNotAllowed, message));
        };
        if operand >= bound {
            place = row + 1;
        }
    }
    Ok(Datum::Int(place as i64))
}
