//! What reading values has in common, whether they come as texts or in binary: what can be wrong with them, and the
//! [`Value`](crate::Value)s that their parts make.
//!
//! Texts of parameters are read by the server, binary values by [`crate::binary`]. Texts of COPY and of casts are not
//! read this way: they become whole columns at once.

mod list;
mod number;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::ScalarValue;

pub use list::list;
pub use number::Digits;

use crate::SqlState;
use crate::types::oid;

/// Why a value cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not what the type is written like.
    Syntax,
    /// It is, but does not fit.
    Range,
    /// A list of the wrong size.
    Dimensions {
        /// What the type says.
        expected: usize,
        /// What there are.
        actual: usize,
    },
    /// Its bytes end before it does.
    Short,
    /// So many bytes follow it.
    Left(usize),
    /// Its bytes are not the type's binary format.
    Binary {
        /// What PostgreSQL gives.
        state: SqlState,
        /// What is wrong, in PostgreSQL's words.
        message: String,
    },
    /// The type exists, this form or value of it does not.
    Unsupported(String),
}

/// A value, or why there is none.
pub type Read<T> = std::result::Result<T, Fault>;

/// A string of one of Arrow's three string types; what has no type is text.
///
/// # Errors
/// [`Fault::Unsupported`] for another type.
pub fn string(data_type: &DataType, text: &str) -> Read<ScalarValue> {
    let text = Some(text.to_string());
    match data_type {
        DataType::LargeUtf8 => Ok(ScalarValue::LargeUtf8(text)),
        DataType::Utf8View => Ok(ScalarValue::Utf8View(text)),
        DataType::Utf8 | DataType::Null => Ok(ScalarValue::Utf8(text)),
        other => Err(Fault::Unsupported(format!("a parameter of type {other}"))),
    }
}

/// JSON must be JSON before it goes any further.
///
/// # Errors
/// [`Fault::Syntax`] where the field holds JSON and the text is none.
pub fn check_json(field: &Field, text: &str) -> Read<()> {
    if !matches!(oid::of(field), Some(oid::JSON | oid::JSONB)) {
        return Ok(());
    }
    serde_json::from_str::<serde_json::Value>(text).map(drop).map_err(|_| Fault::Syntax)
}

/// A timestamp in the unit of its type, from microseconds.
///
/// # Errors
/// [`Fault::Range`] where the unit cannot count so far.
pub fn timestamp(unit: TimeUnit, zone: Option<Arc<str>>, micros: i64) -> Read<ScalarValue> {
    Ok(match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(micros.div_euclid(1_000_000)), zone),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(micros.div_euclid(1000)), zone),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(micros), zone),
        TimeUnit::Nanosecond => {
            ScalarValue::TimestampNanosecond(Some(micros.checked_mul(1000).ok_or(Fault::Range)?), zone)
        }
    })
}
