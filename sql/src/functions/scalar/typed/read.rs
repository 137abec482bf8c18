//! `to_date(text, pattern)` and `to_timestamp(text, pattern)`, with PostgreSQL's patterns.
//!
//! SQLSTATEs: 22007 for a text that is not as the pattern says; 22008 for a day or time that is not there; 0A000 for fields that
//! no text has.

use chrono::{Datelike, NaiveDate, Weekday};

use super::calendar::{Fields, JULIAN_EPOCH, MICROS_PER_SECOND, date, days, days_of_month};
use super::datum::Datum;
use super::overload::{Run, unexpected};
use super::pattern::{DAYS, Field, MONTHS, Part, ROMAN, parts};
use super::value::Value;
use crate::sqlstate::SqlState;
use crate::text::temporal::MICROS_PER_DAY;
use crate::{Error, Result};

/// To a day.
pub(super) const DATE: Run = |values| {
    let [Value::Text(text), Value::Text(pattern)] = values else { return Err(unexpected()) };
    if pattern.is_empty() {
        return Ok(Datum::Null);
    }
    let micros = read(text, pattern)?;
    Ok(Datum::Date(micros.div_euclid(MICROS_PER_DAY)))
};

/// To a moment.
pub(super) const TIMESTAMP: Run = |values| {
    let [Value::Text(text), Value::Text(pattern)] = values else { return Err(unexpected()) };
    if pattern.is_empty() {
        return Ok(Datum::Null);
    }
    read(text, pattern).map(Datum::Timestamp)
};

/// What has been read.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    iso_day_of_year: Option<i64>,
    week: Option<i64>,
    week_of_month: Option<i64>,
    century: Option<i64>,
    julian: Option<i64>,
    hour: i64,
    twelve: bool,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    seconds_of_day: Option<i64>,
    before_christ: bool,
    offset: Option<(i64, i64)>,
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::InvalidDatetimeFormat, message)
}

fn out_of_range(text: &str) -> Error {
    let message = format!("date/time field value out of range: \"{text}\"");
    Error::new(SqlState::DatetimeFieldOverflow, message)
}

/// The first word of a text that is one of these, and its place.
fn name<'a>(text: &'a str, names: &[&str], length: Option<usize>) -> Option<(usize, &'a str)> {
    names.iter().copied().enumerate().find_map(|(place, name)| {
        let name = length.and_then(|length| name.get(..length)).unwrap_or(name);
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then(|| (place, text.get(name.len()..).unwrap_or_default()))
    })
}

/// An integer of at most so many digits; of any number where nothing behind it tells where it ends.
fn integer<'a>(text: &'a str, written: &str, most: Option<usize>) -> Result<(i64, usize, &'a str)> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let most = most.unwrap_or(usize::MAX);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count().min(most);
    let (number, rest) = digits.split_at_checked(count).unwrap_or((digits, ""));
    if count == 0 {
        let shown: String = text.chars().take(most.min(written.len().max(2))).collect();
        return Err(invalid(format!("invalid value \"{shown}\" for \"{written}\""))
            .with_detail("Value must be an integer."));
    }
    let value: i64 = number.parse().map_err(|_| {
        let message = format!("value for \"{written}\" in source string is out of range");
        Error::new(SqlState::DatetimeFieldOverflow, message)
    })?;
    Ok((sign * value, count, rest))
}

/// How many digits a field takes where a digit follows.
fn width(field: Field) -> usize {
    match field {
        Field::Year(digits) | Field::IsoYear(digits) => usize::from(digits),
        Field::DayOfYear | Field::IsoDayOfYear | Field::Milliseconds => 3,
        Field::Microseconds => 6,
        Field::SecondsOfDay => 5,
        Field::Julian => 7,
        Field::Fraction(digits) => usize::from(digits),
        Field::Quarter | Field::DayOfWeek | Field::IsoDayOfWeek => 1,
        _ => 2,
    }
}

