//! Dates, times and intervals as PostgreSQL writes them with `DateStyle` ISO and `IntervalStyle`
//! postgres, and the epochs between the two worlds.

use std::fmt::Write as _;

use arrow::array::timezone::Tz;
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone};

use super::Fault;

/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Days from 0001-01-01 to 1970-01-01, as chrono counts them.
const UNIX_EPOCH: i64 = 719_163;
/// Days from 1970-01-01, Arrow's epoch, to 2000-01-01, PostgreSQL's.
pub const EPOCH_DAYS: i64 = 10_957;

/// An interval, field by field as PostgreSQL keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    /// Months, twelve to the year.
    pub months: i32,
    /// Days, of whatever length.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// The date of a number of days since 1970-01-01.
fn date(days: i64, type_name: &'static str) -> Result<NaiveDate, Fault> {
    days.checked_add(UNIX_EPOCH)
        .and_then(|days| i32::try_from(days).ok())
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .ok_or(Fault::OutOfRange(type_name))
}

fn put_date(date: NaiveDate, out: &mut BytesMut) -> Result<(), Fault> {
    // There is no year 0: chrono's 0 is 1 BC.
    let year = if date.year() > 0 { date.year() } else { 1 - date.year() };
    Ok(write!(out, "{year:04}-{:02}-{:02}", date.month(), date.day())?)
}

fn put_era(date: NaiveDate, out: &mut BytesMut) {
    if date.year() <= 0 {
        out.put_slice(b" BC");
    }
}

pub(super) fn write_date(days: i64, out: &mut BytesMut) -> Result<(), Fault> {
    let date = date(days, "date")?;
    put_date(date, out)?;
    put_era(date, out);
    Ok(())
}

/// A time of day, in microseconds from midnight; the fraction without trailing zeros.
pub(super) fn write_time(micros: i64, out: &mut BytesMut) -> Result<(), Fault> {
    if !(0..=MICROS_PER_DAY).contains(&micros) {
        return Err(Fault::OutOfRange("time"));
    }
    put_clock(micros, out)
}

fn put_clock(micros: i64, out: &mut BytesMut) -> Result<(), Fault> {
    let seconds = micros / 1_000_000;
    write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    let fraction = micros % 1_000_000;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

/// A timestamp, in microseconds since 1970-01-01.
pub(super) fn write_timestamp(micros: i64, out: &mut BytesMut) -> Result<(), Fault> {
    let date = date(micros.div_euclid(MICROS_PER_DAY), "timestamp")?;
    put_date(date, out)?;
    out.put_u8(b' ');
    put_clock(micros.rem_euclid(MICROS_PER_DAY), out)?;
    put_era(date, out);
    Ok(())
}

/// A timestamp with time zone, as the clocks of a zone show it.
pub(super) fn write_timestamptz(micros: i64, zone: Tz, out: &mut BytesMut) -> Result<(), Fault> {
    const NAME: &str = "timestamp with time zone";
    let utc = DateTime::from_timestamp_micros(micros).ok_or(Fault::OutOfRange(NAME))?;
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
    let local = micros.checked_add(i64::from(offset) * 1_000_000).ok_or(Fault::OutOfRange(NAME))?;
    let date = date(local.div_euclid(MICROS_PER_DAY), NAME)?;
    put_date(date, out)?;
    out.put_u8(b' ');
    put_clock(local.rem_euclid(MICROS_PER_DAY), out)?;
    let ahead = offset.unsigned_abs();
    write!(out, "{}{:02}", if offset < 0 { '-' } else { '+' }, ahead / 3600)?;
    let (minutes, seconds) = (ahead / 60 % 60, ahead % 60);
    if minutes != 0 || seconds != 0 {
        write!(out, ":{minutes:02}")?;
    }
    if seconds != 0 {
        write!(out, ":{seconds:02}")?;
    }
    put_era(date, out);
    Ok(())
}

pub(super) fn write_interval(interval: Interval, out: &mut BytesMut) -> Result<(), Fault> {
    let Interval { months, days, micros } = interval;
    let start = out.len();
    // After a negative part a positive one needs its sign, or it would be read as negative, too.
    let mut after_negative = false;
    for (value, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if value != 0 {
            let space = if out.len() > start { " " } else { "" };
            let sign = if after_negative && value > 0 { "+" } else { "" };
            let plural = if value == 1 { "" } else { "s" };
            write!(out, "{space}{sign}{value} {unit}{plural}")?;
            after_negative = value < 0;
        }
    }
    if micros != 0 || out.len() == start {
        let space = if out.len() > start { " " } else { "" };
        let sign = match (micros < 0, after_negative) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        write!(out, "{space}{sign}")?;
        put_clock(micros.checked_abs().ok_or(Fault::OutOfRange("interval"))?, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn text(write: impl FnOnce(&mut BytesMut) -> Result<(), Fault>) -> String {
        let mut out = BytesMut::new();
        write(&mut out).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    // 2026-01-02 03:04:05 UTC.
    const MOMENT: i64 = 1_767_323_045_000_000;

    #[test]
    fn timestamps_show_the_zone_and_no_idle_zeros() {
        let zone = |name: &str| Tz::from_str(name).unwrap();
        assert_eq!(text(|out| write_timestamp(MOMENT, out)), "2026-01-02 03:04:05");
        assert_eq!(text(|out| write_timestamp(MOMENT + 120_000, out)), "2026-01-02 03:04:05.12");
        assert_eq!(text(|out| write_timestamptz(MOMENT, zone("UTC"), out)), "2026-01-02 03:04:05+00");
        assert_eq!(text(|out| write_timestamptz(MOMENT, zone("+05:30"), out)), "2026-01-02 08:34:05+05:30");
        assert_eq!(
            text(|out| write_timestamptz(MOMENT, zone("America/Detroit"), out)),
            "2026-01-01 22:04:05-05"
        );
    }

    #[test]
    fn years_before_christ_have_no_zero() {
        assert_eq!(text(|out| write_date(-719_162, out)), "0001-01-01");
        assert_eq!(text(|out| write_date(-719_163, out)), "0001-12-31 BC");
        assert_eq!(text(|out| write_date(2_932_897, out)), "10000-01-01");
        assert!(write_date(i64::MAX, &mut BytesMut::new()).is_err());
        assert!(write_timestamp(i64::MIN, &mut BytesMut::new()).is_err());
        assert!(write_timestamptz(i64::MIN, Tz::from_str("UTC").unwrap(), &mut BytesMut::new()).is_err());
        assert!(write_timestamptz(i64::MAX, Tz::from_str("UTC").unwrap(), &mut BytesMut::new()).is_err());
    }

    #[test]
    fn intervals_read_as_postgresql_writes_them() {
        let interval =
            |months, days, micros| text(|out| write_interval(Interval { months, days, micros }, out));
        assert_eq!(interval(0, 0, 0), "00:00:00");
        assert_eq!(interval(14, 3, 14_706_789_000), "1 year 2 mons 3 days 04:05:06.789");
        assert_eq!(interval(-1, 1, 0), "-1 mons +1 day");
        assert_eq!(interval(0, -1, 1_000_000), "-1 days +00:00:01");
        assert_eq!(interval(0, 0, -1_000_000), "-00:00:01");
        assert_eq!(interval(12, 0, 90_000_000_000), "1 year 25:00:00");
    }
}
