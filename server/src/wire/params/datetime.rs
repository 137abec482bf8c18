//! Dates and times as text, in the ISO form that PostgreSQL writes and drivers send.
//!
//! It is not PostgreSQL's full reader: month names, `now` and `infinity` are not understood.

use std::str::FromStr;

use arrow::array::timezone::Tz;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use muster::input::{Fault, Read};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Days since 1970-01-01.
pub(super) fn parse_date(text: &str) -> Read<i32> {
    let (text, before_christ) = split_era(text.trim());
    let (date, rest) = date(text, before_christ)?;
    if !rest.is_empty() {
        return Err(Fault::Syntax);
    }
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).map_err(|_| Fault::Range)
}

/// Microseconds since midnight.
pub(super) fn parse_time(text: &str) -> Read<i64> {
    let (micros, rest) = time(text.trim())?;
    if !rest.is_empty() {
        return Err(Fault::Syntax);
    }
    // Arrow's times end before midnight.
    if micros == MICROS_PER_DAY { Err(Fault::Range) } else { Ok(micros) }
}

/// Microseconds since 1970-01-01, by the clock that the text shows: a zone in it is ignored, as
/// PostgreSQL does.
pub(super) fn parse_timestamp(text: &str) -> Read<i64> {
    let (micros, zone) = timestamp(text)?;
    if !zone.is_empty() {
        offset(zone, micros)?;
    }
    Ok(micros)
}

/// Microseconds since 1970-01-01 UTC; without a zone in the text, `zone` is meant.
pub(super) fn parse_timestamptz(text: &str, zone: Tz) -> Read<i64> {
    let (micros, name) = timestamp(text)?;
    let offset = if name.is_empty() { offset_in(zone, micros)? } else { offset(name, micros)? };
    micros.checked_sub(offset * MICROS_PER_SECOND).ok_or(Fault::Range)
}

/// The clock's microseconds, and what follows: the zone.
fn timestamp(text: &str) -> Read<(i64, &str)> {
    let (text, before_christ) = split_era(text.trim());
    let (date, rest) = date(text, before_christ)?;
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    let (clock, zone) = match rest.strip_prefix(['T', 't', ' ']).map(str::trim_start) {
        None if rest.is_empty() => (0, ""),
        None => return Err(Fault::Syntax),
        Some(rest) => time(rest)?,
    };
    let micros = days.checked_mul(MICROS_PER_DAY).and_then(|micros| micros.checked_add(clock));
    Ok((micros.ok_or(Fault::Range)?, zone.trim_start()))
}

fn split_era(text: &str) -> (&str, bool) {
    text.strip_suffix(" BC").map_or((text, false), |text| (text.trim_end(), true))
}

/// `2026-01-02` and what follows.
fn date(text: &str, before_christ: bool) -> Read<(NaiveDate, &str)> {
    let (year, rest) = digits(text, 4..=6)?;
    let (month, rest) = digits(rest.strip_prefix('-').ok_or(Fault::Syntax)?, 1..=2)?;
    let (day, rest) = digits(rest.strip_prefix('-').ok_or(Fault::Syntax)?, 1..=2)?;
    let year = i32::try_from(year).map_err(|_| Fault::Range)?;
    // There is no year 0, and 1 BC is chrono's year 0.
    let year = match (year, before_christ) {
        (0, _) => return Err(Fault::Range),
        (year, true) => 1 - year,
        (year, false) => year,
    };
    Ok((NaiveDate::from_ymd_opt(year, month, day).ok_or(Fault::Range)?, rest))
}

/// `03:04[:05[.678901]]` in microseconds, and what follows.
fn time(text: &str) -> Read<(i64, &str)> {
    let (hour, rest) = digits(text, 1..=2)?;
    let (minute, rest) = digits(rest.strip_prefix(':').ok_or(Fault::Syntax)?, 2..=2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2..=2)?,
        None => (0, rest),
    };
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    if hour > 24 || minute > 59 || second > 60 {
        return Err(Fault::Range);
    }
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    let micros = seconds * MICROS_PER_SECOND + fraction;
    if micros > MICROS_PER_DAY { Err(Fault::Range) } else { Ok((micros, rest)) }
}

/// The digits behind a second's point, rounded to microseconds.
fn fraction(text: &str) -> Read<(i64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() {
        return Err(Fault::Syntax);
    }
    let mut micros = 0;
    for digit in digits.bytes().chain(std::iter::repeat(b'0')).take(6) {
        micros = micros * 10 + i64::from(digit - b'0');
    }
    let round_up = digits.as_bytes().get(6).is_some_and(|digit| *digit >= b'5');
    Ok((micros + i64::from(round_up), rest))
}

/// A number of so many digits, and what follows.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Read<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if !count.contains(&length) {
        return Err(Fault::Syntax);
    }
    let (digits, rest) = text.split_at(length);
    Ok((digits.parse().map_err(|_| Fault::Range)?, rest))
}

