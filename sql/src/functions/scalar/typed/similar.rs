//! `SIMILAR TO` and `substring(text similar pattern escape character)`: SQL's patterns, said as regular expressions.
//!
//! SQLSTATEs: 22025 for an escape of more than one character; 2200C for two separators that are not there.

use super::datum::Datum;
use super::kind::Kind::{Bool, Text};
use super::overload::{Form, Function, Run, unexpected};
use super::pattern_syntax::Flags;
use super::regular::regular;
use super::value::Value;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What `text SIMILAR TO pattern ESCAPE escape` is in plans.
pub(crate) const SIMILAR: &str = "muster_similar";
/// `substring(text from pattern for escape)`.
pub(super) const PART: Run = part;

pub(super) static FUNCTIONS: &[Function] = &[Function::new(
    SIMILAR,
    &[Form::new(&[Text, Text], Bool, similar), Form::new(&[Text, Text, Text], Bool, similar)],
)];

fn escape(values: &[Value<'_>]) -> Result<Option<char>> {
    match values {
        [] => Ok(Some('\\')),
        [Value::Text(escape)] => {
            let mut characters = escape.chars();
            let first = characters.next();
            if characters.next().is_some() {
                return Err(Error::new(SqlState::InvalidEscapeSequence, "invalid escape string")
                    .with_hint("Escape string must be empty or one character."));
            }
            Ok(first)
        }
        _ => Err(unexpected()),
    }
}

/// The regular expression of a pattern, as PostgreSQL makes it.
fn expression(pattern: &str, escape: Option<char>) -> Result<String> {
    let mut out = String::from("^(?:");
    let mut characters = pattern.chars();
    let mut in_brackets = false;
    let mut separators = 0;
    while let Some(character) = characters.next() {
        if Some(character) == escape && !in_brackets {
            match characters.next() {
                Some('"') => {
                    separators += 1;
                    match separators {
                        // Before the part as little as may be, then as much.
                        1 => out.push_str("){1,1}?("),
                        2 => out.push_str("){1,1}(?:"),
                        _ => {
                            let message = "SQL regular expression may not contain more than two \
                                           escape-double-quote separators";
                            return Err(Error::new(SqlState::InvalidUseOfEscapeCharacter, message));
                        }
                    }
                }
                Some(escaped) => {
                    if !escaped.is_alphanumeric() {
                        out.push('\\');
                    }
                    out.push(escaped);
                }
                None => out.push_str("\\\\"),
            }
            continue;
        }
        match character {
            '\\' => out.push_str("\\\\"),
            ']' if in_brackets => {
                in_brackets = false;
                out.push(']');
            }
            other if in_brackets => out.push(other),
            '[' => {
                in_brackets = true;
                out.push('[');
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '(' => out.push_str("(?:"),
            '.' | '^' | '$' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out.push_str(")$");
    Ok(out)
}

fn similar(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), rest @ ..] = values else { return Err(unexpected()) };
    let expression = expression(pattern, escape(rest)?)?;
    regular(&expression, Flags::default())?.is_match(text).map(Datum::Bool)
}

fn part(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), rest @ ..] = values else { return Err(unexpected()) };
    let expression = expression(pattern, escape(rest)?)?;
    let (before, group) = match expression.split_once("){1,1}?(") {
        Some((before, rest)) => (before.to_string(), rest.to_string()),
        None => {
            // Without separators the part is all.
            let whole = regular(&expression, Flags::default())?.is_match(text)?;
            return Ok(if whole { Datum::Text((*text).to_string()) } else { Datum::Null });
        }
    };
    // What stands before is as short as may be.
    let before = format!("{})", before.replace(".*", ".*?"));
    let expression = match group.split_once("){1,1}(?:") {
        Some((group, behind)) => format!("{before}({group})(?:{behind}"),
        None => format!("{before}({group}"),
    };
    let found = regular(&expression, Flags::default())?.find(text, 0)?;
    let found = found.and_then(|found| found.group(text, 1).map(str::to_string));
    Ok(found.map_or(Datum::Null, Datum::Text))
}
