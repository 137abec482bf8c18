//! Parts of a document as they are written: an object's value, an array's element, what a path leads to.
//!
//! Nothing is built: the tokens beside the way are skipped. A part of `jsonb`'s canonical text is canonical itself. The
//! text is known to be JSON; a fault in it is found only where the way leads along it.

use std::borrow::Cow;

use jiter::{Jiter, JiterError, Peek};

use super::{Json, invalid, parse, text_without_nul};
use crate::Result;

fn failed(error: JiterError) -> crate::Error {
    invalid(&error)
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    Scalar,
}

/// What the document is, by its first character.
pub(crate) fn kind(text: &str) -> Kind {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        _ => Kind::Scalar,
    }
}

/// The value of a key, the last of several; `None` where there is none.
///
/// # Errors
/// 22P02 for a text that is no JSON.
pub(crate) fn member<'a>(text: &'a str, wanted: &str) -> Result<Option<&'a str>> {
    if kind(text) != Kind::Object {
        return Ok(None);
    }
    let mut reader = Jiter::new(text.as_bytes());
    let mut found = None;
    let mut key = reader.next_object().map_err(failed)?.map(|key| key == wanted);
    while let Some(is_wanted) = key {
        let peek = reader.peek().map_err(failed)?;
        let value = skipped(&mut reader, peek, text)?;
        if is_wanted {
            found = Some(value);
        }
        key = reader.next_key().map_err(failed)?.map(|key| key == wanted);
    }
    Ok(found)
}

/// The elements of an array; `None` for JSON that is no array.
///
/// # Errors
/// As [`member`].
pub(crate) fn elements(text: &str) -> Result<Option<Vec<&str>>> {
    if kind(text) != Kind::Array {
        return Ok(None);
    }
    let mut reader = Jiter::new(text.as_bytes());
    let mut elements = Vec::new();
    let mut next = reader.next_array().map_err(failed)?;
    while let Some(peek) = next {
        elements.push(skipped(&mut reader, peek, text)?);
        next = reader.array_step().map_err(failed)?;
    }
    Ok(Some(elements))
}

/// The element at a place, counted from the end where it is negative; `None` where there is none.
///
/// # Errors
/// As [`member`].
pub(crate) fn element(text: &str, place: i64) -> Result<Option<&str>> {
    if kind(text) != Kind::Array {
        return Ok(None);
    }
    let Ok(wanted) = usize::try_from(place) else {
        let Some(elements) = elements(text)? else { return Ok(None) };
        let from_end = usize::try_from(place.unsigned_abs()).ok();
        let place = from_end.and_then(|from_end| elements.len().checked_sub(from_end));
        return Ok(place.and_then(|place| elements.get(place).copied()));
    };
    let mut reader = Jiter::new(text.as_bytes());
    let mut next = reader.next_array().map_err(failed)?;
    let mut at = 0_usize;
    while let Some(peek) = next {
        let value = skipped(&mut reader, peek, text)?;
        if at == wanted {
            return Ok(Some(value));
        }
        at += 1;
        next = reader.array_step().map_err(failed)?;
    }
    Ok(None)
}

/// What a path of keys and places leads to; `None` where it leads nowhere.
///
/// # Errors
/// As [`member`].
pub(crate) fn at_path<'a>(text: &'a str, path: &[&str]) -> Result<Option<&'a str>> {
    let mut at = text.trim();
    for step in path {
        let next = match kind(at) {
            Kind::Object => member(at, step)?,
            Kind::Array => match place(step) {
                Some(place) => element(at, place)?,
                None => None,
            },
            Kind::Scalar => None,
        };
        let Some(next) = next else { return Ok(None) };
        at = next;
    }
    Ok(Some(at))
}

/// A place in an array, as a path's text says it.
pub(crate) fn place(step: &str) -> Option<i64> {
    // As C's strtoint reads it.
    let digits = step.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    digits.parse::<i32>().ok().map(i64::from)
}

/// A value as a text: a string without its quotes, NULL for null.
///
/// # Errors
/// 22P02 for a text that is no JSON, 22P05 for a string with a NUL in it.
pub(crate) fn as_text(value: &str) -> Result<Option<Cow<'_, str>>> {
    let value = value.trim();
    if value == "null" {
        return Ok(None);
    }
    if !value.starts_with('"') {
        return Ok(Some(Cow::Borrowed(value)));
    }
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Some(Cow::Borrowed(plain))),
        _ => match parse(value)? {
            Json::Text(text) => {
                text_without_nul(&text)?;
                Ok(Some(Cow::Owned(text)))
            }
            _ => Ok(Some(Cow::Borrowed(value))),
        },
    }
}

/// Skips a value and gives its text.
fn skipped<'a>(reader: &mut Jiter<'_>, peek: Peek, text: &'a str) -> Result<&'a str> {
    let start = reader.current_index();
    reader.known_skip(peek).map_err(failed)?;
    Ok(text.get(start..reader.current_index()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_they_are_written() {
        let text = r#" {"a" : [1,  {"b": "x\n"}, null], "a": [ 10 , 2.50 ], "": {}} "#;
        assert_eq!(member(text, "a").unwrap(), Some("[ 10 , 2.50 ]"));
        assert_eq!(member(text, "").unwrap(), Some("{}"));
        assert_eq!(member(text, "b").unwrap(), None);
        assert_eq!(at_path(text, &["a", "-1"]).unwrap(), Some("2.50"));
        assert_eq!(at_path(text, &["a", "x"]).unwrap(), None);
        assert_eq!(element("[1, 2]", -2).unwrap(), Some("1"));
        assert_eq!(element("[1, 2]", -3).unwrap(), None);
        assert_eq!(element("[1, 2]", i64::MIN).unwrap(), None);
        assert_eq!(element("{}", 0).unwrap(), None);
        assert_eq!(elements("[ ]").unwrap(), Some(vec![]));
    }

    #[test]
    fn strings_lose_their_quotes_as_texts() {
        assert_eq!(as_text(r#""a\"b""#).unwrap().as_deref(), Some("a\"b"));
        assert_eq!(as_text("null").unwrap(), None);
        assert_eq!(as_text("1.50").unwrap().as_deref(), Some("1.50"));
        assert_eq!(as_text("\"\\u0000\"").unwrap_err().sqlstate(), "22P05");
    }
}