/// The seconds that a zone named in the text is ahead of UTC.
fn offset(zone: &str, local: i64) -> Read<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Ok(0);
    }
    let Some((sign, text)) = zone
        .strip_prefix('+')
        .map(|text| (1, text))
        .or_else(|| zone.strip_prefix('-').map(|text| (-1, text)))
    else {
        return offset_in(Tz::from_str(zone).map_err(|_| Fault::Syntax)?, local);
    };
    let parts: Vec<&str> = if text.contains(':') {
        text.split(':').collect()
    } else {
        match text.len() {
            4 => text.split_at_checked(2).map(|(hours, minutes)| vec![hours, minutes]).unwrap_or_default(),
            _ => vec![text],
        }
    };
    let mut seconds: i64 = 0;
    for (part, unit) in parts.iter().zip([3600, 60, 1]) {
        let (value, rest) = digits(part, 1..=2)?;
        if !rest.is_empty() || unit < 3600 && value > 59 {
            return Err(Fault::Syntax);
        }
        seconds += i64::from(value) * unit;
    }
    // PostgreSQL's zones lie within sixteen hours of UTC.
    match parts.len() {
        1..=3 if seconds < 16 * 3600 => Ok(sign * seconds),
        1..=3 => Err(Fault::Range),
        _ => Err(Fault::Syntax),
    }
}

/// The seconds that a zone's clocks are ahead of UTC when they show a time: of the two offsets
/// around the autumn change the earlier, and through the hour that spring skips the one before it.
fn offset_in(zone: Tz, local: i64) -> Read<i64> {
    let local = NaiveDateTime::new(NaiveDate::default(), NaiveTime::MIN)
        .checked_add_signed(Duration::microseconds(local))
        .ok_or(Fault::Range)?;
    let offset = zone.offset_from_local_datetime(&local).earliest().or_else(|| {
        zone.offset_from_local_datetime(&local.checked_sub_signed(Duration::hours(2))?).earliest()
    });
    Ok(offset.ok_or(Fault::Range)?.fix().local_minus_utc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-01-02 03:04:05 UTC.
    const MOMENT: i64 = 1_767_323_045_000_000;

    #[test]
    fn timestamps_are_read_with_and_without_a_zone() {
        let utc = Tz::from_str("UTC").unwrap();
        for text in [
            "2026-01-02 03:04:05+00",
            "2026-01-02T03:04:05Z",
            "2026-01-02 03:04:05.000000",
            "2026-01-02 08:34:05 +05:30",
            "2026-01-02 08:34:05+0530",
            "2026-01-01 22:04:05 America/Detroit",
            "2026-1-2 3:04:05",
        ] {
            assert_eq!(parse_timestamptz(text, utc), Ok(MOMENT), "{text}");
        }
        let detroit = Tz::from_str("America/Detroit").unwrap();
        assert_eq!(parse_timestamptz("2026-01-01 22:04:05", detroit), Ok(MOMENT));
        // The hour that spring skips.
        assert_eq!(
            parse_timestamptz("2026-03-08 02:30:00", detroit),
            parse_timestamptz("2026-03-08 07:30:00Z", utc)
        );
        assert_eq!(parse_timestamp("2026-01-02 03:04:05+07"), Ok(MOMENT));
        assert_eq!(parse_timestamp("2026-01-02 03:04:05.1234565"), Ok(MOMENT + 123_457));
        assert_eq!(parse_timestamp("2026-01-02"), Ok(MOMENT - 11_045_000_000));
    }

    #[test]
    fn dates_and_times_alone() {
        assert_eq!(parse_date("1970-01-02"), Ok(1));
        assert_eq!(parse_date("0001-12-31 BC"), Ok(-719_163));
        assert_eq!(parse_time("03:04:05.5"), Ok(11_045_500_000));
        assert_eq!(parse_time("3:04"), Ok(11_040_000_000));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "yesterday", "2026-01", "2026-01-02x", "26-01-02", "2026/01/02", "-2026-01-02"] {
            assert_eq!(parse_date(text), Err(Fault::Syntax), "{text}");
        }
        for text in ["2026-02-30", "2026-13-01", "0000-01-01", "999999-01-01"] {
            assert_eq!(parse_date(text), Err(Fault::Range), "{text}");
        }
        for text in ["25:00", "23:60", "24:00:01", "24:00:00"] {
            assert_eq!(parse_time(text), Err(Fault::Range), "{text}");
        }
        for text in
            ["2026-01-02 03:04:05+", "2026-01-02 03:04:05 Nowhere/At_All", "2026-01-02 03:04:05+1:2:3:4"]
        {
            assert_eq!(parse_timestamp(text), Err(Fault::Syntax), "{text}");
        }
    }
}
