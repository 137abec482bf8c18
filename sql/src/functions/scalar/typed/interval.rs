//! `age`, `justify_hours`, `justify_days`, `justify_interval`, `isfinite` and OVERLAPS.
//!
//! SQLSTATE: 22008 for what leaves the calendar.

use super::calendar::{Fields, days_of_month, overflow};
use super::datum::Datum;
use super::kind::Kind::{Bool, Date, Interval as IntervalKind, Time, Timestamp, TimestampTz};
use super::overload::{Form, Function, unexpected};
use super::value::{Interval, Value};
use crate::Result;
use crate::text::temporal::MICROS_PER_DAY;

/// What `(a, b) OVERLAPS (c, d)` is in plans.
pub(crate) const OVERLAPS: &str = "muster_overlaps";
/// `age(moment)`, with the day that it is counted to.
pub(crate) const AGE: &str = "age";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        AGE,
        &[
            Form::new(&[Timestamp, Timestamp], IntervalKind, age),
            Form::new(&[TimestampTz, TimestampTz], IntervalKind, age),
        ],
    ),
    Function::new(
        "justify_hours",
        &[Form::new(&[IntervalKind], IntervalKind, |values| justify(values, hours))],
    ),
    Function::new(
        "justify_days",
        &[Form::new(&[IntervalKind], IntervalKind, |values| justify(values, days))],
    ),
    Function::new(
        "justify_interval",
        &[Form::new(&[IntervalKind], IntervalKind, |values| justify(values, all))],
    ),
    Function::new(
        "isfinite",
        &[
            Form::new(&[Date], Bool, |_| Ok(Datum::Bool(true))),
            Form::new(&[Timestamp], Bool, |_| Ok(Datum::Bool(true))),
            Form::new(&[TimestampTz], Bool, |_| Ok(Datum::Bool(true))),
            Form::new(&[IntervalKind], Bool, |_| Ok(Datum::Bool(true))),
        ],
    ),
    Function::new(
        OVERLAPS,
        &[
            Form::new(&[Timestamp, Timestamp, Timestamp, Timestamp], Bool, overlaps).with_nulls(),
            Form::new(&[TimestampTz, TimestampTz, TimestampTz, TimestampTz], Bool, overlaps).with_nulls(),
            Form::new(&[Timestamp, IntervalKind, Timestamp, Timestamp], Bool, overlaps).with_nulls(),
            Form::new(&[Timestamp, Timestamp, Timestamp, IntervalKind], Bool, overlaps).with_nulls(),
            Form::new(&[Timestamp, IntervalKind, Timestamp, IntervalKind], Bool, overlaps).with_nulls(),
            Form::new(&[TimestampTz, IntervalKind, TimestampTz, TimestampTz], Bool, overlaps).with_nulls(),
            Form::new(&[TimestampTz, TimestampTz, TimestampTz, IntervalKind], Bool, overlaps).with_nulls(),
            Form::new(&[TimestampTz, IntervalKind, TimestampTz, IntervalKind], Bool, overlaps).with_nulls(),
            Form::new(&[Time, Time, Time, Time], Bool, overlaps).with_nulls(),
        ],
    ),
];

/// In years, months, days and time, as one counts by hand.
fn age(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Timestamp(late), Value::Timestamp(early)] = values else { return Err(unexpected()) };
    let (a, b) = (Fields::of(*late)?, Fields::of(*early)?);
    let sign = if late < early { -1 } else { 1 };
    let mut micros = (a.time() - b.time()) * sign;
    let mut day = (a.day - b.day) * sign;
    let mut month = (a.month - b.month) * sign;
    let mut year = (a.year - b.year) * sign;
    if micros < 0 {
        micros += MICROS_PER_DAY;
        day -= 1;
    }
    let of = if sign < 0 { a } else { b };
    if day < 0 {
        day += days_of_month(of.year, of.month);
        month -= 1;
    }
    while day < 0 {
        day += days_of_month(of.year, of.month);
        month -= 1;
    }
    if month < 0 {
        month += 12;
        year -= 1;
    }
    let narrow = |number: i64| i32::try_from(number * sign).map_err(|_| overflow("interval"));
    Ok(Datum::Interval(Interval {
        months: narrow(year * 12 + month)?,
        days: narrow(day)?,
        micros: micros * sign,
    }))
}

