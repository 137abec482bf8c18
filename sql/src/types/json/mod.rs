//! JSON as `json` and `jsonb` hold it. Numbers keep their digits: they are numerics in PostgreSQL, not floats.
//!
//! The tokens are jiter's; what is ours is `jsonb`'s canonical text: keys once, the shorter first, `": "` and
//! `", "` between.
//!
//! - [`slice`]: parts of a document, as they are written.
//! - [`order`]: how `jsonb` compares.
//! - [`contains`]: `@>` and `?`.
//! - [`change`]: `||`, `-`, `#-`, `jsonb_set`, `jsonb_insert`.
//! - [`print`]: `jsonb_pretty`, and a document without blanks.

pub(crate) mod change;
pub(crate) mod contains;
pub(crate) mod order;
pub(crate) mod print;
pub(crate) mod slice;

use jiter::{Jiter, JiterError, Peek};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// How deeply a document may nest: as deep as serde_json reads, so that the stack suffices in any build.
const NESTING_LIMIT: usize = 128;

/// A document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    /// Keys in the order written; of equal ones the last counts.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Whether it is neither array nor object.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Self::Object(entries) => {
                entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// Reads `text` as JSON and gives `jsonb`'s text of it.
///
/// # Errors
/// 22P02 where the text is no JSON, 22P05 where a string has a NUL in it.
pub(crate) fn canonical(text: &str) -> Result<String> {
    let document = parse(text)?;
    if text.contains(NUL) {
        without_nul(&document)?;
    }
    Ok(written(&document))
}

/// `jsonb`'s text of a document.
pub(crate) fn written(document: &Json) -> String {
    let mut out = String::new();
    write_value(document, &mut out);
    out
}

/// How JSON writes the one character that no text can have.
const NUL: &str = "\\u0000";

