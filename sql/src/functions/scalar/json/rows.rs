//! The arrays behind `json_array_elements`, `json_array_elements_text`, `json_object_keys` and their forms for jsonb where they
//! stand in a SELECT list: `planning::set_returning` unnests them. In FROM they are table functions.
//!
//! [`AS_JSON`] and [`AS_JSONB`] say what the elements are, for an array does not.

use super::definition::Takes::{Json, Jsonb, Text};
use super::definition::{Definition, Given, Gives, Value};
use crate::types::json::members_given;
use crate::{Error, Result};

/// What marks a text as JSON that is known to be some.
pub(crate) const AS_JSON: &str = "muster_as_json";
pub(crate) const AS_JSONB: &str = "muster_as_jsonb";

/// The function that gives an array of what the one of this name gives as rows.
pub(crate) fn array_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "json_array_elements" => "muster_json_elements",
        "jsonb_array_elements" => "muster_jsonb_elements",
        "json_array_elements_text" => "muster_json_element_texts",
        "jsonb_array_elements_text" => "muster_jsonb_element_texts",
        "json_object_keys" => "muster_json_keys",
        "jsonb_object_keys" => "muster_jsonb_keys",
        _ => return None,
    })
}

pub(super) static ALL: &[Definition] = &[
    Definition::new("muster_json_elements", &[Json], Gives::Texts, |given| {
        rows("json_array_elements", given)
    }),
    Definition::new("muster_jsonb_elements", &[Jsonb], Gives::Texts, |given| {
        rows("jsonb_array_elements", given)
    }),
    Definition::new("muster_json_element_texts", &[Json], Gives::Texts, |given| {
        rows("json_array_elements_text", given)
    }),
    Definition::new("muster_jsonb_element_texts", &[Jsonb], Gives::Texts, |given| {
        rows("jsonb_array_elements_text", given)
    }),
    Definition::new("muster_json_keys", &[Json], Gives::Texts, |given| rows("json_object_keys", given)),
    Definition::new("muster_jsonb_keys", &[Jsonb], Gives::Texts, |given| rows("jsonb_object_keys", given)),
    Definition::new("muster_json_text", &[Json], Gives::Text, same),
    Definition::new("muster_jsonb_text", &[Jsonb], Gives::Text, same),
    Definition::new(AS_JSON, &[Text], Gives::Json, same),
    Definition::new(AS_JSONB, &[Text], Gives::Jsonb, same),
];

fn document<'a>(given: &'a [Given<'_>]) -> Result<&'a str> {
    given.first().ok_or_else(|| Error::internal("an argument is missing"))?.text()
}

fn rows(function: &str, given: &[Given<'_>]) -> Result<Option<Value>> {
    Ok(Some(Value::Texts(members_given(function, document(given)?)?)))
}

fn same(given: &[Given<'_>]) -> Result<Option<Value>> {
    Ok(Some(Value::Text(document(given)?.to_string())))
}
