//! Dates and times as people write them, in the form that Arrow's casts read: `2024-01-02 10:00`, `Jan 5, 2024 3 PM`,
//! `20240102T1000Z`.
//!
//! It follows PostgreSQL's reader, without what depends on `DateStyle` (`1/8/1999`), on the day on which it is read (`today`)
//! or on abbreviations of zones (`PST`), and without years beyond 9999 and before 1.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Date,
    Time,
    Timestamp,
    TimestampTz,
}

impl Kind {
    /// The kind of a type's texts, if it is one of dates or times.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Date32 => Some(Self::Date),
            DataType::Time64(TimeUnit::Microsecond) => Some(Self::Time),
            DataType::Timestamp(_, None) => Some(Self::Timestamp),
            DataType::Timestamp(_, Some(_)) => Some(Self::TimestampTz),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamp with time zone",
        }
    }
}

enum Fault {
    Syntax,
    Range,
    /// A word that means another day each day.
    Moving,
}

/// The text in the form that Arrow reads.
///
/// # Errors
/// 22007 for what is no such text, 22008 for a field beyond its range, 0A000 for `today` and its kin.
pub(crate) fn standard(text: &str, kind: Kind) -> Result<String> {
    read(text, kind).map_err(|fault| match fault {
        Fault::Syntax => Error::new(
            SqlState::InvalidDatetimeFormat,
            format!("invalid input syntax for type {}: \"{text}\"", kind.name()),
        ),
        Fault::Range => Error::new(
            SqlState::DatetimeFieldOverflow,
            format!("date/time field value out of range: \"{text}\""),
        ),
        Fault::Moving => Error::unsupported(format!("\"{}\" as a date or time", text.trim()))
            .with_hint("Use current_date, now() or a date that is written out."),
    })
}

/// Whether a moment's text in the standard form names no zone.
pub(crate) fn is_without_zone(standard: &str) -> bool {
    standard.len() == "2024-01-02T03:04:05.000000".len()
}

#[derive(Default)]
struct Fields {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    /// Microseconds since midnight.
    clock: Option<i64>,
    afternoon: Option<bool>,
    zone: String,
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn read(text: &str, kind: Kind) -> std::result::Result<String, Fault> {
    let mut fields = Fields::default();
    let spaced = text.replace(',', " ");
    let mut words = spaced.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err(Fault::Syntax);
    }
    for word in words {
        fields.take(word, kind)?;
    }
    fields.write(kind)
}

impl Fields {
    fn has_date(&self) -> bool {
        self.year.is_some() || self.month.is_some() || self.day.is_some()
    }

