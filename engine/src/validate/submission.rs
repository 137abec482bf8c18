//! One JSON text that is to be checked: read once, then asked whom it names and what is wrong with it.
//!
//! The two steps are apart so that a caller can look up the workers of many texts at once.

use serde_json::{Map, Value};

use super::rule::{NOT_JSON, NOT_OBJECT};
use super::{Finding, Workers, draft, proposal};

/// What a text is checked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Validator {
    /// The draft of an email.
    Email,
    /// The draft of a text message.
    Sms,
    /// A proposal of workers for an order.
    Fill,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Submission {
    validator: Validator,
    object: Result<Map<String, Value>, Finding>,
}

impl Submission {
    /// Reads a text. What is no JSON object is told by [`Submission::findings`].
    pub fn parse(validator: Validator, text: &str) -> Self {
        let object = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(other) => {
                Err(NOT_OBJECT.fails("$", format!("must be a JSON object, not {}", type_of(&other))))
            }
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                Err(NOT_JSON.fails("$", format!("is no JSON, or nested too deeply, from {place}")))
            }
        };
        Self { validator, object }
    }

    /// The ids of the workers that [`Submission::findings`] asks for; some may be there twice.
    pub fn worker_ids(&self) -> Vec<&str> {
        match (&self.object, self.validator) {
            (Err(_), _) => Vec::new(),
            (Ok(object), Validator::Email | Validator::Sms) => draft::worker_id(object).into_iter().collect(),
            (Ok(object), Validator::Fill) => proposal::worker_ids(object),
        }
    }

    /// Everything that is wrong, in the order of the rules.
    pub fn findings(&self, workers: &dyn Workers) -> Vec<Finding> {
        match (&self.object, self.validator) {
            (Err(finding), _) => vec![finding.clone()],
            (Ok(object), Validator::Email) => draft::email(object, workers),
            (Ok(object), Validator::Sms) => draft::sms(object, workers),
            (Ok(object), Validator::Fill) => proposal::check(object, workers),
        }
    }
}

/// The name of a value's type, for a sentence.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
