//! The text form of a vector, `[1,2,3]`, with pgvector's messages.

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The most dimensions that pgvector's type, and ours, can have.
const MAX_DIMENSIONS: usize = 16_000;

/// Appends the numbers of one vector to `out` and returns how many they are.
///
/// # Errors
/// 22P02 for a text that is no vector, 22003 for a number out of range, 22000 for NaN, infinity or
/// no numbers at all.
pub(crate) fn parse(text: &str, out: &mut Vec<f32>) -> Result<usize> {
    let invalid = || {
        Error::new(
            SqlState::InvalidTextRepresentation,
            format!("invalid input syntax for type vector: \"{}\"", shorten(text)),
        )
    };
    let inner = text
        .trim()
        .strip_prefix('[')
        .ok_or_else(|| invalid().with_detail("Vector contents must start with \"[\"."))?;
    let inner = inner
        .strip_suffix(']')
        .ok_or_else(|| invalid().with_detail("Vector contents must end with \"]\"."))?;
    if inner.trim().is_empty() {
        return Err(Error::new(SqlState::DataException, "vector must have at least 1 dimension"));
    }
    let before = out.len();
    for part in inner.split(',') {
        let part = part.trim();
        let number: f32 = part.parse().map_err(|_| invalid())?;
        if number.is_nan() {
            return Err(Error::new(SqlState::DataException, "NaN not allowed in vector"));
        }
        if number.is_infinite() {
            let spelled = part.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("inf");
            return Err(if spelled {
                Error::new(SqlState::DataException, "infinite value not allowed in vector")
            } else {
                Error::new(
                    SqlState::NumericValueOutOfRange,
                    format!("\"{}\" is out of range for type vector", shorten(part)),
                )
            });
        }
        out.push(number);
        if out.len() - before > MAX_DIMENSIONS {
            return Err(Error::new(
                SqlState::DataException,
                format!("vector cannot have more than {MAX_DIMENSIONS} dimensions"),
            ));
        }
    }
    Ok(out.len() - before)
}

/// The error for a vector of the wrong size, in pgvector's words.
pub(crate) fn dimensions_differ(expected: usize, found: usize) -> Error {
    Error::new(SqlState::DataException, format!("expected {expected} dimensions, not {found}"))
}

/// Long values are cut in messages.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_string();
    }
    text.chars().take(LONGEST).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> std::result::Result<Vec<f32>, &'static str> {
        let mut out = Vec::new();
        parse(text, &mut out).map(|_| out).map_err(|error| error.sqlstate())
    }

    #[test]
    fn numbers_are_read_with_spaces_and_exponents() {
        assert_eq!(numbers(" [1, -2.5 ,3e2] ").unwrap(), [1.0, -2.5, 300.0]);
    }

    #[test]
    fn what_is_no_vector_is_refused_by_state() {
        assert_eq!(numbers("1,2"), Err("22P02"));
        assert_eq!(numbers("[1,,2]"), Err("22P02"));
        assert_eq!(numbers("[1,2"), Err("22P02"));
        assert_eq!(numbers("[]"), Err("22000"));
        assert_eq!(numbers("[nan]"), Err("22000"));
        assert_eq!(numbers("[inf]"), Err("22000"));
        assert_eq!(numbers("[1e60]"), Err("22003"));
    }
}