fn is_number(field: Field) -> bool {
    !matches!(
        field,
        Field::Era
            | Field::Meridiem
            | Field::DayName
            | Field::DayAbbreviation
            | Field::MonthName
            | Field::MonthAbbreviation
            | Field::Roman
            | Field::Offset
            | Field::Zone
    )
}

/// Whether what comes behind a part begins with a digit, so that the digits before it are counted.
fn digits_follow(rest: &[Part]) -> bool {
    match rest.first() {
        Some(Part::Field { field, .. }) => is_number(*field),
        Some(Part::Literal(character) | Part::Quoted(character)) => character.is_ascii_digit(),
        None => false,
    }
}

fn is_separator(character: char) -> bool {
    character.is_ascii() && !character.is_ascii_alphanumeric()
}

fn read(text: &str, pattern: &str) -> Result<i64> {
    let parts = parts(pattern);
    let mut found = Found::default();
    let mut rest = text.trim_start();
    for (at, part) in parts.iter().enumerate() {
        if rest.is_empty() {
            // What the text leaves out has its first value.
            if at == 0 {
                break;
            }
            if matches!(part, Part::Field { .. }) {
                break;
            }
            continue;
        }
        match part {
            Part::Quoted(_) => {
                let mut characters = rest.chars();
                characters.next();
                rest = characters.as_str();
            }
            Part::Literal(character) if is_separator(*character) => {
                // Any separator and any blanks stand for one.
                let trimmed = rest.trim_start();
                rest = trimmed;
                if *character != ' '
                    && let Some(first) = rest.chars().next()
                    && is_separator(first)
                    && !(matches!(first, '+' | '-') && *character != first && next_is_offset(&parts, at))
                {
                    rest = rest.get(1..).unwrap_or_default().trim_start();
                } else if *character == ' '
                    && let Some(first) = rest.chars().next()
                    && is_separator(first)
                    && !matches!(first, '+' | '-')
                    && trimmed.len() == rest.len()
                {
                    rest = rest.get(1..).unwrap_or_default().trim_start();
                }
            }
            Part::Literal(_) => {
                let mut characters = rest.chars();
                characters.next();
                rest = characters.as_str();
            }
            Part::Field { field, written, fill, ordinal } => {
                let behind = parts.get(at + 1..).unwrap_or_default();
                let counted = !*fill && ordinal.is_none() && digits_follow(behind);
                let most = counted.then(|| width(*field));
                rest = take(*field, written, most, rest, &mut found)?;
                if ordinal.is_some() {
                    rest = rest.get(2..).unwrap_or_default();
                }
            }
        }
    }
    moment(&found, text)
}

fn next_is_offset(parts: &[Part], at: usize) -> bool {
    matches!(parts.get(at + 1), Some(Part::Field { field: Field::OffsetHours | Field::Offset, .. }))
}

