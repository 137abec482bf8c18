//! Documents made of documents: what `||`, `-` and `#-` are planned as, `jsonb_set(target, path, new_value, create_if_missing)`,
//! `jsonb_set_lax(.., null_value_treatment)`, `jsonb_insert(target, path, new_value, insert_after)`, `jsonb_pretty(jsonb)`,
//! `json_strip_nulls(json)` and its form for jsonb.
//!
//! SQLSTATEs: 22023, 22004 and 22P02, as `crate::types::json::change` says.

use super::definition::Takes::{Boolean, Integer, Json, Jsonb, Text, Texts};
use super::definition::{Definition, Given, Gives, Value};
use crate::sqlstate::SqlState;
use crate::types::json::change::{
    Change, changed, concatenated, without_element, without_keys, without_nulls,
};
use crate::types::json::{self, parse, print, written};
use crate::{Error, Result};

pub(super) static ALL: &[Definition] = &[
    Definition::new("jsonb_concat", &[Jsonb, Jsonb], Gives::Jsonb, |given| {
        document(concatenated(parse(at(given, 0)?.text()?)?, parse(at(given, 1)?.text()?)?))
    }),
    Definition::new("jsonb_delete", &[Jsonb, Text], Gives::Jsonb, |given| {
        document(without_keys(parse(at(given, 0)?.text()?)?, &[at(given, 1)?.text()?])?)
    }),
    Definition::new("muster_jsonb_delete_keys", &[Jsonb, Texts], Gives::Jsonb, |given| {
        let keys: Vec<&str> = at(given, 1)?.texts()?.into_iter().flatten().collect();
        document(without_keys(parse(at(given, 0)?.text()?)?, &keys)?)
    }),
    Definition::new("muster_jsonb_delete_element", &[Jsonb, Integer], Gives::Jsonb, |given| {
        document(without_element(parse(at(given, 0)?.text()?)?, at(given, 1)?.integer()?)?)
    }),
    Definition::new("jsonb_delete_path", &[Jsonb, Texts], Gives::Jsonb, |given| {
        document(changed(parse(at(given, 0)?.text()?)?, &at(given, 1)?.texts()?, &Change::Delete)?)
    }),
    Definition::new("jsonb_set", &[Jsonb, Texts, Jsonb, Boolean], Gives::Jsonb, set).optional(1),
    Definition::new("jsonb_set_lax", &[Jsonb, Texts, Jsonb, Boolean, Text], Gives::Jsonb, set_lax)
        .optional(2)
        .with_nulls(),
    Definition::new("jsonb_insert", &[Jsonb, Texts, Jsonb, Boolean], Gives::Jsonb, |given| {
        let value = parse(at(given, 2)?.text()?)?;
        let after = given.get(3).map(Given::boolean).transpose()?.unwrap_or(false);
        let change = if after { Change::InsertAfter(value) } else { Change::InsertBefore(value) };
        document(changed(parse(at(given, 0)?.text()?)?, &at(given, 1)?.texts()?, &change)?)
    })
    .optional(1),
    Definition::new("jsonb_pretty", &[Jsonb], Gives::Text, |given| {
        Ok(Some(Value::Text(print::pretty(&parse(at(given, 0)?.text()?)?)?)))
    }),
    Definition::new("jsonb_strip_nulls", &[Jsonb], Gives::Jsonb, |given| {
        document(without_nulls(parse(at(given, 0)?.text()?)?))
    }),
    Definition::new("json_strip_nulls", &[Json], Gives::Json, |given| {
        let mut out = String::new();
        print::compact(&without_nulls(parse(at(given, 0)?.text()?)?), &mut out);
        Ok(Some(Value::Text(out)))
    }),
];

fn document(document: json::Json) -> Result<Option<Value>> {
    Ok(Some(Value::Text(written(&document))))
}

fn at<'a, 'b>(given: &'a [Given<'b>], place: usize) -> Result<&'a Given<'b>> {
    given.get(place).ok_or_else(|| Error::internal("an argument is missing"))
}

fn set(given: &[Given<'_>]) -> Result<Option<Value>> {
    let value = parse(at(given, 2)?.text()?)?;
    let create = given.get(3).map(Given::boolean).transpose()?.unwrap_or(true);
    let change = if create { Change::Set(value) } else { Change::Replace(value) };
    document(changed(parse(at(given, 0)?.text()?)?, &at(given, 1)?.texts()?, &change)?)
}

/// As [`set`], with what NULL as the new value means.
fn set_lax(given: &[Given<'_>]) -> Result<Option<Value>> {
    let null = |place: usize| matches!(given.get(place), Some(Given::Null));
    if null(0) || null(1) || null(3) {
        return Ok(None);
    }
    if null(4) {
        let words = "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"";
        return Err(Error::new(SqlState::InvalidParameterValue, words));
    }
    if !null(2) {
        return set(given.get(..given.len().min(4)).unwrap_or(given));
    }
    let target = || parse(at(given, 0)?.text()?);
    let path = at(given, 1)?.texts()?;
    let treatment = given.get(4).map(Given::text).transpose()?.unwrap_or("use_json_null");
    match treatment {
        "raise_exception" => Err(Error::new(SqlState::NullValueNotAllowed, "JSON value must not be null")
            .with_detail("Exception was raised because null_value_treatment is \"raise_exception\".")),
        "use_json_null" => {
            let create = given.get(3).map(Given::boolean).transpose()?.unwrap_or(true);
            let change =
                if create { Change::Set(json::Json::Null) } else { Change::Replace(json::Json::Null) };
            document(changed(target()?, &path, &change)?)
        }
        "delete_key" => document(changed(target()?, &path, &Change::Delete)?),
        "return_target" => document(target()?),
        _ => {
            let words = "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"";
            Err(Error::new(SqlState::InvalidParameterValue, words))
        }
    }
}
