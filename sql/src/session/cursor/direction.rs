//! What a FETCH or MOVE asks for: which rows, from where the cursor is.

use datafusion::sql::sqlparser::ast::{FetchDirection, Value, ValueWithSpan};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// So many rows after the cursor's.
    Forward(u64),
    /// So many rows before it, the nearest first.
    Backward(u64),
    /// The row of this number; negative ones count from the end, 0 is before the first.
    Absolute(i64),
    /// The row so many after the cursor's.
    Relative(i64),
}

impl Direction {
    /// # Errors
    /// 22003 for a number that is too large.
    pub(super) fn of(direction: &FetchDirection) -> Result<Self> {
        Ok(match direction {
            FetchDirection::Next | FetchDirection::Forward { limit: None } => Self::Forward(1),
            FetchDirection::Prior | FetchDirection::Backward { limit: None } => Self::Backward(1),
            FetchDirection::First => Self::Absolute(1),
            FetchDirection::Last => Self::Absolute(-1),
            FetchDirection::Absolute { limit } => Self::Absolute(number(limit)?),
            FetchDirection::Relative { limit } => Self::Relative(number(limit)?),
            FetchDirection::All | FetchDirection::ForwardAll => Self::Forward(u64::MAX),
            FetchDirection::BackwardAll => Self::Backward(u64::MAX),
            FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => {
                Self::rows(number(limit)?)
            }
            FetchDirection::Backward { limit: Some(limit) } => Self::rows(-number(limit)?),
        })
    }

    /// No rows are the row that the cursor is on.
    fn rows(count: i64) -> Self {
        match count {
            0 => Self::Relative(0),
            1.. => Self::Forward(count.unsigned_abs()),
            _ => Self::Backward(count.unsigned_abs()),
        }
    }
}

/// PostgreSQL's counts have 32 bits.
fn number(limit: &ValueWithSpan) -> Result<i64> {
    let Value::Number(digits, _) = &limit.value else {
        return Err(Error::new(SqlState::SyntaxError, format!("syntax error at or near \"{limit}\"")));
    };
    let number = digits.parse::<i32>();
    number
        .map(i64::from)
        .map_err(|_| Error::new(SqlState::SyntaxError, format!("syntax error at or near \"{digits}\"")))
}
