//! The text form of a vector, `[1,2,3]`, with pgvector's messages.

use super::builder::{out_of_range, rounded};
use super::{MAX_DIMENSIONS, VectorKind};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Appends the numbers of one vector to `out`.
///
/// # Errors
/// 22P02 for a text that is no vector, 22003 for a number out of range, 22000 for NaN, infinity or no numbers at all,
/// 54000 for too many.
pub(crate) fn parse(kind: VectorKind, text: &str, out: &mut Vec<f32>) -> Result<()> {
    let name = kind.name();
    let invalid = || {
        Error::new(
            SqlState::InvalidTextRepresentation,
            format!("invalid input syntax for type {name}: \"{}\"", shorten(text)),
        )
    };
    let refused = |what: &str| Error::new(SqlState::DataException, format!("{what} in {name}"));
    let inner = text
        .trim_matches(is_space)
        .strip_prefix('[')
        .ok_or_else(|| invalid().with_detail("Vector contents must start with \"[\"."))?;
    let inner = match inner.split_once(']') {
        None => return Err(invalid()),
        Some((inner, "")) => inner,
        Some(_) => return Err(invalid().with_detail("Junk after closing right brace.")),
    };
    if inner.trim_matches(is_space).is_empty() {
        return Err(Error::new(SqlState::DataException, format!("{name} must have at least 1 dimension")));
    }
    let before = out.len();
    for part in inner.split(',') {
        let part = part.trim_matches(is_space);
        if out.len() - before == MAX_DIMENSIONS {
            return Err(Error::new(
                SqlState::ProgramLimitExceeded,
                format!("{name} cannot have more than {MAX_DIMENSIONS} dimensions"),
            ));
        }
        let number: f32 = part.parse().map_err(|_| invalid())?;
        if number.is_nan() {
            return Err(refused("NaN not allowed"));
        }
        if number.is_infinite() && spells_infinity(part) {
            return Err(refused("infinite value not allowed"));
        }
        let number = match kind {
            VectorKind::Vector => number,
            VectorKind::Half => rounded(number),
        };
        if number.is_infinite() {
            return Err(out_of_range(kind, &shorten(part)));
        }
        out.push(number);
    }
    Ok(())
}

/// The error for a vector of the wrong size, in pgvector's words.
pub(crate) fn dimensions_differ(expected: usize, found: usize) -> Error {
    Error::new(SqlState::DataException, format!("expected {expected} dimensions, not {found}"))
}

fn spells_infinity(part: &str) -> bool {
    part.trim_start_matches(['+', '-']).starts_with(['i', 'I'])
}

/// What pgvector skips around numbers.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
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

    fn numbers(kind: VectorKind, text: &str) -> std::result::Result<Vec<f32>, &'static str> {
        let mut out = Vec::new();
        parse(kind, text, &mut out).map(|()| out).map_err(|error| error.sqlstate())
    }

    #[test]
    fn numbers_are_read_with_spaces_and_exponents() {
        assert_eq!(numbers(VectorKind::Vector, " [1, -2.5 ,3e2] ").unwrap(), [1.0, -2.5, 300.0]);
    }

    #[test]
    fn what_is_no_vector_is_refused_by_state() {
        for kind in [VectorKind::Vector, VectorKind::Half] {
            let state = |text: &str| numbers(kind, text).unwrap_err();
            assert_eq!(state("1,2"), "22P02");
            assert_eq!(state("[1,,2]"), "22P02");
            assert_eq!(state("[1,2"), "22P02");
            assert_eq!(state("[1],[2]"), "22P02");
            assert_eq!(state("[]"), "22000");
            assert_eq!(state("[nan]"), "22000");
            assert_eq!(state("[inf]"), "22000");
            assert_eq!(state("[1e60]"), "22003");
            assert_eq!(state(&format!("[{}1]", "1,".repeat(MAX_DIMENSIONS))), "54000");
        }
    }

    #[test]
    fn halves_are_rounded_and_have_their_own_range() {
        assert_eq!(numbers(VectorKind::Half, "[0.1,65519]").unwrap(), [0.099_975_586, 65504.0]);
        assert_eq!(numbers(VectorKind::Half, "[65520]"), Err("22003"));
    }
}
