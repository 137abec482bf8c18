//! Parts of documents, and what documents are.
//!
//! `->` and its kin are planned as `json_object_field`, `json_array_element`, `json_extract_path` and their forms for jsonb and
//! for texts, as PostgreSQL calls what is behind them.
//!
//! SQLSTATEs: 22023 for the length of what is no array, 22P05 for a string with a NUL as a text.

use super::definition::Takes::{Integer, Json, Jsonb, Text, Texts};
use super::definition::{Definition, Given, Gives, Value};
use crate::sqlstate::SqlState;
use crate::types::json;
use crate::types::json::slice::{self, Kind};
use crate::{Error, Result};

pub(super) static ALL: &[Definition] = &[
    Definition::new("json_object_field", &[Json, Text], Gives::Json, field),
    Definition::new("jsonb_object_field", &[Jsonb, Text], Gives::Jsonb, field),
    Definition::new("json_object_field_text", &[Json, Text], Gives::Text, field_text),
    Definition::new("jsonb_object_field_text", &[Jsonb, Text], Gives::Text, field_text),
    Definition::new("json_array_element", &[Json, Integer], Gives::Json, element),
    Definition::new("jsonb_array_element", &[Jsonb, Integer], Gives::Jsonb, |given| {
        Ok(whole(jsonb_element(given)?))
    }),
    Definition::new("json_array_element_text", &[Json, Integer], Gives::Text, element_text),
    Definition::new("jsonb_array_element_text", &[Jsonb, Integer], Gives::Text, |given| {
        text(jsonb_element(given)?)
    }),
    Definition::new("muster_json_at", &[Json, Texts], Gives::Json, at_path),
    Definition::new("muster_jsonb_at", &[Jsonb, Texts], Gives::Jsonb, at_path),
    Definition::new("muster_json_text_at", &[Json, Texts], Gives::Text, at_path_text),
    Definition::new("muster_jsonb_text_at", &[Jsonb, Texts], Gives::Text, at_path_text),
    Definition::new("json_extract_path", &[Json, Text], Gives::Json, extract).optional(1).variadic(),
    Definition::new("jsonb_extract_path", &[Jsonb, Text], Gives::Jsonb, extract).optional(1).variadic(),
    Definition::new("json_extract_path_text", &[Json, Text], Gives::Text, extract_text)
        .optional(1)
        .variadic(),
    Definition::new("jsonb_extract_path_text", &[Jsonb, Text], Gives::Text, extract_text)
        .optional(1)
        .variadic(),
    Definition::new("json_array_length", &[Json], Gives::Integer, length),
    Definition::new("jsonb_array_length", &[Jsonb], Gives::Integer, length),
    Definition::new("json_typeof", &[Json], Gives::Text, type_of),
    Definition::new("jsonb_typeof", &[Jsonb], Gives::Text, type_of),
];

fn whole(found: Option<&str>) -> Option<Value> {
    found.map(|found| Value::Text(found.to_string()))
}

fn text(found: Option<&str>) -> Result<Option<Value>> {
    let Some(found) = found else { return Ok(None) };
    Ok(slice::as_text(found)?.map(|text| Value::Text(text.into_owned())))
}

/// The first two arguments, which any function here with two has.
fn two<'a, 'b>(given: &'a [Given<'b>]) -> Result<(&'a str, &'a Given<'b>)> {
    match given {
        [document, other] => Ok((document.text()?, other)),
        _ => Err(Error::internal("a function of two arguments has others")),
    }
}

fn one<'a>(given: &'a [Given<'_>]) -> Result<&'a str> {
    given.first().ok_or_else(|| Error::internal("an argument is missing"))?.text()
}

fn field(given: &[Given<'_>]) -> Result<Option<Value>> {
    let (document, key) = two(given)?;
    Ok(whole(slice::member(document, key.text()?)?))
}

fn field_text(given: &[Given<'_>]) -> Result<Option<Value>> {
    let (document, key) = two(given)?;
    text(slice::member(document, key.text()?)?)
}

fn element(given: &[Given<'_>]) -> Result<Option<Value>> {
    let (document, place) = two(given)?;
    Ok(whole(slice::element(document, place.integer()?)?))
}

/// PostgreSQL holds a scalar document as an array of one.
fn jsonb_element<'a>(given: &'a [Given<'_>]) -> Result<Option<&'a str>> {
    let (document, place) = two(given)?;
    let place = place.integer()?;
    if slice::kind(document) == Kind::Scalar {
        return Ok([0, -1].contains(&place).then_some(document));
    }
    slice::element(document, place)
}

fn element_text(given: &[Given<'_>]) -> Result<Option<Value>> {
    let (document, place) = two(given)?;
    text(slice::element(document, place.integer()?)?)
}

fn found_at<'a>(given: &'a [Given<'_>]) -> Result<Option<&'a str>> {
    let (document, path) = two(given)?;
    // A path with a NULL in it leads nowhere.
    let Some(path) = path.texts()?.into_iter().collect::<Option<Vec<&str>>>() else { return Ok(None) };
    slice::at_path(document, &path)
}

fn at_path(given: &[Given<'_>]) -> Result<Option<Value>> {
    Ok(whole(found_at(given)?))
}

fn at_path_text(given: &[Given<'_>]) -> Result<Option<Value>> {
    text(found_at(given)?)
}

fn found_along<'a>(given: &'a [Given<'_>]) -> Result<Option<&'a str>> {
    let path = given.iter().skip(1).map(Given::text).collect::<Result<Vec<&str>>>()?;
    slice::at_path(one(given)?, &path)
}

fn extract(given: &[Given<'_>]) -> Result<Option<Value>> {
    Ok(whole(found_along(given)?))
}

fn extract_text(given: &[Given<'_>]) -> Result<Option<Value>> {
    text(found_along(given)?)
}

fn length(given: &[Given<'_>]) -> Result<Option<Value>> {
    let document = one(given)?;
    let Some(elements) = slice::elements(document)? else {
        let message = match slice::kind(document) {
            Kind::Scalar => "cannot get array length of a scalar",
            _ => "cannot get array length of a non-array",
        };
        return Err(Error::new(SqlState::InvalidParameterValue, message));
    };
    let length =
        i32::try_from(elements.len()).map_err(|_| Error::internal("an array of so many elements"))?;
    Ok(Some(Value::Integer(length)))
}

fn type_of(given: &[Given<'_>]) -> Result<Option<Value>> {
    let document = one(given)?.trim_start();
    let kind = match document.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        Some(b'-' | b'0'..=b'9') => "number",
        _ => return json::parse(document).map(|_| None),
    };
    Ok(Some(Value::Text(kind.to_string())))
}