fn take<'a>(
    field: Field,
    written: &str,
    most: Option<usize>,
    rest: &'a str,
    found: &mut Found,
) -> Result<&'a str> {
    let rest = rest.trim_start();
    let bad = |kind: &str| {
        let shown: String = rest.chars().take(kind.len().max(written.len())).collect();
        invalid(format!("invalid value \"{shown}\" for \"{written}\""))
            .with_detail("The given value did not match any of the allowed values for this field.")
    };
    let number = |wanted: Option<usize>| integer(rest, written, wanted);
    Ok(match field {
        Field::Era => {
            let (place, rest) = name(rest, &["A.D.", "B.C.", "AD", "BC"], None).ok_or_else(|| bad("AD"))?;
            found.before_christ = place % 2 == 1;
            rest
        }
        Field::Meridiem => {
            let (place, rest) = name(rest, &["A.M.", "P.M.", "AM", "PM"], None).ok_or_else(|| bad("AM"))?;
            found.afternoon = Some(place % 2 == 1);
            found.twelve = true;
            rest
        }
        Field::DayName => name(rest, &DAYS, None).ok_or_else(|| bad(written))?.1,
        Field::DayAbbreviation => name(rest, &DAYS, Some(3)).ok_or_else(|| bad(written))?.1,
        Field::MonthName | Field::MonthAbbreviation => {
            let length = (field == Field::MonthAbbreviation).then_some(3);
            let (place, rest) = name(rest, &MONTHS, length).ok_or_else(|| bad(written))?;
            found.month = Some(place as i64 + 1);
            rest
        }
        Field::Roman => {
            let mut longest: Vec<(usize, &str)> = ROMAN.iter().copied().enumerate().collect();
            longest.sort_by_key(|(_, roman)| std::cmp::Reverse(roman.len()));
            let roman = longest.into_iter().find(|(_, roman)| {
                rest.get(..roman.len()).is_some_and(|start| start.eq_ignore_ascii_case(roman))
            });
            let (place, roman) = roman.ok_or_else(|| bad(written))?;
            found.month = Some(place as i64 + 1);
            rest.get(roman.len()..).unwrap_or_default()
        }
        Field::Offset | Field::Zone => {
            let message = format!("formatting field \"{written}\" is only supported in to_char");
            return Err(Error::new(SqlState::FeatureNotSupported, message));
        }
        Field::Fraction(_) | Field::Milliseconds | Field::Microseconds => {
            let digits = match field {
                Field::Fraction(digits) => usize::from(digits),
                Field::Milliseconds => 3,
                _ => 6,
            };
            let (value, count, rest) = number(Some(digits))?;
            let unit = 10_i64.pow(u32::try_from(6_usize.saturating_sub(count)).unwrap_or(0));
            found.micros = value * unit;
            rest
        }
        Field::YearComma => {
            let (thousands, _, behind) = number(None)?;
            let behind = behind.strip_prefix(',').ok_or_else(|| bad(written))?;
            let (year, _, rest) = integer(behind, written, Some(3))?;
            found.year = Some(thousands.saturating_mul(1000).saturating_add(year));
            rest
        }
        Field::Year(digits) | Field::IsoYear(digits) => {
            // Years of four digits take as many as there are.
            let (value, count, rest) = number(most)?;
            let year = if digits < 4 && count < 4 { adjusted(value, digits) } else { value };
            match field {
                Field::Year(_) => found.year = Some(year),
                _ => found.iso_year = Some(year),
            }
            rest
        }
        _ => {
            let (value, _, rest) = number(most)?;
            match field {
                Field::Century => found.century = Some(value),
                Field::DayOfYear => found.day_of_year = Some(value),
                Field::IsoDayOfYear => found.iso_day_of_year = Some(value),
                Field::Day => found.day = Some(value),
                Field::IsoDayOfWeek => found.iso_day = Some(value),
                Field::Hour24 => found.hour = value,
                Field::Hour12 => {
                    found.hour = value;
                    found.twelve = true;
                }
                Field::Julian => found.julian = Some(value),
                Field::Minute => found.minute = value,
                Field::Month => found.month = Some(value),
                Field::Second => found.second = value,
                Field::SecondsOfDay => found.seconds_of_day = Some(value),
                Field::Week if written.len() == 2 => found.week = Some(value),
                Field::Week => found.week_of_month = Some(value),
                Field::IsoWeek => found.iso_week = Some(value),
                Field::OffsetHours => found.offset = Some((value, 0)),
                Field::OffsetMinutes => {
                    found.offset = Some((found.offset.map_or(0, |(hours, _)| hours), value));
                }
                // The quarter and the day of the week are passed over.
                _ => {}
            }
            rest
        }
    })
}

/// A year of fewer digits, as the one nearest to 2020.
fn adjusted(value: i64, digits: u8) -> i64 {
    match (digits, value) {
        (_, 0..=69) => value + 2000,
        (_, 70..=99) => value + 1900,
        (_, 100..=519) => value + 2000,
        (_, 520..=999) => value + 1000,
        _ => value,
    }
}

