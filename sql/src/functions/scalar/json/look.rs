//! What is in a document, and how two compare: what `@>`, `<@`, `?`, `?|`, `?&`, `=`, `<` and their kin are planned as, by
//! PostgreSQL's names.

use std::cmp::Ordering;

use super::definition::Takes::{Jsonb, Text, Texts};
use super::definition::{Definition, Given, Gives, Value};
use crate::types::json::contains::{contains, has_key};
use crate::types::json::order::{compare, sort_key};
use crate::types::json::{Json, parse};
use crate::{Error, Result};

/// What jsonb is sorted by.
pub(crate) const SORT_KEY: &str = "muster_jsonb_sort_key";

pub(super) static ALL: &[Definition] = &[
    Definition::new("jsonb_contains", &[Jsonb, Jsonb], Gives::Boolean, |given| {
        let (whole, part) = both(given)?;
        said(contains(&whole, &part))
    }),
    Definition::new("jsonb_contained", &[Jsonb, Jsonb], Gives::Boolean, |given| {
        let (part, whole) = both(given)?;
        said(contains(&whole, &part))
    }),
    Definition::new("jsonb_exists", &[Jsonb, Text], Gives::Boolean, |given| {
        let (document, key) = two(given)?;
        said(has_key(&parse(document.text()?)?, key.text()?))
    }),
    Definition::new("jsonb_exists_any", &[Jsonb, Texts], Gives::Boolean, |given| {
        let (document, keys) = two(given)?;
        let document = parse(document.text()?)?;
        said(keys.texts()?.into_iter().flatten().any(|key| has_key(&document, key)))
    }),
    Definition::new("jsonb_exists_all", &[Jsonb, Texts], Gives::Boolean, |given| {
        let (document, keys) = two(given)?;
        let document = parse(document.text()?)?;
        said(keys.texts()?.into_iter().flatten().all(|key| has_key(&document, key)))
    }),
    Definition::new("jsonb_eq", &[Jsonb, Jsonb], Gives::Boolean, |given| said(order(given)?.is_eq())),
    Definition::new("jsonb_ne", &[Jsonb, Jsonb], Gives::Boolean, |given| said(order(given)?.is_ne())),
    Definition::new("jsonb_lt", &[Jsonb, Jsonb], Gives::Boolean, |given| said(order(given)?.is_lt())),
    Definition::new("jsonb_le", &[Jsonb, Jsonb], Gives::Boolean, |given| said(order(given)?.is_le())),
    Definition::new("jsonb_gt", &[Jsonb, Jsonb], Gives::Boolean, |given| said(order(given)?.is_gt())),
    Definition::new("jsonb_ge", &[Jsonb, Jsonb], Gives::Boolean, |given| said(order(given)?.is_ge())),
    Definition::new("jsonb_cmp", &[Jsonb, Jsonb], Gives::Integer, |given| {
        Ok(Some(Value::Integer(order(given)? as i32)))
    }),
    Definition::new(SORT_KEY, &[Jsonb], Gives::Bytes, |given| {
        let document = given.first().ok_or_else(|| Error::internal("an argument is missing"))?;
        Ok(Some(Value::Bytes(sort_key(&parse(document.text()?)?))))
    }),
];

fn said(value: bool) -> Result<Option<Value>> {
    Ok(Some(Value::Boolean(value)))
}

fn two<'a, 'b>(given: &'a [Given<'b>]) -> Result<(&'a Given<'b>, &'a Given<'b>)> {
    match given {
        [left, right] => Ok((left, right)),
        _ => Err(Error::internal("a function of two arguments has others")),
    }
}

fn both(given: &[Given<'_>]) -> Result<(Json, Json)> {
    let (left, right) = two(given)?;
    Ok((parse(left.text()?)?, parse(right.text()?)?))
}

fn order(given: &[Given<'_>]) -> Result<Ordering> {
    let (left, right) = two(given)?;
    if left.text()? == right.text()? {
        return Ok(Ordering::Equal);
    }
    let (left, right) = both(given)?;
    Ok(compare(&left, &right))
}
