//! A finding: which rule fails, where, and what someone can do about it.
//!
//! Invariant: `reason` is a sentence without sensitive values.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Kind, Rule, Severity};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that fails.
    pub rule: &'static Rule,
    /// The JSON path of the field: `to`, `fills[0].name`; `$` for the whole input.
    pub field: Cow<'static, str>,
    /// What is wrong, for a person.
    pub reason: String,
}

impl Finding {
    /// The finding as callers parse it: `{"Schema": {"field": "to", "reason": "..."}}`, and for other kinds
    /// `{"Policy": {"reason": "..."}}`.
    pub fn error(&self) -> Value {
        let inner = match self.rule.kind {
            Kind::Schema => json!({"field": self.field, "reason": self.reason}),
            Kind::Completeness | Kind::Consistency | Kind::Policy => json!({"reason": self.reason}),
        };
        let mut tagged = serde_json::Map::new();
        tagged.insert(self.rule.kind.tag().to_string(), inner);
        Value::Object(tagged)
    }
}

/// Whether nothing that was found blocks.
pub fn is_valid(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.rule.severity != Severity::Error)
}
