//! `generate_series(start, stop [, step])` as a function of an array, which `planning::set_returning` unnests.
//!
//! SQLSTATEs: 22023 for a step of nothing; 54000 for more rows than memory should hold.

use std::sync::Arc;

use arrow::array::Int64Array;

use super::calendar::plus;
use super::datum::{Datum, rescaled};
use super::kind::Kind::{
    ArrayOf, Int4, Int4s, Int8, Interval as IntervalKind, Numeric, Timestamp, TimestampTz,
};
use super::overload::{Form, Function, unexpected};
use super::value::{Interval, Value};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Its name in plans.
pub(crate) const SERIES: &str = "muster_series";

/// The most rows, all of which are in memory at once.
const MOST: i128 = 10_000_000;

pub(super) static FUNCTIONS: &[Function] = &[Function::new(
    SERIES,
    &[
        Form::new(&[Int4, Int4], Int4s, integers),
        Form::new(&[Int4, Int4, Int4], Int4s, integers),
        Form::new(&[Int8, Int8], ArrayOf(0), integers),
        Form::new(&[Int8, Int8, Int8], ArrayOf(0), integers),
        Form::new(&[Numeric, Numeric], ArrayOf(0), decimals),
        Form::new(&[Numeric, Numeric, Numeric], ArrayOf(2), decimals),
        Form::new(&[Timestamp, Timestamp, IntervalKind], ArrayOf(0), moments),
        Form::new(&[TimestampTz, TimestampTz, IntervalKind], ArrayOf(0), moments),
    ],
)];

fn no_step() -> Error {
    Error::new(SqlState::InvalidParameterValue, "step size cannot equal zero")
}

fn too_many() -> Error {
    Error::new(SqlState::ProgramLimitExceeded, format!("a series here has at most {MOST} rows"))
        .with_hint("Write generate_series of integers in FROM.")
}

/// The values from one to another by a step.
fn steps(start: i128, stop: i128, step: i128) -> Result<impl Iterator<Item = i128>> {
    if step == 0 {
        return Err(no_step());
    }
    let count = match stop.checked_sub(start).and_then(|whole| whole.checked_div(step)) {
        Some(count) if (stop - start).signum() * step.signum() >= 0 => count.saturating_add(1),
        Some(_) => 0,
        None => return Err(too_many()),
    };
    if count > MOST {
        return Err(too_many());
    }
    Ok((0..count).map(move |place| start + place * step))
}

fn integers(values: &[Value<'_>]) -> Result<Datum> {
    let (start, stop, step) = match values {
        [Value::Int(start), Value::Int(stop)] => (*start, *stop, 1),
        [Value::Int(start), Value::Int(stop), Value::Int(step)] => (*start, *stop, *step),
        _ => return Err(unexpected()),
    };
    let steps = steps(i128::from(start), i128::from(stop), i128::from(step))?;
    let steps = steps.filter_map(|value| i64::try_from(value).ok());
    Ok(Datum::List(Arc::new(Int64Array::from_iter_values(steps))))
}

fn decimals(values: &[Value<'_>]) -> Result<Datum> {
    let (start, stop, step) = match values {
        [Value::Decimal(start, a), Value::Decimal(stop, b)] => ((*start, *a), (*stop, *b), (1, 0)),
        [Value::Decimal(start, a), Value::Decimal(stop, b), Value::Decimal(step, c)] => {
            ((*start, *a), (*stop, *b), (*step, *c))
        }
        _ => return Err(unexpected()),
    };
    let scale = start.1.max(stop.1).max(step.1);
    let to_scale = |(value, of): (i128, i8)| rescaled(value, of, scale).ok_or_else(too_many);
    let values = steps(to_scale(start)?, to_scale(stop)?, to_scale(step)?)?;
    let values = values.map(|value| Datum::Decimal(value, scale)).collect();
    let of = arrow::datatypes::DataType::Decimal128(38, scale);
    Ok(Datum::List(super::datum::array(values, &of).map_err(Error::from)?))
}

fn moments(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Timestamp(start), Value::Timestamp(stop), Value::Interval(step)] = values else {
        return Err(unexpected());
    };
    let Interval { months, days, micros } = *step;
    let length = i128::from(months) * 30 + i128::from(days);
    let length = length * i128::from(crate::text::temporal::MICROS_PER_DAY) + i128::from(micros);
    if length == 0 {
        return Err(no_step());
    }
    let mut moments = Vec::new();
    let mut moment = *start;
    while (length > 0 && moment <= *stop) || (length < 0 && moment >= *stop) {
        if moments.len() as i128 >= MOST {
            return Err(too_many());
        }
        moments.push(moment);
        moment = plus(moment, *step)?;
    }
    Ok(Datum::List(Arc::new(Int64Array::from(moments))))
}
