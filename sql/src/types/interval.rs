//! Interval texts as PostgreSQL reads them: `1 year -2 days +04:05:06`, `1-2`, `3 4:05`, `P1Y2DT3H`, `1.5 weeks ago`.
//!
//! It reads; how an interval is written is [`text::temporal`](crate::text::temporal)'s to know. SQLSTATEs: 22007 for what is no
//! interval, 22015 for one that is too long.

use std::borrow::Cow;

use crate::sqlstate::SqlState;
use crate::{Error, Result};

const SECOND: i128 = 1_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;
/// Days that a part of a month has.
const MONTH_DAYS: i128 = 30;

/// An interval, in the parts that are no multiples of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) months: i32,
    pub(crate) days: i32,
    pub(crate) micros: i64,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Of so many microseconds.
    Micros(i128),
    /// Of so many days.
    Days(i128),
    Month,
    /// Of so many years.
    Years(i128),
}

impl Unit {
    pub(crate) const SECOND: Self = Self::Micros(SECOND);

    /// The unit of a word, which may be short for it.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecond" | "microseconds" => {
                Self::Micros(1)
            }
            "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" | "milliseconds" => {
                Self::Micros(1000)
            }
            "s" | "sec" | "secs" | "second" | "seconds" => Self::SECOND,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Micros(MINUTE),
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Micros(HOUR),
            "d" | "day" | "days" => Self::Days(1),
            "w" | "week" | "weeks" => Self::Days(7),
            "mon" | "mons" | "month" | "months" => Self::Month,
            "y" | "yr" | "yrs" | "year" | "years" => Self::Years(1),
            "dec" | "decs" | "decade" | "decades" => Self::Years(10),
            "c" | "cent" | "century" | "centuries" => Self::Years(100),
            "mil" | "mils" | "millennium" | "millennia" => Self::Years(1000),
            _ => return None,
        })
    }
}

/// Why a text is no interval.
enum Fault {
    Syntax,
    Range,
}

/// The interval of a text; `last` is what a number at its end counts that has no unit.
///
/// # Errors
/// 22007 and 22015.
pub(crate) fn parse(text: &str, last: Unit) -> Result<Parts> {
    read(text, last).map_err(|fault| match fault {
        Fault::Syntax => Error::new(
            SqlState::InvalidDatetimeFormat,
            format!("invalid input syntax for type interval: \"{text}\""),
        ),
        Fault::Range => Error::new(
            SqlState::IntervalFieldOverflow,
            format!("interval field value out of range: \"{text}\""),
        ),
    })
}

impl Parts {
    /// Without what is shorter than a unit, as `INTERVAL '...' DAY` has it.
    pub(crate) fn down_to(self, unit: Unit) -> Self {
        let whole = |micros: i64, of: i128| i64::try_from(i128::from(micros) / of * of).unwrap_or(micros);
        match unit {
            Unit::Years(_) => Self { months: self.months / 12 * 12, days: 0, micros: 0 },
            Unit::Month => Self { days: 0, micros: 0, ..self },
            Unit::Days(_) => Self { micros: 0, ..self },
            Unit::Micros(of @ (HOUR | MINUTE)) => Self { micros: whole(self.micros, of), ..self },
            Unit::Micros(_) => self,
        }
    }

    /// A text that Arrow reads as this interval.
    pub(crate) fn plain(self) -> String {
        let (sign, micros) = (if self.micros < 0 { "-" } else { "" }, self.micros.unsigned_abs());
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        format!("{} mons {} days {sign}{seconds}.{rest:06} secs", self.months, self.days)
    }
}

/// A sum of parts that is not yet known to fit.
#[derive(Default)]
struct Sum {
    months: i128,
    days: i128,
    micros: i128,
}

/// A number in millionths of millionths, whose whole part is at most eighteen digits.
#[derive(Clone, Copy)]
struct Number(i128);

const ONE: i128 = 1_000_000_000_000;

impl Number {
    fn read(text: &str) -> std::result::Result<Self, Fault> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return Err(Fault::Syntax);
        }
        if whole.len() > 18 {
            return Err(Fault::Range);
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| Fault::Range)? };
        let fraction: String = fraction.chars().chain("000000000000".chars()).take(12).collect();
        let fraction: i128 = fraction.parse().map_err(|_| Fault::Syntax)?;
        let number = whole * ONE + fraction;
        Ok(Self(if negative { -number } else { number }))
    }

    fn whole(self) -> i128 {
        self.0 / ONE
    }

    /// The part behind the point, in so many pieces, rounded.
    fn rest(self, pieces: i128) -> i128 {
        let pieces = self.0 % ONE * pieces;
        (pieces + pieces.signum() * (ONE / 2)) / ONE
    }
}

