//! `json_object(text[])`, `json_object(keys text[], values text[])` and their forms for jsonb: an object of texts.
//!
//! SQLSTATEs: 2202E for arrays that do not fit, 22004 for a key that is NULL.

use super::definition::Takes::Texts;
use super::definition::{Definition, Given, Gives, Value};
use crate::sqlstate::SqlState;
use crate::types::json::{canonical, write_string};
use crate::{Error, Result};

pub(super) static ALL: &[Definition] = &[
    Definition::new("json_object", &[Texts, Texts], Gives::Json, |given| {
        Ok(Some(Value::Text(object(given)?)))
    })
    .optional(1),
    Definition::new("jsonb_object", &[Texts, Texts], Gives::Jsonb, |given| {
        Ok(Some(Value::Text(canonical(&object(given)?)?)))
    })
    .optional(1),
];

fn subscripts(message: &str) -> Error {
    Error::new(SqlState::ArraySubscriptError, message)
}

fn object(given: &[Given<'_>]) -> Result<String> {
    match given {
        [Given::Rows(rows)] => {
            let pairs = rows.iter().map(|row| match row.as_slice() {
                [key, value] => Ok((key.as_deref(), value.as_deref())),
                _ => Err(subscripts("array must have two columns")),
            });
            written(pairs.collect::<Result<Vec<_>>>()?)
        }
        [Given::Texts(texts)] => {
            if !texts.len().is_multiple_of(2) {
                return Err(subscripts("array must have even number of elements"));
            }
            let keys = texts.iter().step_by(2).map(Option::as_deref);
            written(keys.zip(texts.iter().skip(1).step_by(2).map(Option::as_deref)).collect())
        }
        [Given::Texts(keys), Given::Texts(values)] => {
            if keys.len() != values.len() {
                return Err(subscripts("mismatched array dimensions"));
            }
            written(keys.iter().map(Option::as_deref).zip(values.iter().map(Option::as_deref)).collect())
        }
        _ => Err(subscripts("wrong number of array subscripts")),
    }
}

fn written(pairs: Vec<(Option<&str>, Option<&str>)>) -> Result<String> {
    let mut out = String::from("{");
    for (position, (key, value)) in pairs.into_iter().enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        let key = key.ok_or_else(|| {
            Error::new(SqlState::NullValueNotAllowed, "null value not allowed for object key")
        })?;
        write_string(key, &mut out);
        out.push_str(" : ");
        match value {
            Some(value) => write_string(value, &mut out),
            None => out.push_str("null"),
        }
    }
    out.push('}');
    Ok(out)
}