    fn take(&mut self, word: &str, kind: Kind) -> std::result::Result<(), Fault> {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "epoch" if !self.has_date() => {
                (self.year, self.month, self.day, self.clock) = (Some(1970), Some(1), Some(1), Some(0));
                self.zone = "Z".to_string();
                return Ok(());
            }
            "now" | "today" | "tomorrow" | "yesterday" | "infinity" | "-infinity" | "allballs" => {
                return Err(Fault::Moving);
            }
            "am" | "pm" if self.clock.is_some() && self.afternoon.is_none() => {
                self.afternoon = Some(lower == "pm");
                return Ok(());
            }
            "bc" => return Err(Fault::Range),
            "ad" if self.has_date() => return Ok(()),
            _ => {}
        }
        if let Some((date, clock)) = split_at_t(word) {
            self.date(date)?;
            return self.time(clock);
        }
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let is_offset = word.starts_with(['+', '-']) && self.clock.is_some();
        if word.contains(':') && !is_offset {
            return self.time(word);
        }
        if digits {
            return self.number(word, kind);
        }
        if let Some(month) = named(&lower, &MONTHS) {
            return set(&mut self.month, month);
        }
        if named(&lower, &WEEKDAYS).is_some() {
            return Ok(());
        }
        let first = lower.bytes().next().unwrap_or_default();
        if first.is_ascii_digit() {
            // `10pm`, `101112.5`: clocks; the rest are dates.
            if let Some(hour) = lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm")) {
                self.afternoon = Some(lower.ends_with("pm"));
                let hour: i64 = hour.parse().map_err(|_| Fault::Syntax)?;
                return set(&mut self.clock, hour.saturating_mul(3600 * SECOND));
            }
            return self.date(word);
        }
        if named(lower.split('-').next().unwrap_or_default(), &MONTHS).is_some() && lower.contains('-') {
            return self.date(word);
        }
        let is_zone = (self.clock.is_some() || self.day.is_some())
            && self.zone.is_empty()
            && (first == b'+' || first == b'-' || first.is_ascii_alphabetic());
        if !is_zone {
            return Err(Fault::Syntax);
        }
        self.zone = word.to_string();
        Ok(())
    }

    /// A number without signs around it.
    fn number(&mut self, word: &str, kind: Kind) -> std::result::Result<(), Fault> {
        let is_clock = self.clock.is_none() && (kind == Kind::Time || self.day.is_some());
        match word.len() {
            8 if !self.has_date() => self.date(word),
            4 | 6 if is_clock && self.year.is_some() | (kind == Kind::Time) => self.time(word),
            1 | 2 if self.day.is_none() => set(&mut self.day, word.parse().map_err(|_| Fault::Syntax)?),
            4 if self.year.is_none() => set(&mut self.year, word.parse().map_err(|_| Fault::Syntax)?),
            _ => Err(Fault::Syntax),
        }
    }

    fn date(&mut self, word: &str) -> std::result::Result<(), Fault> {
        if self.has_date() {
            return Err(Fault::Syntax);
        }
        if word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            let part = |range: std::ops::Range<usize>| word.get(range).ok_or(Fault::Syntax);
            return self.set_date(part(0..4)?, part(4..6)?, part(6..8)?);
        }
        let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
        let [first, second, third] = parts.as_slice() else { return Err(Fault::Syntax) };
        let is_name = |part: &str| named(&part.to_ascii_lowercase(), &MONTHS).is_some();
        match (first.len(), is_name(first), is_name(second)) {
            (4.., false, _) => self.set_date(first, second, third),
            (1..=2, false, true) => self.set_date(third, second, first),
            (_, true, _) => self.set_date(third, first, second),
            _ => Err(Fault::Syntax),
        }
    }

    fn set_date(&mut self, year: &str, month: &str, day: &str) -> std::result::Result<(), Fault> {
        if year.len() < 4 || !(1..=2).contains(&day.len()) {
            return Err(Fault::Syntax);
        }
        let month = match named(&month.to_ascii_lowercase(), &MONTHS) {
            Some(month) => month,
            None if month.len() <= 2 => digits(month)?,
            None => return Err(Fault::Syntax),
        };
        self.year = Some(i32::try_from(digits(year)?).map_err(|_| Fault::Range)?);
        (self.month, self.day) = (Some(month), Some(digits(day)?));
        Ok(())
    }

    /// `03:04[:05[.678901]]` or `030405`, with what may stand right behind it.
    fn time(&mut self, word: &str) -> std::result::Result<(), Fault> {
        if self.clock.is_some() {
            return Err(Fault::Syntax);
        }
        let end = word
            .find(|character: char| !(character.is_ascii_digit() || character == ':' || character == '.'))
            .unwrap_or(word.len());
        let (clock, behind) = word.split_at(end);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let parts: Vec<&str> = if clock.contains(':') {
            clock.split(':').collect()
        } else {
            let pair = |range: std::ops::Range<usize>| clock.get(range).ok_or(Fault::Syntax);
            match clock.len() {
                4 => vec![pair(0..2)?, pair(2..4)?],
                6 => vec![pair(0..2)?, pair(2..4)?, pair(4..6)?],
                _ => return Err(Fault::Syntax),
            }
        };
        let (hour, minute, second) = match parts.as_slice() {
            [hour, minute] if fraction.is_empty() => (hour, minute, &"0"),
            [hour, minute, second] => (hour, minute, second),
            _ => return Err(Fault::Syntax),
        };
        let short = |part: &str| (1..=2).contains(&part.len());
        if ![*hour, *minute, *second].into_iter().all(short) {
            return Err(Fault::Syntax);
        }
        let (hour, minute, second) = (digits(hour)?, digits(minute)?, digits(second)?);
        if hour > 24 || minute > 59 || second > 60 {
            return Err(Fault::Range);
        }
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        self.clock = Some(seconds * SECOND + micros(fraction));
        match behind.to_ascii_lowercase().as_str() {
            "" => {}
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            _ => self.zone = behind.to_string(),
        }
        Ok(())
    }

    fn write(self, kind: Kind) -> std::result::Result<String, Fault> {
        let mut clock = self.clock.unwrap_or(0);
        if let Some(afternoon) = self.afternoon {
            if !(0..13 * 3600 * SECOND).contains(&clock) {
                return Err(Fault::Range);
            }
            let noon = 12 * 3600 * SECOND;
            let past = clock % noon;
            clock = if afternoon { past + noon } else { past };
        }
        if !(0..=DAY).contains(&clock) {
            return Err(Fault::Range);
        }
        if kind == Kind::Time {
            self.clock.ok_or(Fault::Syntax)?;
            // Arrow's times end before midnight.
            let time = NaiveTime::from_num_seconds_from_midnight_opt(
                u32::try_from(clock / SECOND).map_err(|_| Fault::Range)?,
                u32::try_from(clock % SECOND * 1000).map_err(|_| Fault::Range)?,
            );
            return Ok(time.ok_or(Fault::Range)?.format("%H:%M:%S%.6f").to_string());
        }
        let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) else {
            return Err(Fault::Syntax);
        };
        if !(1..=9999).contains(&year) {
            return Err(Fault::Range);
        }
        let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(Fault::Range)?;
        if kind == Kind::Date {
            return Ok(date.format("%Y-%m-%d").to_string());
        }
        let at = NaiveDateTime::new(date, NaiveTime::MIN).checked_add_signed(Duration::microseconds(clock));
        let mut written = at.ok_or(Fault::Range)?.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        if kind == Kind::TimestampTz && !self.zone.is_empty() {
            let is_offset = self.zone.starts_with(['+', '-', 'Z', 'z']);
            written.push_str(if is_offset { "" } else { " " });
            written.push_str(&self.zone);
        }
        Ok(written)
    }
}