impl Sum {
    fn add(&mut self, number: Number, unit: Unit) {
        match unit {
            Unit::Micros(of) => self.micros += number.whole() * of + number.rest(of),
            Unit::Days(of) => {
                self.days += number.whole() * of;
                self.add_days(number.rest(of * DAY));
            }
            Unit::Month => {
                self.months += number.whole();
                self.add_days(number.rest(MONTH_DAYS * DAY));
            }
            Unit::Years(of) => self.months += number.whole() * of * 12 + number.rest(of * 12),
        }
    }

    /// Microseconds, of which whole days are days.
    fn add_days(&mut self, micros: i128) {
        self.days += micros / DAY;
        self.micros += micros % DAY;
    }

    fn parts(&self, sign: i128) -> std::result::Result<Parts, Fault> {
        let fits = |value: i128| i32::try_from(sign * value).map_err(|_| Fault::Range);
        let micros = i64::try_from(sign * self.micros).map_err(|_| Fault::Range)?;
        // Arrow counts nanoseconds.
        micros.checked_mul(1000).ok_or(Fault::Range)?;
        Ok(Parts { months: fits(self.months)?, days: fits(self.days)?, micros })
    }
}

fn read(text: &str, last: Unit) -> std::result::Result<Parts, Fault> {
    let trimmed = text.trim();
    if let Some(iso) = trimmed.strip_prefix('P') {
        return read_iso(iso);
    }
    let mut words = words(trimmed);
    let mut sign = 1;
    if words.last().is_some_and(|word| word.eq_ignore_ascii_case("ago")) {
        sign = -1;
        words.pop();
    }
    if words.is_empty() {
        return Err(Fault::Syntax);
    }
    let mut sum = Sum::default();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if word.contains(':') {
            sum.micros += time_of_day(word, last)?;
            continue;
        }
        if let Some(months) = years_and_months(word)? {
            sum.months += months;
            continue;
        }
        let number = Number::read(word)?;
        let unit = match words.peek() {
            None => last,
            Some(next) if next.contains(':') => Unit::Days(1),
            Some(next) => {
                let unit = Unit::named(next).ok_or(Fault::Syntax)?;
                words.next();
                unit
            }
        };
        sum.add(number, unit);
    }
    sum.parts(sign)
}

/// The words of a text: `1y2mon` has four, a sign may stand apart from its number, `@` says nothing.
fn words(text: &str) -> Vec<Cow<'_, str>> {
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '-' | '+');
    let mut words: Vec<Cow<'_, str>> = Vec::new();
    for written in text.split(|c: char| c.is_ascii_whitespace() || c == '@').filter(|word| !word.is_empty()) {
        let mut rest = written;
        while let Some(first) = rest.chars().next() {
            let of_number = is_of_number(first);
            let end = rest.find(|c: char| is_of_number(c) != of_number).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            rest = behind;
            match words.last_mut() {
                Some(sign) if of_number && (sign == "-" || sign == "+") => sign.to_mut().push_str(word),
                _ => words.push(Cow::Borrowed(word)),
            }
        }
    }
    words
}

/// `1-2`, as SQL writes a year and two months.
fn years_and_months(word: &str) -> std::result::Result<Option<i128>, Fault> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let Some((years, months)) = digits.split_once('-') else { return Ok(None) };
    let count = |part: &str| -> std::result::Result<i128, Fault> {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::Syntax);
        }
        part.parse::<i64>().map(i128::from).map_err(|_| Fault::Range)
    };
    let (years, months) = (count(years)?, count(months)?);
    if months > 11 {
        return Err(Fault::Range);
    }
    Ok(Some(sign * (years * 12 + months)))
}

/// `04:05:06.7`, `04:05`, and `05:06.7`, which is minutes and seconds; in microseconds.
fn time_of_day(word: &str, last: Unit) -> std::result::Result<i128, Fault> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let parts: Vec<&str> = digits.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] if seconds.contains('.') || last == Unit::Micros(0) => ("0", *minutes, *seconds),
        [hours, minutes] => (*hours, *minutes, "0"),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return Err(Fault::Syntax),
    };
    let count = |part: &str, of: i128, least_too_much: i128| -> std::result::Result<i128, Fault> {
        if part.starts_with(['-', '+']) {
            return Err(Fault::Syntax);
        }
        let number = Number::read(part)?;
        if number.whole() >= least_too_much {
            return Err(Fault::Range);
        }
        Ok(number.whole() * of + number.rest(of))
    };
    if hours.contains('.') || minutes.contains('.') {
        return Err(Fault::Syntax);
    }
    Ok(sign * (count(hours, HOUR, i128::MAX)? + count(minutes, MINUTE, 60)? + count(seconds, SECOND, 61)?))
}

