//! `make_date`, `make_time`, `make_timestamp`, `make_timestamptz`, `make_interval` and `to_timestamp` of seconds.
//!
//! SQLSTATE: 22008 for a day or time that is not there.

use super::calendar::{MICROS_PER_SECOND, days, overflow};
use super::datum::Datum;
use super::kind::Kind::{Date, Float8, Int4, Interval as IntervalKind, Text, Time, Timestamp, TimestampTz};
use super::overload::{Form, Function, unexpected};
use super::truncate::{moment, zone};
use super::value::{Interval, Value};
use crate::sqlstate::SqlState;
use crate::text::temporal::MICROS_PER_DAY;
use crate::{Error, Result};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("make_date", &[Form::new(&[Int4, Int4, Int4], Date, date)]),
    Function::new("make_time", &[Form::new(&[Int4, Int4, Float8], Time, time)]),
    Function::new(
        "make_timestamp",
        &[Form::new(&[Int4, Int4, Int4, Int4, Int4, Float8], Timestamp, timestamp)],
    ),
    Function::new(
        "make_timestamptz",
        &[
            Form::new(&[Int4, Int4, Int4, Int4, Int4, Float8], TimestampTz, timestamp),
            Form::new(&[Int4, Int4, Int4, Int4, Int4, Float8, Text], TimestampTz, timestamp),
        ],
    ),
    Function::new(
        "make_interval",
        &[Form::new(&[Int4, Int4, Int4, Int4, Int4, Int4, Float8], IntervalKind, interval)],
    ),
];

/// Days since 1970-01-01; a negative year is before Christ.
fn day(year: i64, month: i64, day: i64) -> Result<i64> {
    let astronomical = if year < 0 { year + 1 } else { year };
    let invalid = || {
        let message = format!("date field value out of range: {year}-{month:02}-{day:02}");
        Error::new(SqlState::DatetimeFieldOverflow, message)
    };
    if year == 0 {
        return Err(invalid());
    }
    days(astronomical, month, day).ok_or_else(invalid)
}

fn clock(hour: i64, minute: i64, second: f64) -> Result<i64> {
    let micros = (second * MICROS_PER_SECOND as f64).round_ties_even();
    let fits = (0..=24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..=60.0 * MICROS_PER_SECOND as f64).contains(&micros)
        && (hour < 24 || (minute == 0 && micros == 0.0));
    if !fits {
        let message = format!("time field value out of range: {hour}:{minute:02}:{second:02}");
        return Err(Error::new(SqlState::DatetimeFieldOverflow, message));
    }
    Ok((hour * 60 + minute) * 60 * MICROS_PER_SECOND + micros as i64)
}

fn date(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Int(year), Value::Int(month), Value::Int(of_month)] = values else {
        return Err(unexpected());
    };
    Ok(Datum::Date(day(*year, *month, *of_month)?))
}

fn time(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Int(hour), Value::Int(minute), Value::Float(second)] = values else {
        return Err(unexpected());
    };
    Ok(Datum::Time(clock(*hour, *minute, *second)?))
}

fn timestamp(values: &[Value<'_>]) -> Result<Datum> {
    let [
        Value::Int(year),
        Value::Int(month),
        Value::Int(of_month),
        Value::Int(hour),
        Value::Int(minute),
        Value::Float(second),
        rest @ ..,
    ] = values
    else {
        return Err(unexpected());
    };
    let days = day(*year, *month, *of_month)?;
    let local = days
        .checked_mul(MICROS_PER_DAY)
        .and_then(|days| days.checked_add(clock(*hour, *minute, *second).ok()?))
        .ok_or_else(|| clock(*hour, *minute, *second).err().unwrap_or_else(|| overflow("timestamp")))?;
    Ok(Datum::Timestamp(match rest {
        [Value::Text(name)] => moment(zone(name)?, local)?,
        _ => local,
    }))
}

fn interval(values: &[Value<'_>]) -> Result<Datum> {
    let [
        Value::Int(years),
        Value::Int(months),
        Value::Int(weeks),
        Value::Int(days),
        Value::Int(hours),
        Value::Int(minutes),
        Value::Float(seconds),
    ] = values
    else {
        return Err(unexpected());
    };
    let micros = (seconds * MICROS_PER_SECOND as f64).round_ties_even();
    let built = || {
        let whole = (hours * 3600 + minutes * 60).checked_mul(MICROS_PER_SECOND)?;
        if !micros.is_finite() || micros.abs() >= i64::MAX as f64 {
            return None;
        }
        Some(Interval {
            months: i32::try_from(years * 12 + months).ok()?,
            days: i32::try_from(weeks * 7 + days).ok()?,
            micros: whole.checked_add(micros as i64)?,
        })
    };
    built().map(Datum::Interval).ok_or_else(|| overflow("interval"))
}
