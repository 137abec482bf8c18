//! What a draft must have: its texts, of the right type and not blank, and no line end where a header would begin.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::rule::{HEADER_INJECTION, KIND_MISMATCH};
use super::submission::type_of;
use super::{Finding, Rule, mask, text};

/// A text of the object; where it is absent, no string or blank, a finding.
pub(super) fn text<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    rule: &'static Rule,
    field: impl Into<Cow<'static, str>>,
    findings: &mut Vec<Finding>,
) -> Option<&'a str> {
    let wrong = match object.get(key) {
        None | Some(Value::Null) => "is missing".to_string(),
        Some(Value::String(value)) if text::is_blank(value) => "is blank".to_string(),
        Some(Value::String(value)) => return Some(value),
        Some(other) => format!("must be a string, not {}", type_of(other)),
    };
    findings.push(rule.fails(field, wrong));
    None
}

/// A line end in a field that becomes a header would begin a header of the writer's choice.
pub(super) fn header(field: &'static str, value: &str, findings: &mut Vec<Finding>) {
    if value.contains(['\r', '\n']) {
        findings.push(HEADER_INJECTION.fails(field, "contains a line break: it must be a single line"));
    }
}

/// A draft that says it is of another kind was given to the wrong validator.
pub(super) fn kind(object: &Map<String, Value>, expected: &str, findings: &mut Vec<Finding>) {
    let found = match object.get("kind") {
        None | Some(Value::Null) => return,
        Some(Value::String(kind)) if kind == expected => return,
        Some(Value::String(kind)) => mask::quoted(kind),
        Some(other) => type_of(other).to_string(),
    };
    findings
        .push(KIND_MISMATCH.fails("kind", format!("is {found}, but the draft is checked as \"{expected}\"")));
}
