//! Functions of arrays where DataFusion's differ from PostgreSQL's: sizes that are int4 and NULL of nothing, every element and not
//! the first alone.
//!
//! SQLSTATEs: 2202E for what cannot be trimmed or filled; 54000 for arrays that are too large.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray, Int64Array, UInt32Array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;

use super::datum::Datum;
use super::kind::Kind::{Any, Array, ArrayOf, As, Int4, Int4s, Text};
use super::overload::{Form, Function, unexpected};
use super::value::{Column, Value};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What `generate_subscripts` is as a function of an array.
pub(crate) const SUBSCRIPTS: &str = "muster_generate_subscripts";

/// The most elements of an array.
const MOST: i64 = 134_217_727;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("array_length", &[Form::new(&[Array, Int4], Int4, length)]),
    Function::new("array_upper", &[Form::new(&[Array, Int4], Int4, length)]),
    Function::new(
        "array_lower",
        &[Form::new(&[Array, Int4], Int4, |values| {
            Ok(match length(values)? {
                Datum::Int(_) => Datum::Int(1),
                other => other,
            })
        })],
    ),
    Function::new(
        "array_ndims",
        &[Form::new(&[Array], Int4, |values| {
            let sizes = sizes_of(values)?;
            Ok(if sizes.is_empty() { Datum::Null } else { Datum::Int(sizes.len() as i64) })
        })],
    ),
    Function::new(
        "array_dims",
        &[Form::new(&[Array], Text, |values| {
            let sizes = sizes_of(values)?;
            let text: String = sizes.iter().map(|size| format!("[1:{size}]")).collect();
            Ok(if text.is_empty() { Datum::Null } else { Datum::Text(text) })
        })],
    ),
    Function::new(
        "cardinality",
        &[Form::new(&[Array], Int4, |values| {
            let sizes = sizes_of(values)?;
            Ok(Datum::Int(if sizes.is_empty() { 0 } else { sizes.iter().product() }))
        })],
    ),
    Function::new("trim_array", &[Form::new(&[Array, Int4], As(0), trim)]),
    Function::new("array_fill", &[Form::new(&[Any, Int4s], ArrayOf(0), fill).with_nulls()]),
    Function::new(SUBSCRIPTS, &[Form::new(&[Array, Int4], Int4s, subscripts)]),
    Function::new("array_remove", &[Form::new(&[Array, Any], As(0), remove).with_nulls()]),
    Function::new("array_replace", &[Form::new(&[Array, Any, Any], As(0), replace).with_nulls()]),
    Function::new(
        "array_position",
        &[
            Form::new(&[Array, Any], Int4, position).with_nulls(),
            Form::new(&[Array, Any, Int4], Int4, position).with_nulls(),
        ],
    ),
    Function::new("array_positions", &[Form::new(&[Array, Any], Int4s, positions).with_nulls()]),
];

/// The lengths of an array's dimensions; none of an empty one.
fn sizes(array: &ArrayRef) -> Vec<i64> {
    let mut sizes = Vec::new();
    let mut array = array.clone();
    while !array.is_empty() {
        sizes.push(array.len() as i64);
        let Some(inner) = array.as_list_opt::<i32>().filter(|inner| inner.is_valid(0)) else { return sizes };
        array = inner.value(0);
    }
    Vec::new()
}

fn sizes_of(values: &[Value<'_>]) -> Result<Vec<i64>> {
    let [Value::List(array)] = values else { return Err(unexpected()) };
    Ok(sizes(array))
}

fn length(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::List(array), Value::Int(dimension)] = values else { return Err(unexpected()) };
    let place = usize::try_from(dimension.saturating_sub(1)).ok();
    Ok(place.and_then(|place| sizes(array).get(place).copied()).map_or(Datum::Null, Datum::Int))
}

fn trim(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::List(array), Value::Int(count)] = values else { return Err(unexpected()) };
    let kept = usize::try_from(*count).ok().and_then(|count| array.len().checked_sub(count));
    let kept = kept.ok_or_else(|| {
        let message = format!("number of elements to trim must be between 0 and {}", array.len());
        Error::new(SqlState::ArraySubscriptError, message)
    })?;
    Ok(Datum::List(array.slice(0, kept)))
}

fn subscripts(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::List(array), Value::Int(dimension)] = values else { return Err(unexpected()) };
    let place = usize::try_from(dimension.saturating_sub(1)).ok();
    let size = place.and_then(|place| sizes(array).get(place).copied()).unwrap_or(0);
    Ok(Datum::List(Arc::new(Int64Array::from_iter_values(1..=size))))
}

/// One value of whatever type as an array of one.
fn single(value: &Value<'_>, like: &DataType) -> Result<Option<ArrayRef>> {
    let datum = match value {
        Value::Null => return Ok(None),
        Value::Bool(value) => Datum::Bool(*value),
        Value::Int(value) => Datum::Int(*value),
        Value::Float(value) => Datum::Float(*value),
        Value::Decimal(value, scale) => Datum::Decimal(*value, *scale),
        Value::Text(value) => Datum::Text((*value).to_string()),
        Value::Bytes(value) => Datum::Bytes(value.to_vec()),
        Value::Date(value) => Datum::Date(*value),
        Value::Time(value) => Datum::Time(*value),
        Value::Timestamp(value) => Datum::Timestamp(*value),
        Value::Interval(value) => Datum::Interval(*value),
        Value::List(value) if value.data_type() == like => return Ok(Some(value.clone())),
        Value::List(value) => Datum::List(value.clone()),
    };
    let native = match like {
        DataType::Float32 => DataType::Float64,
        DataType::Null => return Ok(None),
        other => other.clone(),
    };
    let made = super::datum::array(vec![datum], &native).map_err(Error::from)?;
    Ok(Some(arrow::compute::cast(&made, like)?))
}