fn moment(found: &Found, text: &str) -> Result<i64> {
    let invalid_here = || out_of_range(text);
    let mut hour = found.hour;
    if found.twelve {
        if !(1..=12).contains(&hour) {
            return Err(invalid(format!("hour \"{hour}\" is invalid for the 12-hour clock"))
                .with_hint("Use the 24-hour clock, or give an hour between 1 and 12."));
        }
        if found.afternoon == Some(true) && hour < 12 {
            hour += 12;
        } else if found.afternoon == Some(false) && hour == 12 {
            hour = 0;
        }
    }
    let (mut minute, mut second) = (found.minute, found.second);
    if let Some(seconds) = found.seconds_of_day {
        if !(0..86_400).contains(&seconds) {
            return Err(invalid_here());
        }
        (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
        return Err(invalid_here());
    }
    let time = Fields { year: 0, month: 0, day: 0, hour, minute, second, micros: found.micros }.time();
    let day = day(found, text)?;
    let offset = found.offset.map_or(0, |(hours, minutes)| {
        let minutes = if hours < 0 { -minutes } else { minutes };
        hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60))
    });
    let micros = day
        .checked_mul(MICROS_PER_DAY)
        .and_then(|day| day.checked_add(time)?.checked_sub(offset.checked_mul(MICROS_PER_SECOND)?));
    micros.ok_or_else(invalid_here)
}

fn day(found: &Found, text: &str) -> Result<i64> {
    let invalid_here = || out_of_range(text);
    if let Some(julian) = found.julian {
        let day = julian.saturating_sub(JULIAN_EPOCH);
        date(day)?;
        return Ok(day);
    }
    let of_iso = |year: i64, week: i64, of_week: i64| {
        let weekday = match of_week {
            1 => Weekday::Mon,
            2 => Weekday::Tue,
            3 => Weekday::Wed,
            4 => Weekday::Thu,
            5 => Weekday::Fri,
            6 => Weekday::Sat,
            _ => Weekday::Sun,
        };
        let date = NaiveDate::from_isoywd_opt(i32::try_from(year).ok()?, u32::try_from(week).ok()?, weekday)?;
        days(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()))
    };
    if let Some(year) = found.iso_year {
        if found.year.is_some() || found.month.is_some() || found.day.is_some() {
            return Err(invalid("invalid combination of date conventions")
                .with_hint("Do not mix Gregorian and ISO week date conventions in a formatting template."));
        }
        let day = match found.iso_day_of_year {
            Some(of_year) => of_iso(year, 1, 1).map(|first| first + of_year - 1),
            None => of_iso(year, found.iso_week.unwrap_or(1), found.iso_day.unwrap_or(1)),
        };
        return day.ok_or_else(invalid_here);
    }
    let mut year = found.year.unwrap_or(match found.century {
        Some(century) => century.saturating_mul(100).saturating_sub(99),
        None => 0,
    });
    if let (Some(century), Some(short)) = (found.century, found.year)
        && short < 100
    {
        year = century.saturating_sub(1).saturating_mul(100).saturating_add(short);
    }
    if found.before_christ && year > 0 {
        year = 1 - year;
    } else if year < 0 {
        year += 1;
    } else if found.year.is_none() && found.century.is_none() {
        // Nothing said is 1 BC, as in PostgreSQL.
        year = 0;
    }
    if let Some(of_year) = found.day_of_year {
        let all = 365 + i64::from(days_of_month(year, 2) == 29);
        if !(1..=all).contains(&of_year) {
            return Err(invalid_here());
        }
        return days(year, 1, 1).map(|first| first + of_year - 1).ok_or_else(invalid_here);
    }
    // 0 is what is not said.
    let mut of_month = found.day.filter(|day| *day != 0).unwrap_or(1);
    if let Some(week) = found.week_of_month
        && found.day.is_none()
    {
        of_month = week.saturating_sub(1).saturating_mul(7).saturating_add(1);
    }
    if let Some(week) = found.week
        && found.month.is_none()
    {
        let first = days(year, 1, 1).ok_or_else(invalid_here)?;
        return Ok(first.saturating_add(week.saturating_sub(1).saturating_mul(7)));
    }
    days(year, found.month.filter(|month| *month != 0).unwrap_or(1), of_month).ok_or_else(invalid_here)
}
