//! `text LIKE ANY (array)` and `LIKE ALL`, and their kin: a text against several patterns, of which NULLs are not known.
//!
//! SQLSTATE: 22025 for a pattern that ends in a backslash.

use arrow::array::Array as _;

use super::datum::Datum;
use super::kind::Kind::{Bool, Text, Texts};
use super::overload::{Form, Function, unexpected};
use super::pattern_syntax::Flags;
use super::regular::regular;
use super::value::{Column, Value};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The functions' names in plans. The third argument is the operator: `~~`, `!~~`, `~~*`, `!~~*`.
pub(crate) const LIKE_ANY: &str = "muster_like_any";
pub(crate) const LIKE_ALL: &str = "muster_like_all";

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(LIKE_ANY, &[Form::new(&[Text, Texts, Text], Bool, |values| several(values, true))]),
    Function::new(LIKE_ALL, &[Form::new(&[Text, Texts, Text], Bool, |values| several(values, false))]),
];

/// The pattern as a regular expression.
fn expression(pattern: &str) -> Result<String> {
    let mut out = String::from("^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '%' => {
                out.push_str(".*");
                continue;
            }
            '_' => {
                out.push('.');
                continue;
            }
            '\\' => characters.next().ok_or_else(|| {
                let message = "LIKE pattern must not end with escape character";
                Error::new(SqlState::InvalidEscapeSequence, message)
            })?,
            other => other,
        };
        if !literal.is_alphanumeric() {
            out.push('\\');
        }
        out.push(literal);
    }
    out.push('$');
    Ok(out)
}

fn several(values: &[Value<'_>], any: bool) -> Result<Datum> {
    let [Value::Text(text), Value::List(patterns), Value::Text(operator)] = values else {
        return Err(unexpected());
    };
    let negated = operator.starts_with('!');
    let flags = if operator.ends_with('*') { Flags::default().ignoring_case() } else { Flags::default() };
    let column = Column::read(patterns, false).map_err(Error::from)?;
    let mut unknown = false;
    for row in 0..patterns.len() {
        let Value::Text(pattern) = column.get(row) else {
            unknown = true;
            continue;
        };
        let matches = regular(&expression(pattern)?, flags)?.is_match(text)? != negated;
        if matches == any {
            return Ok(Datum::Bool(any));
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(!any) })
}
