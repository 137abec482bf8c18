//! `to_char(moment, pattern)` of timestamps, dates, times and intervals, in PostgreSQL's patterns.
//!
//! SQLSTATEs: 22007 for a field that an interval has not; 54000 for a result that is too long.

use std::fmt::Write as _;

use chrono::Datelike;

use super::calendar::{Fields, JULIAN_EPOCH, date, days};
use super::datum::Datum;
use super::overload::{Run, unexpected};
use super::pattern::{DAYS, Field, MONTHS, Part, ROMAN, ordinal, parts};
use super::value::Value;
use crate::sqlstate::SqlState;
use crate::text::temporal::MICROS_PER_DAY;
use crate::{Error, Result};

/// Of a timestamp without a zone.
pub(super) const TIMESTAMP: Run = |values| show(values, false);
/// Of one with a zone, which is UTC.
pub(super) const TIMESTAMPTZ: Run = |values| show(values, true);

/// What is shown.
struct Moment {
    fields: Fields,
    /// Days since 1970-01-01; none of an interval.
    day: Option<i64>,
    zone: bool,
}

fn show(values: &[Value<'_>], zone: bool) -> Result<Datum> {
    let [moment, Value::Text(pattern)] = values else { return Err(unexpected()) };
    let moment = match moment {
        Value::Timestamp(micros) => {
            Moment { fields: Fields::of(*micros)?, day: Some(micros.div_euclid(MICROS_PER_DAY)), zone }
        }
        Value::Interval(interval) => Moment { fields: Fields::of_interval(*interval), day: None, zone },
        _ => return Err(unexpected()),
    };
    if pattern.is_empty() {
        return Ok(Datum::Null);
    }
    let mut out = String::with_capacity(pattern.len() * 2);
    for part in parts(pattern) {
        match part {
            Part::Literal(character) | Part::Quoted(character) => out.push(character),
            Part::Field { field, written, fill, ordinal: th } => {
                let start = out.len();
                put(field, written, fill, &moment, &mut out)?;
                if let Some(upper) = th {
                    let suffix = ordinal(out.get(start..).unwrap_or_default(), upper);
                    out.push_str(suffix);
                }
            }
        }
    }
    Ok(Datum::Text(out))
}

fn cased(name: &str, written: &str) -> String {
    let mut letters = written.chars().filter(|c| c.is_alphabetic());
    let upper = |letter: Option<char>| letter.is_some_and(char::is_uppercase);
    match (upper(letters.next()), upper(letters.next())) {
        (true, true) => name.to_uppercase(),
        (true, false) => name.to_string(),
        (false, _) => name.to_lowercase(),
    }
}

fn number(value: i64, width: usize, fill: bool, out: &mut String) {
    let width = match (fill, value < 0) {
        (true, _) => 0,
        (false, true) => width + 1,
        (false, false) => width,
    };
    // Writing to a string cannot fail.
    let _ = write!(out, "{value:0width$}");
}

fn no_interval() -> Error {
    let message = "invalid format specification for an interval value";
    Error::new(SqlState::InvalidDatetimeFormat, message)
        .with_hint("Intervals are not tied to specific calendar dates.")
}

fn put(field: Field, written: &str, fill: bool, moment: &Moment, out: &mut String) -> Result<()> {
    let fields = &moment.fields;
    let day = || moment.day.ok_or_else(no_interval);
    let calendar = || date(day()?);
    let named = |name: &str, width: usize, out: &mut String| {
        let name = cased(name, written);
        let _ = if fill { write!(out, "{name}") } else { write!(out, "{name:width$}") };
    };
    match field {
        Field::Era => {
            day()?;
            let dots = written.contains('.');
            let era = match (fields.year > 0, dots) {
                (true, true) => "A.D.",
                (true, false) => "AD",
                (false, true) => "B.C.",
                (false, false) => "BC",
            };
            let lower = written.starts_with(|c: char| c.is_lowercase());
            out.push_str(&if lower { era.to_lowercase() } else { era.to_string() });
        }
        Field::Meridiem => {
            let dots = written.contains('.');
            let afternoon = fields.hour % 24 >= 12;
            let half = match (afternoon, dots) {
                (true, true) => "P.M.",
                (true, false) => "PM",
                (false, true) => "A.M.",
                (false, false) => "AM",
            };
            let lower = written.starts_with(|c: char| c.is_lowercase());
            out.push_str(&if lower { half.to_lowercase() } else { half.to_string() });
        }
        Field::Century => {
            let century = match moment.day {
                Some(_) => fields.century(),
                None => fields.year / 100,
            };
            let width = if (-99..=99).contains(&century) { 2 } else { 0 };
            number(century, width, fill, out);
        }
        Field::DayName | Field::DayAbbreviation => {
            let weekday = calendar()?.weekday().num_days_from_sunday() as usize;
            let name = DAYS.get(weekday).copied().unwrap_or_default();
            match field {
                Field::DayName => named(name, 9, out),
                _ => named(name.get(..3).unwrap_or_default(), 3, out),
            }
        }
        Field::DayOfYear => match moment.day {
            Some(_) => number(i64::from(calendar()?.ordinal()), 3, fill, out),
            None => number((fields.year * 12 + fields.month) * 30 + fields.day, 3, fill, out),
        },
        Field::IsoDayOfYear => {
            let date = calendar()?;
            let of_year = i64::from(date.iso_week().week() - 1) * 7;
            number(of_year + i64::from(date.weekday().number_from_monday()), 3, fill, out);
        }
        Field::Day if fields.day < 0 => number(fields.day, 1, true, out),
        Field::Day => number(fields.day, 2, fill, out),
        Field::DayOfWeek => number(i64::from(calendar()?.weekday().number_from_sunday()), 1, true, out),
        Field::IsoDayOfWeek => number(i64::from(calendar()?.weekday().number_from_monday()), 1, true, out),
        Field::Fraction(digits) => {
            let digits = usize::from(digits);
            let micros = format!("{:06}", fields.micros.abs());
            out.push_str(micros.get(..digits).unwrap_or(&micros));
        }
        Field::Hour24 => number(fields.hour, 2, fill, out),
        Field::Hour12 => {
            let hour = fields.hour % 12;
            number(if hour == 0 { 12 } else { hour }, 2, fill, out);
        }
        Field::Julian => match moment.day {
            Some(day) => number(day + JULIAN_EPOCH, 1, true, out),
            None => return Err(no_interval()),
        },
        Field::Minute => number(fields.minute, 2, fill, out),
        Field::Month => number(fields.month, 2, fill, out),
        Field::MonthName | Field::MonthAbbreviation | Field::Roman => {
            let month = match moment.day {
                Some(_) => usize::try_from(fields.month - 1).ok(),
                None if field == Field::Roman && fields.month != 0 => {
                    usize::try_from(if fields.month < 0 { -fields.month - 1 } else { fields.month - 1 }).ok()
                }
                None if field == Field::Roman && fields.year != 0 => Some(11),
                None if field == Field::Roman => None,
                None => return Err(no_interval()),
            };
            let Some(month) = month else { return Ok(()) };
            let name = MONTHS.get(month).copied().unwrap_or_default();
            match field {
                Field::MonthName => named(name, 9, out),
                Field::MonthAbbreviation => named(name.get(..3).unwrap_or_default(), 3, out),
                _ => {
                    let roman = ROMAN.get(month).copied().unwrap_or_default();
                    named(roman, 4, out);
                }
            }
        }
        Field::Milliseconds => number((fields.micros as f64 / 1000.0).trunc() as i64, 3, false, out),
        Field::Microseconds => number(fields.micros, 6, false, out),
        Field::Offset => {
            day()?;
            out.push_str("+00");
        }
        Field::OffsetHours => {
            day()?;
            out.push_str("+00");
        }
        Field::OffsetMinutes => {
            day()?;
            out.push_str("00");
        }
        Field::Zone => {
            day()?;
            if moment.zone {
                out.push_str(if written.starts_with('t') { "utc" } else { "UTC" });
            }
        }
        Field::Quarter => {
            if fields.month != 0 {
                number((fields.month - 1) / 3 + 1, 1, true, out);
            }
        }
        Field::SecondsOfDay => {
            number(fields.hour * 3600 + fields.minute * 60 + fields.second, 1, true, out);
        }
        Field::Second => number(fields.second, 2, fill, out),
        Field::Week => match written.len() {
            2 => number((day_of_year(moment)? - 1) / 7 + 1, 2, fill, out),
            _ => number((fields.day - 1) / 7 + 1, 1, true, out),
        },
        Field::IsoWeek => number(i64::from(calendar()?.iso_week().week()), 2, fill, out),
        Field::YearComma => {
            let year = shown_year(moment);
            let _ = write!(out, "{},{:03}", year / 1000, year % 1000);
        }
        Field::Year(digits) => last_digits(shown_year(moment), digits, fill, out),
        Field::IsoYear(digits) => {
            let year = i64::from(calendar()?.iso_week().year());
            last_digits(if year > 0 { year } else { 1 - year }, digits, fill, out);
        }
    }
    Ok(())
}

/// Years before Christ without a sign.
fn shown_year(moment: &Moment) -> i64 {
    match moment.day {
        Some(_) if moment.fields.year <= 0 => 1 - moment.fields.year,
        _ => moment.fields.year,
    }
}

fn last_digits(year: i64, digits: u8, fill: bool, out: &mut String) {
    let width = usize::from(digits);
    let shown = if digits < 4 { year % 10_i64.pow(u32::from(digits)) } else { year };
    number(shown, width, fill, out);
}

fn day_of_year(moment: &Moment) -> Result<i64> {
    let day = moment.day.ok_or_else(no_interval)?;
    let first = days(moment.fields.year, 1, 1).unwrap_or(day);
    Ok(day - first + 1)
}
