//! `_context`: what the caller knows beside the text. What is missing there skips rules and says so.

use serde_json::{Map, Value};

use super::Finding;
use super::rule::CONTEXT_MISSING;
use super::submission::type_of;

/// The key of the context.
const KEY: &str = "_context";

/// The context's object; a finding where `_context` is something else. An absent one is `None`, without a finding.
pub(super) fn of<'a>(
    object: &'a Map<String, Value>,
    findings: &mut Vec<Finding>,
) -> Option<&'a Map<String, Value>> {
    match object.get(KEY) {
        None | Some(Value::Null) => None,
        Some(Value::Object(context)) => Some(context),
        Some(other) => {
            let reason =
                format!("must be an object, not {}; the rules that need it were skipped", type_of(other));
            findings.push(CONTEXT_MISSING.fails(KEY, reason));
            None
        }
    }
}

/// The context, where one that is wrong was told before.
pub(super) fn silently(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    object.get(KEY)?.as_object()
}

/// The value of a key as `read` reads it; a finding where that is nothing, unless it is absent and `optional`.
pub(super) fn value<'a, T>(
    context: &'a Map<String, Value>,
    key: &'static str,
    expected: &str,
    optional: bool,
    read: impl Fn(&'a Value) -> Option<T>,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let reason = match context.get(key) {
        None | Some(Value::Null) if optional => return None,
        None | Some(Value::Null) => "is missing".to_string(),
        Some(value) => match read(value) {
            Some(value) => return Some(value),
            None => format!("must be {expected}"),
        },
    };
    findings.push(
        CONTEXT_MISSING
            .fails(format!("{KEY}.{key}"), format!("{reason}; the rules that need it were skipped")),
    );
    None
}
