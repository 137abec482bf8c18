//! `to_char`, `to_date`, `to_timestamp`, `to_number`: what the patterns of other files are called by.
//!
//! SQLSTATEs: theirs, and 22008 for seconds beyond the calendar.

use super::calendar::{MICROS_PER_SECOND, overflow};
use super::datum::Datum;
use super::kind::Kind::{Date, Float8, Int4, Int8, Interval, Numeric, Text, Timestamp, TimestampTz};
use super::overload::{Form, Function, unexpected};
use super::value::Value;
use super::{digits, read, show};
use crate::Result;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "to_char",
        &[
            Form::new(&[TimestampTz, Text], Text, show::TIMESTAMPTZ),
            Form::new(&[Timestamp, Text], Text, show::TIMESTAMP),
            Form::new(&[Interval, Text], Text, show::TIMESTAMP),
            Form::new(&[Int4, Text], Text, digits::SHOW),
            Form::new(&[Int8, Text], Text, digits::SHOW),
            Form::new(&[Numeric, Text], Text, digits::SHOW),
            Form::new(&[Float8, Text], Text, digits::SHOW),
        ],
    ),
    Function::new("to_number", &[Form::new(&[Text, Text], Numeric, digits::READ).scaled(digits::read_scale)]),
    Function::new("to_date", &[Form::new(&[Text, Text], Date, read::DATE)]),
    Function::new(
        "to_timestamp",
        &[
            Form::new(&[Text, Text], TimestampTz, read::TIMESTAMP),
            Form::new(&[Float8], TimestampTz, of_seconds),
        ],
    ),
];

fn of_seconds(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Float(seconds)] = values else { return Err(unexpected()) };
    let micros = (seconds * MICROS_PER_SECOND as f64).round_ties_even();
    if micros.is_nan() || micros.abs() >= i64::MAX as f64 {
        return Err(overflow("timestamp"));
    }
    Ok(Datum::Timestamp(micros as i64))
}