/// The places of a value, from 0; NULL is equal to NULL here.
fn places(array: &ArrayRef, value: &Value<'_>) -> Result<Vec<usize>> {
    if array.data_type() == &DataType::Null {
        return Ok(if matches!(value, Value::Null) { (0..array.len()).collect() } else { Vec::new() });
    }
    let wanted = match single(value, array.data_type())? {
        Some(wanted) => wanted,
        None => return Ok((0..array.len()).filter(|place| array.is_null(*place)).collect()),
    };
    let equal = not_distinct(array, &arrow::array::Scalar::new(wanted))?;
    Ok((0..array.len()).filter(|place| equal.value(*place)).collect())
}

fn remove(values: &[Value<'_>]) -> Result<Datum> {
    let [array, value] = values else { return Err(unexpected()) };
    let Value::List(array) = array else { return Ok(Datum::Null) };
    let gone = places(array, value)?;
    let kept = (0..array.len()).filter(|place| !gone.contains(place));
    let kept: UInt32Array = kept.filter_map(|place| u32::try_from(place).ok()).collect();
    Ok(Datum::List(take(array, &kept, None)?))
}

fn replace(values: &[Value<'_>]) -> Result<Datum> {
    let [array, old, new] = values else { return Err(unexpected()) };
    let Value::List(array) = array else { return Ok(Datum::Null) };
    let new = match single(new, array.data_type())? {
        Some(new) => new,
        None => arrow::array::new_null_array(array.data_type(), 1),
    };
    let both = concat(&[array.as_ref(), new.as_ref()])?;
    let changed = places(array, old)?;
    let taken = (0..array.len()).map(|place| if changed.contains(&place) { array.len() } else { place });
    let taken: UInt32Array = taken.filter_map(|place| u32::try_from(place).ok()).collect();
    Ok(Datum::List(take(&both, &taken, None)?))
}

fn position(values: &[Value<'_>]) -> Result<Datum> {
    let [array, value, start @ ..] = values else { return Err(unexpected()) };
    let Value::List(array) = array else { return Ok(Datum::Null) };
    let start = match start {
        [] => 1,
        [Value::Int(start)] => *start,
        _ => {
            let message = "initial position must not be null";
            return Err(Error::new(SqlState::NullValueNotAllowed, message));
        }
    };
    let found = places(array, value)?.into_iter().map(|place| place as i64 + 1);
    Ok(found.into_iter().find(|place| *place >= start).map_or(Datum::Null, Datum::Int))
}

fn positions(values: &[Value<'_>]) -> Result<Datum> {
    let [array, value] = values else { return Err(unexpected()) };
    let Value::List(array) = array else { return Ok(Datum::Null) };
    let found = places(array, value)?.into_iter().map(|place| place as i64 + 1);
    Ok(Datum::List(Arc::new(Int64Array::from_iter_values(found))))
}

fn fill(values: &[Value<'_>]) -> Result<Datum> {
    let [value, sizes] = values else { return Err(unexpected()) };
    let Value::List(sizes) = sizes else {
        let message = "dimension array or low bound array cannot be null";
        return Err(Error::new(SqlState::NullValueNotAllowed, message));
    };
    let column = Column::read(sizes, false).map_err(Error::from)?;
    let size = match (sizes.len(), column.get(0)) {
        (1, Value::Int(size)) => size,
        (1, _) => return Err(Error::new(SqlState::NullValueNotAllowed, "dimension values cannot be null")),
        (0, _) => 0,
        _ => return Err(Error::unsupported("array_fill of several dimensions")),
    };
    if !(0..=MOST).contains(&size) {
        let message = format!("array size exceeds the maximum allowed ({MOST})");
        return Err(Error::new(SqlState::ProgramLimitExceeded, message));
    }
    let like = match value {
        Value::Null => DataType::Null,
        Value::Bool(_) => DataType::Boolean,
        Value::Int(_) => DataType::Int64,
        Value::Float(_) => DataType::Float64,
        Value::Decimal(_, scale) => DataType::Decimal128(38, *scale),
        Value::Text(_) => DataType::Utf8,
        Value::Bytes(_) => DataType::Binary,
        Value::Date(_) => DataType::Date32,
        _ => return Err(Error::unsupported("array_fill of this type")),
    };
    let count = usize::try_from(size).unwrap_or(0);
    let zeros = UInt32Array::from(vec![0_u32; count]);
    let one = match single(value, &like)? {
        Some(one) => one,
        None => arrow::array::new_null_array(&DataType::Int32, 1),
    };
    Ok(Datum::List(take(&one, &zeros, None)?))
}