/// `20240102T10:00` and `2024-01-02T10:00`, apart.
fn split_at_t(word: &str) -> Option<(&str, &str)> {
    let (date, clock) = word.split_once(['T', 't'])?;
    let begins = |part: &str| part.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    (begins(date) && begins(clock) && date.len() >= 8).then_some((date, clock))
}

/// The number of a name that is written out or by its first three letters, from one.
fn named(word: &str, names: &[&str]) -> Option<u32> {
    let at = names.iter().position(|name| *name == word || name.get(..3) == Some(word))?;
    u32::try_from(at + 1).ok()
}

fn set<T>(field: &mut Option<T>, value: T) -> std::result::Result<(), Fault> {
    match field {
        Some(_) => Err(Fault::Syntax),
        None => {
            *field = Some(value);
            Ok(())
        }
    }
}

fn digits(text: &str) -> std::result::Result<u32, Fault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    text.parse().map_err(|_| Fault::Range)
}

/// The digits behind a second's point, rounded to microseconds.
fn micros(fraction: &str) -> i64 {
    let mut micros = 0;
    for digit in fraction.bytes().chain(std::iter::repeat(b'0')).take(6) {
        micros = micros * 10 + i64::from(digit.saturating_sub(b'0'));
    }
    micros + i64::from(fraction.as_bytes().get(6).is_some_and(|digit| *digit >= b'5'))
}

#[cfg(test)]
mod tests {
    use super::{Kind, standard};

    fn read(text: &str, kind: Kind) -> String {
        standard(text, kind).unwrap_or_else(|error| error.sqlstate().to_string())
    }

    #[test]
    fn texts_are_read_as_postgresql_reads_them() {
        let stamp = |text| read(text, Kind::Timestamp);
        assert_eq!(stamp("2024-01-02 10:00"), "2024-01-02T10:00:00.000000");
        assert_eq!(stamp("2024-1-2"), "2024-01-02T00:00:00.000000");
        assert_eq!(stamp("20240102T101112"), "2024-01-02T10:11:12.000000");
        assert_eq!(stamp("January 8, 1999 04:05"), "1999-01-08T04:05:00.000000");
        assert_eq!(stamp("Mon 8 Jan 1999 4:05:06.7890125 PM"), "1999-01-08T16:05:06.789013");
        assert_eq!(stamp("2024-01-02 10:00:00+02"), "2024-01-02T10:00:00.000000");
        assert_eq!(stamp("2024-12-31 24:00"), "2025-01-01T00:00:00.000000");
        let zoned = |text| read(text, Kind::TimestampTz);
        assert_eq!(zoned("2024-01-02T10:00Z"), "2024-01-02T10:00:00.000000Z");
        assert_eq!(zoned("2024-01-02 10:00 -05:30"), "2024-01-02T10:00:00.000000-05:30");
        assert_eq!(zoned("2024-01-02 10:00 America/New_York"), "2024-01-02T10:00:00.000000 America/New_York");
        let date = |text| read(text, Kind::Date);
        for text in
            ["20240105", "Jan 5 2024", "5 January 2024", "2024-Jan-05", "05-Jan-2024", "2024/1/5 10:00"]
        {
            assert_eq!(date(text), "2024-01-05", "{text}");
        }
        let time = |text| read(text, Kind::Time);
        assert_eq!(time("10:00"), "10:00:00.000000");
        assert_eq!(time("12:30 am"), "00:30:00.000000");
        assert_eq!(time("101112"), "10:11:12.000000");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "bogus",
            "2024",
            "2024-01",
            "10:00",
            "2024-01-02 10",
            "2024-01-02 2024-01-02",
            "Jan",
            "5 Jan",
        ] {
            assert_eq!(read(text, Kind::Timestamp), "22007", "{text}");
        }
        for text in ["2024-13-02", "2024-02-30", "2024-01-02 25:00", "0000-01-01", "2024-01-02 10:61"] {
            assert_eq!(read(text, Kind::Timestamp), "22008", "{text}");
        }
        assert_eq!(read("today", Kind::Date), "0A000");
        assert_eq!(read("2024-01-02", Kind::Time), "22007");
        assert_eq!(read("é:é", Kind::Time), "22007");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[0-9a-zA-Z:+./ -]{0,24}|.{0,12}") {
            for kind in [Kind::Date, Kind::Time, Kind::Timestamp, Kind::TimestampTz] {
                let _ = standard(&text, kind);
            }
        }
    }
}
