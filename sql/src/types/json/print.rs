//! Other texts of a document than `jsonb`'s: over many lines, or without any blanks.

use super::{Json, ordered, write_string, write_value};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The most bytes of a text, as in PostgreSQL.
const MOST: usize = 1 << 30;

/// `jsonb_pretty`'s text: a member a line, four blanks more for each level.
///
/// # Errors
/// 54000 where it would be larger than a text can be.
pub(crate) fn pretty(document: &Json) -> Result<String> {
    let mut out = String::new();
    write_pretty(document, 0, &mut out)?;
    Ok(out)
}

fn write_pretty(document: &Json, level: usize, out: &mut String) -> Result<()> {
    if out.len() > MOST {
        return Err(Error::new(SqlState::ProgramLimitExceeded, "the text of the JSON document is too large"));
    }
    let line = |level: usize, out: &mut String| {
        out.push('\n');
        (0..level).for_each(|_| out.push_str("    "));
    };
    match document {
        Json::Object(entries) => {
            out.push('{');
            for (position, (key, value)) in ordered(entries).into_iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write_string(key, out);
                out.push_str(": ");
                write_pretty(value, level + 1, out)?;
            }
            line(level, out);
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write_pretty(item, level + 1, out)?;
            }
            line(level, out);
            out.push(']');
        }
        scalar => write_value(scalar, out),
    }
    Ok(())
}

/// Without blanks, keys and numbers as they were written: what `json_strip_nulls` gives.
pub(crate) fn compact(document: &Json, out: &mut String) {
    match document {
        Json::Object(entries) => {
            out.push('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                compact(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                compact(item, out);
            }
            out.push(']');
        }
        Json::Number(digits) => out.push_str(digits),
        scalar => write_value(scalar, out),
    }
}
