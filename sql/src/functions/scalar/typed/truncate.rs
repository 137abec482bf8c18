//! `date_trunc(field, source [, zone])` and `date_bin(stride, source, origin)`.
//!
//! SQLSTATEs: 22023 for a field that nobody knows and a zone that there is none of; 0A000 for a field that cannot be cut at, and
//! for strides of months; 22008 for a stride that is not more than nothing.

use std::str::FromStr;

use arrow::array::timezone::Tz;
use chrono::{DateTime, Datelike, Offset, TimeZone};

use super::calendar::{Fields, MICROS_PER_SECOND, date, overflow};
use super::datum::Datum;
use super::extract::canonical;
use super::kind::Kind::{Interval as IntervalKind, Text, Timestamp, TimestampTz};
use super::overload::{Form, Function, unexpected};
use super::value::{Interval, Value};
use crate::sqlstate::SqlState;
use crate::text::temporal::MICROS_PER_DAY;
use crate::{Error, Result};

const TIMESTAMP: &str = "timestamp without time zone";
const TIMESTAMPTZ: &str = "timestamp with time zone";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "date_trunc",
        &[
            Form::new(&[Text, Timestamp], Timestamp, |values| cut(values, TIMESTAMP)),
            Form::new(&[Text, TimestampTz], TimestampTz, |values| cut(values, TIMESTAMPTZ)),
            Form::new(&[Text, IntervalKind], IntervalKind, cut_interval),
            Form::new(&[Text, TimestampTz, Text], TimestampTz, cut_in_zone),
        ],
    ),
    Function::new(
        "date_bin",
        &[
            Form::new(&[IntervalKind, Timestamp, Timestamp], Timestamp, bin),
            Form::new(&[IntervalKind, TimestampTz, TimestampTz], TimestampTz, bin),
        ],
    ),
];

fn unit(written: &str, of: &str) -> Result<&'static str> {
    canonical(written).ok_or_else(|| {
        let message = format!("unit \"{}\" not recognized for type {of}", written.to_lowercase());
        Error::new(SqlState::InvalidParameterValue, message)
    })
}

fn unsupported(unit: &str, of: &str) -> Error {
    let message = format!("unit \"{unit}\" not supported for type {of}");
    Error::new(SqlState::FeatureNotSupported, message)
}

fn truncated(written: &str, micros: i64, of: &str) -> Result<i64> {
    let unit = unit(written, of)?;
    let mut fields = Fields::of(micros)?;
    if unit == "week" {
        let day = micros.div_euclid(MICROS_PER_DAY);
        let past_monday = i64::from(date(day)?.weekday().num_days_from_monday());
        return (day - past_monday).checked_mul(MICROS_PER_DAY).ok_or_else(|| overflow("timestamp"));
    }
    cut_fields(unit, &mut fields, of, true)?;
    fields.timestamp()
}

/// Sets what is below a unit to its first value: day and month 1 of a date, and 0 of an interval.
fn cut_fields(unit: &str, fields: &mut Fields, of: &str, is_date: bool) -> Result<()> {
    let first = i64::from(is_date);
    let rank = match unit {
        "microseconds" => 0,
        "milliseconds" => 1,
        "second" => 2,
        "minute" => 3,
        "hour" => 4,
        "day" => 5,
        "month" => 6,
        "quarter" => 7,
        "year" => 8,
        "decade" => 9,
        "century" => 10,
        "millennium" => 11,
        _ => return Err(unsupported(unit, of)),
    };
    if rank == 1 {
        fields.micros -= fields.micros % 1000;
    }
    if rank >= 2 {
        fields.micros = 0;
    }
    if rank >= 3 {
        fields.second = 0;
    }
    if rank >= 4 {
        fields.minute = 0;
    }
    if rank >= 5 {
        fields.hour = 0;
    }
    if rank >= 6 {
        fields.day = first;
    }
    if rank == 7 {
        fields.month -= (fields.month - first) % 3;
    }
    if rank >= 8 {
        fields.month = first;
    }
    let year = fields.year;
    match (unit, is_date) {
        ("decade", true) => fields.year = year.div_euclid(10) * 10,
        ("decade", false) => fields.year = year / 10 * 10,
        ("century", true) => fields.year = (year - 1).div_euclid(100) * 100 + 1,
        ("century", false) => fields.year = year / 100 * 100,
        ("millennium", true) => fields.year = (year - 1).div_euclid(1000) * 1000 + 1,
        ("millennium", false) => fields.year = year / 1000 * 1000,
        _ => {}
    }
    Ok(())
}

