//! `extract(field from source)` → numeric and `date_part(field, source)` → double precision, with PostgreSQL's fields.
//!
//! `extract` is called `muster_extract` in plans, with the field as a text. SQLSTATEs: 22023 for a field that nobody knows, 0A000 for
//! one that the type has not.

use chrono::Datelike;

use super::calendar::{Fields, JULIAN_EPOCH, MICROS_PER_SECOND, date};
use super::datum::Datum;
use super::kind::Kind::{
    Date, Float8, Interval as IntervalKind, Numeric, Text, Time, Timestamp, TimestampTz,
};
use super::overload::{Form, Function, Planned, unexpected};
use super::value::{Interval, Value};
use crate::sqlstate::SqlState;
use crate::text::temporal::MICROS_PER_DAY;
use crate::{Error, Result};

/// What `extract` is in plans.
pub(crate) const EXTRACT: &str = "muster_extract";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        EXTRACT,
        &[
            Form::new(&[Text, Date], Numeric, |values| numeric(values, "date")).scaled(scale),
            Form::new(&[Text, Timestamp], Numeric, |values| numeric(values, TIMESTAMP)).scaled(scale),
            Form::new(&[Text, TimestampTz], Numeric, |values| numeric(values, TIMESTAMPTZ)).scaled(scale),
            Form::new(&[Text, Time], Numeric, |values| numeric(values, TIME)).scaled(scale),
            Form::new(&[Text, IntervalKind], Numeric, |values| numeric(values, "interval")).scaled(scale),
        ],
    ),
    Function::new(
        "date_part",
        &[
            // PostgreSQL makes a timestamp of the date.
            Form::new(&[Text, Date], Float8, |values| double(values, TIMESTAMP)),
            Form::new(&[Text, Timestamp], Float8, |values| double(values, TIMESTAMP)),
            Form::new(&[Text, TimestampTz], Float8, |values| double(values, TIMESTAMPTZ)),
            Form::new(&[Text, Time], Float8, |values| double(values, TIME)),
            Form::new(&[Text, IntervalKind], Float8, |values| double(values, "interval")),
        ],
    ),
];

const TIMESTAMP: &str = "timestamp without time zone";
const TIMESTAMPTZ: &str = "timestamp with time zone";
const TIME: &str = "time without time zone";

/// The digits behind the point.
fn scale(planned: &Planned<'_>) -> i8 {
    let is_date = matches!(planned.types.get(1), Some(arrow::datatypes::DataType::Date32));
    match planned.text(0).map(canonical) {
        Some(Some("second")) => 6,
        Some(Some("milliseconds")) => 3,
        Some(Some("epoch")) if !is_date => 6,
        Some(Some("julian")) if !is_date => 20,
        Some(_) => 0,
        None => 6,
    }
}

/// A field by the names that it has.
pub(super) fn canonical(field: &str) -> Option<&'static str> {
    Some(match field.trim().to_lowercase().as_str() {
        "microsecond" | "microseconds" | "us" | "usec" | "usecs" | "usecond" | "useconds" => "microseconds",
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" | "msecond" | "mseconds" => "milliseconds",
        "second" | "seconds" | "s" | "sec" | "secs" => "second",
        "minute" | "minutes" | "m" | "min" | "mins" => "minute",
        "hour" | "hours" | "h" | "hr" | "hrs" => "hour",
        "day" | "days" | "d" => "day",
        "week" | "weeks" | "w" => "week",
        "month" | "months" | "mon" | "mons" => "month",
        "quarter" | "qtr" => "quarter",
        "year" | "years" | "y" | "yr" | "yrs" => "year",
        "decade" | "decades" | "dec" | "decs" => "decade",
        "century" | "centuries" | "c" | "cent" => "century",
        "millennium" | "millennia" | "mil" | "mils" => "millennium",
        "dow" => "dow",
        "isodow" => "isodow",
        "doy" => "doy",
        "isoyear" => "isoyear",
        "epoch" => "epoch",
        "julian" => "julian",
        "timezone" => "timezone",
        "timezone_hour" | "timezone_h" => "timezone_hour",
        "timezone_minute" | "timezone_m" => "timezone_minute",
        _ => return None,
    })
}

fn unknown(field: &str, of: &str) -> Error {
    let message = format!("unit \"{}\" not recognized for type {of}", field.to_lowercase());
    Error::new(SqlState::InvalidParameterValue, message)
}

fn unsupported(field: &str, of: &str) -> Error {
    let message = format!("unit \"{field}\" not supported for type {of}");
    Error::new(SqlState::FeatureNotSupported, message)
}