/// What stands behind the `P` of an ISO 8601 duration: `1Y2M3DT4H5M6S`, `0001-02-03T04:05:06`.
fn read_iso(text: &str) -> std::result::Result<Parts, Fault> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return Err(Fault::Syntax),
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(Fault::Syntax);
    }
    let mut sum = Sum::default();
    let is_alternative = |part: &str, mark: char| part.contains(mark) && !part.contains(char::is_alphabetic);
    if date.len() > 1 && is_alternative(date.get(1..).unwrap_or_default(), '-') {
        let fields: Vec<&str> = date.split('-').collect();
        let [years, months, days] = fields.as_slice() else { return Err(Fault::Syntax) };
        sum.add(Number::read(years)?, Unit::Years(1));
        sum.add(Number::read(months)?, Unit::Month);
        sum.add(Number::read(days)?, Unit::Days(1));
    } else {
        designated(date, &mut sum, |letter| match letter {
            'Y' => Some(Unit::Years(1)),
            'M' => Some(Unit::Month),
            'W' => Some(Unit::Days(7)),
            'D' => Some(Unit::Days(1)),
            _ => None,
        })?;
    }
    if is_alternative(time, ':') {
        sum.micros += time_of_day(time, Unit::SECOND)?;
    } else {
        designated(time, &mut sum, |letter| match letter {
            'H' => Some(Unit::Micros(HOUR)),
            'M' => Some(Unit::Micros(MINUTE)),
            'S' => Some(Unit::SECOND),
            _ => None,
        })?;
    }
    sum.parts(1)
}

/// Numbers, each with a letter behind it.
fn designated(
    text: &str,
    sum: &mut Sum,
    unit: impl Fn(char) -> Option<Unit>,
) -> std::result::Result<(), Fault> {
    let mut rest = text;
    while !rest.is_empty() {
        let (end, letter) = rest.char_indices().find(|(_, c)| c.is_alphabetic()).ok_or(Fault::Syntax)?;
        let (number, behind) = rest.split_at(end);
        sum.add(Number::read(number)?, unit(letter).ok_or(Fault::Syntax)?);
        rest = behind.get(letter.len_utf8()..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Parts, Unit, parse};

    fn parts(text: &str) -> Option<(i32, i32, i64)> {
        parse(text, Unit::SECOND).ok().map(|Parts { months, days, micros }| (months, days, micros))
    }

    #[test]
    fn texts_are_read_as_postgresql_reads_them() {
        const S: i64 = 1_000_000;
        for (text, expected) in [
            ("1 year 2 mons -3 days 04:05:06.5", (14, -3, 14_706_500_000)),
            ("-01:30", (0, 0, -5400 * S)),
            ("-1 mons +1 day +00:00:01", (-1, 1, S)),
            ("3 4:05", (0, 3, 14_700 * S)),
            ("1.5", (0, 0, 1_500_000)),
            (".1", (0, 0, 100_000)),
            ("0.0000004", (0, 0, 0)),
            ("1-2", (14, 0, 0)),
            ("-1-2", (-14, 0, 0)),
            ("1y2mon", (14, 0, 0)),
            ("1 day ago", (0, -1, 0)),
            ("@ 1 minute", (0, 0, 60 * S)),
            ("1.5 weeks", (0, 10, 43_200 * S)),
            ("1.5 months", (1, 15, 0)),
            ("1.5 years", (18, 0, 0)),
            ("1 decade 2 centuries", (2520, 0, 0)),
            ("P1Y2M3DT4H5M6.7S", (14, 3, 14_706_700_000)),
            ("P1W", (0, 7, 0)),
            ("P0001-02-03T04:05:06", (14, 3, 14_706 * S)),
            ("PT-1H", (0, 0, -3600 * S)),
            ("4:05.5", (0, 0, 245_500_000)),
            ("- 5 days", (0, -5, 0)),
        ] {
            assert_eq!(parts(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for (text, state) in [
            ("", "22007"),
            ("abc", "22007"),
            ("1 foo", "22007"),
            ("1 2", "22007"),
            ("day", "22007"),
            ("1:2:3:4", "22007"),
            ("P", "22007"),
            ("PT", "22007"),
            ("1:60", "22015"),
            ("1-12", "22015"),
            ("200000000 years", "22015"),
            ("9999999999999 hours", "22015"),
            ("99999999999999999999 days", "22015"),
            ("é", "22007"),
            ("P1é", "22007"),
        ] {
            assert_eq!(parse(text, Unit::SECOND).unwrap_err().sqlstate(), state, "{text}");
        }
    }

    #[test]
    fn a_plain_text_is_for_arrow() {
        let parts = Parts { months: -1, days: 2, micros: -500_000 };
        assert_eq!(parts.plain(), "-1 mons 2 days -0.500000 secs");
    }

    #[test]
    fn what_is_shorter_than_a_unit_is_left_out() {
        let parts = Parts { months: 14, days: 3, micros: 3_723_000_000 };
        assert_eq!(parts.down_to(Unit::Years(1)), Parts { months: 12, ..Parts::default() });
        assert_eq!(parts.down_to(Unit::Days(1)), Parts { micros: 0, ..parts });
        assert_eq!(parts.down_to(Unit::Micros(super::HOUR)), Parts { micros: 3_600_000_000, ..parts });
    }
}