fn justify(values: &[Value<'_>], how: fn(Interval) -> Option<Interval>) -> Result<Datum> {
    let [Value::Interval(interval)] = values else { return Err(unexpected()) };
    how(*interval).map(Datum::Interval).ok_or_else(|| overflow("interval"))
}

/// Whole days of the time.
fn carried(interval: Interval) -> Option<Interval> {
    let whole = i32::try_from(interval.micros / MICROS_PER_DAY).ok()?;
    let micros = interval.micros % MICROS_PER_DAY;
    Some(Interval { days: interval.days.checked_add(whole)?, micros, ..interval })
}

fn hours(interval: Interval) -> Option<Interval> {
    let mut out = carried(interval)?;
    if out.days > 0 && out.micros < 0 {
        out.micros += MICROS_PER_DAY;
        out.days -= 1;
    } else if out.days < 0 && out.micros > 0 {
        out.micros -= MICROS_PER_DAY;
        out.days += 1;
    }
    Some(out)
}

fn days(interval: Interval) -> Option<Interval> {
    let mut out = interval;
    out.months = out.months.checked_add(out.days / 30)?;
    out.days %= 30;
    if out.months > 0 && out.days < 0 {
        out.days += 30;
        out.months -= 1;
    } else if out.months < 0 && out.days > 0 {
        out.days -= 30;
        out.months += 1;
    }
    Some(out)
}

fn all(interval: Interval) -> Option<Interval> {
    let mut out = carried(interval)?;
    out.months = out.months.checked_add(out.days / 30)?;
    out.days %= 30;
    if out.months > 0 && (out.days < 0 || (out.days == 0 && out.micros < 0)) {
        out.days += 30;
        out.months -= 1;
    } else if out.months < 0 && (out.days > 0 || (out.days == 0 && out.micros > 0)) {
        out.days -= 30;
        out.months += 1;
    }
    if out.days > 0 && out.micros < 0 {
        out.micros += MICROS_PER_DAY;
        out.days -= 1;
    } else if out.days < 0 && out.micros > 0 {
        out.micros -= MICROS_PER_DAY;
        out.days += 1;
    }
    Some(out)
}

/// A period's end, of a moment or an interval; `None` for NULL.
fn end(start: Option<i64>, end: &Value<'_>) -> Result<Option<i64>> {
    Ok(match (start, end) {
        (_, Value::Timestamp(end) | Value::Time(end)) => Some(*end),
        (Some(start), Value::Interval(interval)) => Some(super::calendar::plus(start, *interval)?),
        _ => None,
    })
}

fn overlaps(values: &[Value<'_>]) -> Result<Datum> {
    let [start1, end1, start2, end2] = values else { return Err(unexpected()) };
    let start = |value: &Value<'_>| match value {
        Value::Timestamp(micros) | Value::Time(micros) => Some(*micros),
        _ => None,
    };
    let (start1, start2) = (start(start1), start(start2));
    let (end1, end2) = (end(start1, end1)?, end(start2, end2)?);
    // An end that is not known is as good as none; of two that are known the earlier is the start.
    let period = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => Some((a.min(b), Some(a.max(b)))),
        (Some(a), None) | (None, Some(a)) => Some((a, None)),
        (None, None) => None,
    };
    let (Some(first), Some(second)) = (period(start1, end1), period(start2, end2)) else {
        return Ok(Datum::Null);
    };
    let (early, late) = if first.0 > second.0 { (second, first) } else { (first, second) };
    if early.0 == late.0 {
        return Ok(match (early.1, late.1) {
            (Some(_), Some(_)) => Datum::Bool(true),
            _ => Datum::Null,
        });
    }
    Ok(match early.1 {
        Some(end) if late.0 < end => Datum::Bool(true),
        Some(_) if late.1.is_some() => Datum::Bool(false),
        _ => Datum::Null,
    })
}