fn numeric(values: &[Value<'_>], of: &str) -> Result<Datum> {
    let (units, scale) = part(values, of)?;
    Ok(Datum::Decimal(units, scale))
}

fn double(values: &[Value<'_>], of: &str) -> Result<Datum> {
    let (units, scale) = part(values, of)?;
    Ok(Datum::Float(units as f64 / 10_f64.powi(i32::from(scale))))
}

fn part(values: &[Value<'_>], of: &str) -> Result<(i128, i8)> {
    let [Value::Text(written), source] = values else { return Err(unexpected()) };
    let field = canonical(written).ok_or_else(|| unknown(written, of))?;
    match source {
        Value::Date(days) => {
            let of_day = matches!(
                field,
                "microseconds"
                    | "milliseconds"
                    | "second"
                    | "minute"
                    | "hour"
                    | "timezone"
                    | "timezone_hour"
                    | "timezone_minute"
            );
            if of_day && of == "date" {
                return Err(unsupported(field, of));
            }
            if field == "epoch" {
                return Ok((i128::from(*days) * 86_400, 0));
            }
            of_timestamp(field, days.saturating_mul(MICROS_PER_DAY), of)
        }
        Value::Timestamp(micros) => of_timestamp(field, *micros, of),
        Value::Time(micros) => match field {
            "epoch" => Ok((i128::from(*micros), 6)),
            _ => of_clock(field, &Fields::of_time(*micros)).ok_or_else(|| unsupported(field, of)),
        },
        Value::Interval(interval) => of_interval(field, *interval, of),
        _ => Err(unexpected()),
    }
}

fn whole(number: i64) -> (i128, i8) {
    (i128::from(number), 0)
}

/// The fields of a time of day.
fn of_clock(field: &str, fields: &Fields) -> Option<(i128, i8)> {
    let micros = fields.second * MICROS_PER_SECOND + fields.micros;
    Some(match field {
        "microseconds" => whole(micros),
        "milliseconds" => (i128::from(micros), 3),
        "second" => (i128::from(micros), 6),
        "minute" => whole(fields.minute),
        "hour" => whole(fields.hour),
        _ => return None,
    })
}

fn of_timestamp(field: &str, micros: i64, of: &str) -> Result<(i128, i8)> {
    let fields = Fields::of(micros)?;
    if let Some(part) = of_clock(field, &fields) {
        return Ok(part);
    }
    let days = micros.div_euclid(MICROS_PER_DAY);
    let date = date(days)?;
    Ok(match field {
        "day" => whole(fields.day),
        "month" => whole(fields.month),
        "quarter" => whole((fields.month - 1) / 3 + 1),
        "year" => whole(fields.shown_year()),
        "decade" => whole(fields.decade()),
        "century" => whole(fields.century()),
        "millennium" => whole(fields.millennium()),
        "week" => whole(i64::from(date.iso_week().week())),
        "isoyear" => {
            let year = i64::from(date.iso_week().year());
            whole(if year > 0 { year } else { year - 1 })
        }
        "dow" => whole(i64::from(date.weekday().num_days_from_sunday())),
        "isodow" => whole(i64::from(date.weekday().number_from_monday())),
        "doy" => whole(i64::from(date.ordinal())),
        "epoch" => (i128::from(micros), 6),
        "julian" => {
            let day = i128::from(days + JULIAN_EPOCH);
            match micros.rem_euclid(MICROS_PER_DAY) {
                0 => (day, 0),
                time => {
                    let unit = 10_i128.pow(20);
                    (day * unit + i128::from(time) * unit / i128::from(MICROS_PER_DAY), 20)
                }
            }
        }
        // Sessions' zones concern what is shown; parts are those of UTC.
        "timezone" | "timezone_hour" | "timezone_minute" if of == TIMESTAMPTZ => whole(0),
        _ => return Err(unsupported(field, of)),
    })
}

fn of_interval(field: &str, interval: Interval, of: &str) -> Result<(i128, i8)> {
    let fields = Fields::of_interval(interval);
    if let Some(part) = of_clock(field, &fields) {
        return Ok(part);
    }
    Ok(match field {
        "day" => whole(fields.day),
        "month" => whole(fields.month),
        "quarter" => whole(fields.month / 3 + 1),
        "year" => whole(fields.year),
        "decade" => whole(fields.year / 10),
        "century" => whole(fields.year / 100),
        "millennium" => whole(fields.year / 1000),
        "epoch" => {
            // A year is 365.25 days, a month 30.
            let quarters = i128::from(fields.year) * 1461 + i128::from(fields.month) * 120;
            let days = quarters * i128::from(MICROS_PER_DAY) / 4;
            let micros = days + i128::from(interval.days) * i128::from(MICROS_PER_DAY);
            (micros + i128::from(interval.micros), 6)
        }
        _ => return Err(unsupported(field, of)),
    })
}