fn without_nul(document: &Json) -> Result<()> {
    match document {
        Json::Text(text) => text_without_nul(text).map(|_| ()),
        Json::Array(items) => items.iter().try_for_each(without_nul),
        Json::Object(entries) => entries.iter().try_for_each(|(key, value)| {
            text_without_nul(key)?;
            without_nul(value)
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

/// A string of a document as a text.
///
/// # Errors
/// 22P05 where it has a NUL in it.
pub(crate) fn text_without_nul(text: &str) -> Result<&str> {
    if text.contains('\0') {
        return Err(Error::new(SqlState::UntranslatableCharacter, "unsupported Unicode escape sequence")
            .with_detail("\\u0000 cannot be converted to text."));
    }
    Ok(text)
}

/// Reads `text` as JSON.
///
/// # Errors
/// 22P02 where it is none, 54001 where it nests too deeply.
pub(crate) fn parse(text: &str) -> Result<Json> {
    let mut reader = Jiter::new(text.as_bytes());
    let value = reader.peek().map_err(|error| invalid(&error)).and_then(|peek| read(&mut reader, peek, 0))?;
    reader.finish().map_err(|error| invalid(&error))?;
    Ok(value)
}

fn invalid(error: &JiterError) -> Error {
    Error::new(SqlState::InvalidTextRepresentation, "invalid input syntax for type json")
        .with_detail(error.to_string())
}

fn read(reader: &mut Jiter<'_>, peek: Peek, depth: usize) -> Result<Json> {
    if depth > NESTING_LIMIT {
        return Err(Error::new(
            SqlState::StatementTooComplex,
            format!("the JSON document nests deeper than {NESTING_LIMIT} levels"),
        ));
    }
    let failed = |error: JiterError| invalid(&error);
    Ok(match peek {
        Peek::Null => {
            reader.known_null().map_err(failed)?;
            Json::Null
        }
        Peek::True | Peek::False => Json::Bool(reader.known_bool(peek).map_err(failed)?),
        Peek::String => Json::Text(reader.known_str().map_err(failed)?.to_string()),
        Peek::Array => {
            let mut items = Vec::new();
            let mut next = reader.known_array().map_err(failed)?;
            while let Some(peek) = next {
                items.push(read(reader, peek, depth + 1)?);
                next = reader.array_step().map_err(failed)?;
            }
            Json::Array(items)
        }
        Peek::Object => {
            let mut entries = Vec::new();
            let mut key = reader.known_object().map_err(failed)?.map(str::to_string);
            while let Some(name) = key {
                let peek = reader.peek().map_err(failed)?;
                entries.push((name, read(reader, peek, depth + 1)?));
                key = reader.next_key().map_err(failed)?.map(str::to_string);
            }
            Json::Object(entries)
        }
        other => {
            let digits = reader.known_number_bytes(other).map_err(failed)?;
            Json::Number(String::from_utf8_lossy(digits).into_owned())
        }
    })
}

/// The members of an object that `text` is, as they are written: their order, their repetitions, each value's own text.
/// `None` for JSON that is no object.
///
/// # Errors
/// As [`parse`].
pub(crate) fn members(text: &str) -> Result<Option<Vec<(String, &str)>>> {
    let Json::Object(_) = parse(text)? else { return Ok(None) };
    let failed = |error: JiterError| invalid(&error);
    let mut reader = Jiter::new(text.as_bytes());
    let mut members = Vec::new();
    let mut key = reader.next_object().map_err(failed)?.map(str::to_string);
    while let Some(name) = key {
        let peek = reader.peek().map_err(failed)?;
        let start = reader.current_index();
        reader.known_skip(peek).map_err(failed)?;
        members.push((name, text.get(start..reader.current_index()).unwrap_or_default()));
        key = reader.next_key().map_err(failed)?.map(str::to_string);
    }
    Ok(Some(members))
}

/// The rows of a function that gives one column of them, by its name.
///
/// # Errors
/// 22023 for a document of another kind than the function takes, 22P02 for a text that is no JSON.
pub(crate) fn members_given(function: &str, text: &str) -> Result<Vec<Option<String>>> {
    let binary = function.starts_with("jsonb");
    if function.ends_with("_object_keys") {
        return object_keys(function, text);
    }
    let refused = |message: &str| Err(Error::new(SqlState::InvalidParameterValue, message));
    let Some(elements) = slice::elements(text)? else {
        return match slice::kind(text) {
            slice::Kind::Scalar if binary => refused("cannot extract elements from a scalar"),
            slice::Kind::Scalar => refused(&format!("cannot call {function} on a scalar")),
            _ if binary => refused("cannot extract elements from an object"),
            _ => refused(&format!("cannot call {function} on a non-array")),
        };
    };
    let texts = function.ends_with("_text");
    let element = |element: &&str| match texts {
        true => Ok(slice::as_text(element)?.map(|text| text.into_owned())),
        false => Ok(Some((*element).to_string())),
    };
    elements.iter().map(element).collect()
}

fn object_keys(function: &str, text: &str) -> Result<Vec<Option<String>>> {
    let Some(members) = members(text)? else {
        let kind = match slice::kind(text) {
            slice::Kind::Array => "an array",
            _ => "a scalar",
        };
        let message = format!("cannot call {function} on {kind}");
        return Err(Error::new(SqlState::InvalidParameterValue, message));
    };
    members.into_iter().map(|(key, _)| Ok(Some(text_without_nul(&key)?.to_string()))).collect()
}

/// An object's members as `jsonb` has them: each key once, its last value, the shorter keys first.
pub(crate) fn ordered(written: &[(String, Json)]) -> Vec<&(String, Json)> {
    let mut entries: Vec<&(String, Json)> = written.iter().collect();
    entries.sort_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
    let mut kept: Vec<&(String, Json)> = Vec::with_capacity(entries.len());
    for entry in entries {
        kept.pop_if(|before| before.0 == entry.0);
        kept.push(entry);
    }
    kept
}

/// Writes a value as `jsonb` prints it.
pub(crate) fn write_value(value: &Json, out: &mut String) {
    match value {
        Json::Object(written) => {
            out.push('{');
            for (position, (key, value)) in ordered(written).into_iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_string(key, out);
                out.push_str(": ");
                write_value(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Json::Text(text) => write_string(text, out),
        Json::Number(digits) => out.push_str(&as_numeric(digits)),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Null => out.push_str("null"),
    }
}

/// A number as a numeric prints.
pub(crate) fn as_numeric(digits: &str) -> String {
    let plain = plain(digits).unwrap_or_else(|| digits.to_string());
    // A numeric has one zero.
    let is_zero = |digits: &&str| digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    plain.strip_prefix('-').filter(is_zero).unwrap_or(&plain).to_string()
}

/// A number without its exponent, as a numeric prints; `None` where there is none or it is too large to write out.
fn plain(digits: &str) -> Option<String> {
    /// Digits that are written out for an exponent.
    const MOST_PLACES: i64 = 1000;
    let (mantissa, exponent) = digits.split_once(['e', 'E'])?;
    let exponent: i64 = exponent.parse().ok().filter(|exponent: &i64| exponent.abs() <= MOST_PLACES)?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let text = if point <= 0 {
        format!("0.{}{all}", "0".repeat(usize::try_from(-point).ok()?))
    } else {
        let point = usize::try_from(point).ok()?;
        match all.split_at_checked(point) {
            Some((whole, "")) => whole.to_string(),
            Some((whole, fraction)) => format!("{whole}.{fraction}"),
            None => format!("{all}{}", "0".repeat(point - all.len())),
        }
    };
    let whole = text.split('.').next().unwrap_or_default();
    let kept = whole.trim_start_matches('0');
    let rest = text.get(whole.len()..).unwrap_or_default();
    Some(format!("{sign}{}{rest}", if kept.is_empty() { "0" } else { kept }))
}

/// Writes a JSON string with its quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_jsonb_orders_them() {
        let written = r#"{"bb":1,"a":[1,2,{"x":null}],"c":"d\n","a":true}"#;
        assert_eq!(canonical(written).unwrap(), r#"{"a": true, "c": "d\n", "bb": 1}"#);
    }

    #[test]
    fn members_are_as_they_were_written() {
        let written = r#" { "bb" : 1e3 , "a":[1,  {"b": "}"}], "a" : "\u00fc\"" , "c":{} } "#;
        let expected = [("bb", "1e3"), ("a", r#"[1,  {"b": "}"}]"#), ("a", r#""\u00fc\"""#), ("c", "{}")];
        let expected = expected.map(|(key, value)| (key.to_string(), value));
        assert_eq!(members(written).unwrap().unwrap(), expected);
        assert_eq!(members("[1]").unwrap(), None);
        assert_eq!(members("{").unwrap_err().sqlstate(), "22P02");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let written = "[1.50, 12345678901234567890.123, 1e3, -1.5E-3, 1.25e1, 0, 1E+2, -0, -0.0, -0e1]";
        assert_eq!(
            canonical(written).unwrap(),
            "[1.50, 12345678901234567890.123, 1000, -0.0015, 12.5, 0, 100, 0, 0.0, 0]"
        );
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\"}", "nul", "1 2", "NaN", "01", "'a'"] {
            assert_eq!(canonical(text).unwrap_err().sqlstate(), "22P02", "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(canonical(&deep).unwrap_err().sqlstate(), "54001");
    }
}
