//! The proleptic Gregorian calendar over Arrow's counts of days and microseconds, with PostgreSQL's errors.

use chrono::{Datelike, NaiveDate};

use super::value::Interval;
use crate::sqlstate::SqlState;
use crate::text::temporal::MICROS_PER_DAY;
use crate::{Error, Result};

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
/// Days from 0001-01-01 to 1970-01-01, as chrono counts them.
const UNIX_EPOCH: i64 = 719_163;
/// The Julian day of 1970-01-01.
pub(super) const JULIAN_EPOCH: i64 = 2_440_588;

/// A moment in fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// As astronomers count: 0 is 1 BC.
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micros: i64,
}

pub(super) fn overflow(what: &str) -> Error {
    Error::new(SqlState::DatetimeFieldOverflow, format!("{what} out of range"))
}

/// The date of a number of days since 1970-01-01.
///
/// # Errors
/// 22008 beyond the calendar.
pub(super) fn date(days: i64) -> Result<NaiveDate> {
    days.checked_add(UNIX_EPOCH)
        .and_then(|days| i32::try_from(days).ok())
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .ok_or_else(|| overflow("date"))
}

/// Days since 1970-01-01 of a date, if there is such a day.
pub(super) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    Some(i64::from(date.num_days_from_ce()) - UNIX_EPOCH)
}

/// The days of a month.
pub(super) fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl Fields {
    /// Of microseconds since 1970-01-01.
    pub(super) fn of(micros: i64) -> Result<Self> {
        let date = date(micros.div_euclid(MICROS_PER_DAY))?;
        let time = micros.rem_euclid(MICROS_PER_DAY);
        Ok(Self {
            year: i64::from(date.year()),
            month: i64::from(date.month()),
            day: i64::from(date.day()),
            ..Self::of_time(time)
        })
    }

    /// Of a time of day or the time of an interval; the date is 0.
    pub(super) fn of_time(micros: i64) -> Self {
        let seconds = micros / MICROS_PER_SECOND;
        Self {
            year: 0,
            month: 0,
            day: 0,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            micros: micros % MICROS_PER_SECOND,
        }
    }

    /// Of an interval.
    pub(super) fn of_interval(interval: Interval) -> Self {
        Self {
            year: i64::from(interval.months / 12),
            month: i64::from(interval.months % 12),
            day: i64::from(interval.days),
            ..Self::of_time(interval.micros)
        }
    }

    /// Microseconds of the time.
    pub(super) fn time(&self) -> i64 {
        ((self.hour * 60 + self.minute) * 60 + self.second) * MICROS_PER_SECOND + self.micros
    }

    /// Microseconds since 1970-01-01.
    ///
    /// # Errors
    /// 22008 for a day that is not there.
    pub(super) fn timestamp(&self) -> Result<i64> {
        days(self.year, self.month, self.day)
            .and_then(|days| days.checked_mul(MICROS_PER_DAY)?.checked_add(self.time()))
            .ok_or_else(|| overflow("timestamp"))
    }

    /// The year as people count it, negative before Christ.
    pub(super) fn shown_year(&self) -> i64 {
        if self.year > 0 { self.year } else { self.year - 1 }
    }

    pub(super) fn century(&self) -> i64 {
        if self.year > 0 { (self.year + 99) / 100 } else { -((99 - (self.year - 1)) / 100) }
    }

    pub(super) fn millennium(&self) -> i64 {
        if self.year > 0 { (self.year + 999) / 1000 } else { -((999 - (self.year - 1)) / 1000) }
    }

    pub(super) fn decade(&self) -> i64 {
        self.year.div_euclid(10)
    }
}

/// A date moved by whole months, to the month's last day where it has no such day.
pub(super) fn add_months(fields: &mut Fields, months: i64) {
    let count = fields.year * 12 + fields.month - 1 + months;
    fields.year = count.div_euclid(12);
    fields.month = count.rem_euclid(12) + 1;
    fields.day = fields.day.min(days_of_month(fields.year, fields.month));
}

/// A timestamp and an interval.
///
/// # Errors
/// 22008 beyond the calendar.
pub(super) fn plus(timestamp: i64, interval: Interval) -> Result<i64> {
    let mut moved = timestamp;
    if interval.months != 0 {
        let mut fields = Fields::of(timestamp)?;
        add_months(&mut fields, i64::from(interval.months));
        moved = fields.timestamp()?;
    }
    let days = i64::from(interval.days).checked_mul(MICROS_PER_DAY);
    days.and_then(|days| moved.checked_add(days)?.checked_add(interval.micros))
        .ok_or_else(|| overflow("timestamp"))
}
