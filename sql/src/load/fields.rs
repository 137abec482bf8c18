//! Takes a record apart into its fields: escapes and quotes undone, NULL told from text.
//!
//! It is not the assignment to columns: a field is a text or NULL here.

use std::borrow::Cow;

use super::format::TextFormat;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether it is what stands for NULL.
    pub(super) null: bool,
}

/// The fields of a record, in order.
///
/// # Errors
/// 22P04 for a quote that is not closed, 22021 for an escape that gives no UTF-8.
pub(super) fn fields<'a>(record: &'a str, format: &TextFormat) -> Result<Vec<Field<'a>>> {
    if format.csv { csv(record, format) } else { text(record, format) }
}

fn part(record: &str, range: std::ops::Range<usize>) -> &str {
    // All ends lie beside a delimiter, a quote or an escape, which are one byte each.
    record.get(range).unwrap_or_default()
}

fn text<'a>(record: &'a str, format: &TextFormat) -> Result<Vec<Field<'a>>> {
    let bytes = record.as_bytes();
    let mut fields = Vec::new();
    let (mut start, mut at, mut escapes) = (0, 0, false);
    loop {
        let byte = bytes.get(at).copied();
        match byte {
            Some(b'\\') => {
                escapes = true;
                at += 2;
            }
            Some(byte) if byte != format.delimiter => at += 1,
            _ => {
                let raw = part(record, start..at.min(bytes.len()));
                let null = raw == format.null;
                let text = if escapes && !null { Cow::Owned(unescape(raw)?) } else { Cow::Borrowed(raw) };
                fields.push(Field { text, null });
                if byte.is_none() {
                    return Ok(fields);
                }
                at += 1;
                (start, escapes) = (at, false);
            }
        }
    }
}

/// A field of the text format with its backslashes undone.
fn unescape(raw: &str) -> Result<String> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        // A backslash at the very end stands for itself.
        let Some(byte) = bytes.next() else {
            out.push(b'\\');
            break;
        };
        let digit = |byte: u8, radix| char::from(byte).to_digit(radix);
        out.push(match byte {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let mut value = digit(byte, 8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(next) = bytes.peek().and_then(|byte| digit(*byte, 8)) else { break };
                    value = value * 8 + next;
                    bytes.next();
                }
                (value & 0xff) as u8
            }
            b'x' if bytes.peek().is_some_and(u8::is_ascii_hexdigit) => {
                let mut value = 0;
                for _ in 0..2 {
                    let Some(next) = bytes.peek().and_then(|byte| digit(*byte, 16)) else { break };
                    value = value * 16 + next;
                    bytes.next();
                }
                (value & 0xff) as u8
            }
            other => other,
        });
    }
    checked(out)
}

/// Bytes as a text, if they are one.
fn checked(bytes: Vec<u8>) -> Result<String> {
    if bytes.contains(&0) {
        return Err(bad_encoding(&[0]));
    }
    String::from_utf8(bytes).map_err(|error| {
        let from = error.utf8_error().valid_up_to();
        bad_encoding(error.as_bytes().get(from..).unwrap_or_default())
    })
}

/// The error for bytes that are no UTF-8, with the first of them.
pub(crate) fn bad_encoding(bytes: &[u8]) -> Error {
    // A character has four bytes at most; the first says how many are meant.
    let length = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    let shown: Vec<String> = bytes.iter().take(length).map(|byte| format!("0x{byte:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" "));
    Error::new(SqlState::CharacterNotInRepertoire, message)
}

fn csv<'a>(record: &'a str, format: &TextFormat) -> Result<Vec<Field<'a>>> {
    let TextFormat { delimiter, quote, escape, .. } = *format;
    let bytes = record.as_bytes();
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let start = at;
        // Filled once a quote makes the field differ from its part of the record.
        let mut owned: Option<Vec<u8>> = None;
        let delimited = loop {
            match bytes.get(at).copied() {
                None => break false,
                Some(byte) if byte == delimiter => break true,
                Some(byte) if byte == quote => {
                    let out = owned.get_or_insert_with(|| part(record, start..at).as_bytes().to_vec());
                    at = quoted(bytes, at + 1, quote, escape, out)?;
                }
                Some(byte) => {
                    if let Some(out) = &mut owned {
                        out.push(byte);
                    }
                    at += 1;
                }
            }
        };
        let (text, null) = match owned {
            None => {
                let text = part(record, start..at);
                (Cow::Borrowed(text), text == format.null)
            }
            Some(bytes) => (Cow::Owned(checked(bytes)?), false),
        };
        fields.push(Field { text, null });
        if !delimited {
            return Ok(fields);
        }
        at += 1;
    }
}

/// Appends what stands within quotes; says where it goes on behind the closing one.
fn quoted(bytes: &[u8], mut at: usize, quote: u8, escape: u8, out: &mut Vec<u8>) -> Result<usize> {
    loop {
        let Some(byte) = bytes.get(at).copied() else {
            return Err(Error::new(SqlState::BadCopyFileFormat, "unterminated CSV quoted field"));
        };
        if byte == escape
            && let Some(next) = bytes.get(at + 1).copied()
            && (next == escape || next == quote)
        {
            out.push(next);
            at += 2;
            continue;
        }
        at += 1;
        if byte == quote {
            return Ok(at);
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(record: &str, format: &TextFormat) -> std::result::Result<Vec<Option<String>>, &'static str> {
        let fields = fields(record, format).map_err(|error| error.sqlstate())?;
        Ok(fields.into_iter().map(|field| (!field.null).then(|| field.text.into_owned())).collect())
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_string())
    }

    #[test]
    fn backslashes_are_undone_and_null_is_told_before() {
        let format = TextFormat::text();
        assert_eq!(texts("a\t\\N\t\t\\\\N", &format), Ok(vec![some("a"), None, some(""), some("\\N")]));
        assert_eq!(texts("\\t\\n\\\\\\q\\x41\\101\\xc3\\xa9", &format), Ok(vec![some("\t\n\\qAA\u{e9}")]));
        assert_eq!(texts("a\\\tb\tc\\", &format), Ok(vec![some("a\tb"), some("c\\")]));
        assert_eq!(texts("", &format), Ok(vec![some("")]));
        assert_eq!(texts("\\xff", &format), Err("22021"));
        assert_eq!(texts("\\0", &format), Err("22021"));
        assert_eq!(texts("\\x", &format), Ok(vec![some("x")]));
        assert_eq!(texts("\u{e9}\\\u{e9}\t", &format), Ok(vec![some("\u{e9}\u{e9}"), some("")]));
    }

    #[test]
    fn an_empty_csv_field_is_null_unless_it_is_quoted() {
        let format = TextFormat::csv();
        assert_eq!(texts("a,,\"\"", &format), Ok(vec![some("a"), None, some("")]));
        assert_eq!(texts("\"a\"\"b\",c\"d,\"e", &format), Ok(vec![some("a\"b"), some("cd,e")]));
        assert_eq!(texts("\"a,b\" c", &format), Ok(vec![some("a,b c")]));
        assert_eq!(texts("\"a", &format), Err("22P04"));
        let escaped = TextFormat { escape: b'\\', ..format };
        assert_eq!(texts("\"a\\\"b\\\\c\\d\"", &escaped), Ok(vec![some("a\"b\\c\\d")]));
    }
}
