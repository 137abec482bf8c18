//! Dates, times and intervals as PostgreSQL prints them in `DateStyle` ISO.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};

/// Days from 1970-01-01 to the Common Era's first day, chrono's day 1.
const UNIX_EPOCH_FROM_CE: i32 = 719_163;

/// An interval in the three parts in which PostgreSQL keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Months, years among them.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// The rest, in microseconds.
    pub micros: i64,
}

/// A date, from days since 1970-01-01. `None` beyond what the calendar covers.
pub fn date(days: i32) -> Option<String> {
    let date = NaiveDate::from_num_days_from_ce_opt(days.checked_add(UNIX_EPOCH_FROM_CE)?)?;
    Some(format!("{}{}", ymd(date), era(date)))
}

/// A timestamp, from microseconds since 1970-01-01; `zoned` adds the session's offset, UTC.
pub fn timestamp(micros: i64, zoned: bool) -> Option<String> {
    let moment = DateTime::from_timestamp_micros(micros)?.naive_utc();
    let zone = if zoned { "+00" } else { "" };
    Some(format!("{} {}{zone}{}", ymd(moment.date()), clock(moment.time()), era(moment.date())))
}

/// A time of day, from microseconds since midnight. `None` at 24:00:00 and after.
pub fn time_of_day(micros: i64) -> Option<String> {
    let seconds = u32::try_from(micros.div_euclid(1_000_000)).ok()?;
    let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1_000).ok()?;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).map(clock)
}

/// An interval in style `postgres`: `1 year 2 mons 3 days 04:05:06`.
pub fn interval(value: Interval) -> String {
    let mut parts = Vec::new();
    let mut counted = |count: i32, unit: &str| {
        if count != 0 {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    };
    counted(value.months / 12, "year");
    counted(value.months % 12, "mon");
    counted(value.days, "day");
    if value.micros != 0 || parts.is_empty() {
        let sign = if value.micros < 0 { "-" } else { "" };
        let micros = value.micros.unsigned_abs();
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        parts.push(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{}", fraction_text(fraction)));
    }
    parts.join(" ")
}

fn ymd(date: NaiveDate) -> String {
    // Year 0 is 1 BC.
    let year = if date.year() > 0 { date.year() } else { 1 - date.year() };
    format!("{year:04}-{:02}-{:02}", date.month(), date.day())
}

fn era(date: NaiveDate) -> &'static str {
    if date.year() > 0 { "" } else { " BC" }
}

fn clock(time: NaiveTime) -> String {
    let micros = u64::from(time.nanosecond() / 1_000);
    format!("{:02}:{:02}:{:02}{}", time.hour(), time.minute(), time.second(), fraction_text(micros))
}

fn fraction_text(micros: u64) -> String {
    if micros == 0 {
        return String::new();
    }
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write!(text, ".{micros:06}");
    text.truncate(text.trim_end_matches('0').len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_before_the_common_era_say_so() {
        assert_eq!(date(0).unwrap(), "1970-01-01");
        assert_eq!(date(20_454).unwrap(), "2026-01-01");
        assert_eq!(date(-719_163).unwrap(), "0001-12-31 BC");
        assert_eq!(date(i32::MAX), None);
    }

    #[test]
    fn fractions_of_a_second_lose_their_trailing_zeros() {
        assert_eq!(timestamp(1_500_000, true).unwrap(), "1970-01-01 00:00:01.5+00");
        assert_eq!(timestamp(-1, false).unwrap(), "1969-12-31 23:59:59.999999");
        assert_eq!(time_of_day(3_661_000_010).unwrap(), "01:01:01.00001");
        assert_eq!(time_of_day(-1), None);
    }

    #[test]
    fn intervals_print_their_parts() {
        let value = |months, days, micros| interval(Interval { months, days, micros });
        assert_eq!(value(14, 3, 14_706_500_000), "1 year 2 mons 3 days 04:05:06.5");
        assert_eq!(value(0, 0, 0), "00:00:00");
        assert_eq!(value(0, -1, -1_000_000), "-1 days -00:00:01");
        assert_eq!(value(1, 0, 0), "1 mon");
    }
}