fn cut(values: &[Value<'_>], of: &str) -> Result<Datum> {
    let [Value::Text(unit), Value::Timestamp(micros)] = values else { return Err(unexpected()) };
    Ok(Datum::Timestamp(truncated(unit, *micros, of)?))
}

fn cut_interval(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(written), Value::Interval(interval)] = values else { return Err(unexpected()) };
    let mut fields = Fields::of_interval(*interval);
    let unit = unit(written, "interval")?;
    cut_fields(unit, &mut fields, "interval", false)?;
    let narrow = |number: i64| i32::try_from(number).map_err(|_| overflow("interval"));
    Ok(Datum::Interval(Interval {
        months: narrow(fields.year * 12 + fields.month)?,
        days: narrow(fields.day)?,
        micros: fields.time(),
    }))
}

/// A zone by its name or offset.
pub(super) fn zone(name: &str) -> Result<Tz> {
    Tz::from_str(name).map_err(|_| {
        Error::new(SqlState::InvalidParameterValue, format!("time zone \"{name}\" not recognized"))
    })
}

/// Microseconds that a zone's clocks are ahead of UTC at a moment of UTC.
fn ahead(zone: Tz, micros: i64) -> Result<i64> {
    let utc = DateTime::from_timestamp_micros(micros).ok_or_else(|| overflow("timestamp"))?;
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
    Ok(i64::from(offset) * MICROS_PER_SECOND)
}

/// The moment at which a zone's clocks show a time: the earlier of two, and after a gap as if it were not.
///
/// # Errors
/// 22008 beyond the calendar.
pub(super) fn moment(zone: Tz, local: i64) -> Result<i64> {
    let shown = DateTime::from_timestamp_micros(local).ok_or_else(|| overflow("timestamp"))?.naive_utc();
    let offset = match zone.offset_from_local_datetime(&shown) {
        chrono::LocalResult::Single(offset) => offset.fix().local_minus_utc(),
        // Of a time that comes twice PostgreSQL takes the standard time's.
        chrono::LocalResult::Ambiguous(_, later) => later.fix().local_minus_utc(),
        chrono::LocalResult::None => {
            return Ok(local.saturating_sub(ahead(zone, local.saturating_sub(MICROS_PER_DAY))?));
        }
    };
    local.checked_sub(i64::from(offset) * MICROS_PER_SECOND).ok_or_else(|| overflow("timestamp"))
}

fn cut_in_zone(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(unit), Value::Timestamp(micros), Value::Text(name)] = values else {
        return Err(unexpected());
    };
    let zone = zone(name)?;
    let local = micros.saturating_add(ahead(zone, *micros)?);
    Ok(Datum::Timestamp(moment(zone, truncated(unit, local, TIMESTAMPTZ)?)?))
}

fn bin(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Interval(stride), Value::Timestamp(source), Value::Timestamp(origin)] = values else {
        return Err(unexpected());
    };
    if stride.months != 0 {
        let message = "timestamps cannot be binned into intervals containing months or years";
        return Err(Error::new(SqlState::FeatureNotSupported, message));
    }
    let size = i64::from(stride.days)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|days| days.checked_add(stride.micros))
        .ok_or_else(|| overflow("interval"))?;
    if size <= 0 {
        return Err(Error::new(SqlState::DatetimeFieldOverflow, "stride must be greater than zero"));
    }
    let since = source.checked_sub(*origin).ok_or_else(|| overflow("interval"))?;
    let begin = since.div_euclid(size).checked_mul(size).and_then(|begin| begin.checked_add(*origin));
    begin.map(Datum::Timestamp).ok_or_else(|| overflow("timestamp"))
}

#[cfg(test)]
mod tests {
    use super::super::calendar::days;
    use super::*;

    #[test]
    fn a_day_begins_where_its_zone_says() {
        let noon = days(2024, 5, 6).unwrap() * MICROS_PER_DAY + 12 * 3600 * MICROS_PER_SECOND;
        let tokyo = zone("Asia/Tokyo").unwrap();
        assert_eq!(moment(tokyo, noon).unwrap(), noon - 9 * 3600 * MICROS_PER_SECOND);
        assert!(zone("Nowhere/City").is_err());
    }
}
