//! A proposal of workers for an order, `{"fills": [{"candidate_id", "name"}], "_context": {"target_count", "city", "state", "role",
//! "client"?}}`: its shape, its count, and each of its fills.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::rule::{
    CONTEXT_MISSING, FILL_CANDIDATE_ID_MISSING, FILL_DUPLICATE, FILL_NAME_MISSING, FILLS_COUNT, FILLS_MISSING,
};
use super::staffing::{self, Order};
use super::submission::type_of;
use super::{Finding, Rule, Workers, context, mask, required, text};

/// The workers that a proposal names.
pub(super) fn worker_ids(proposal: &Map<String, Value>) -> Vec<&str> {
    let fills = proposal.get("fills").and_then(Value::as_array);
    let ids = fills.into_iter().flatten().filter_map(|fill| fill.get("candidate_id")?.as_str());
    ids.filter(|id| !text::is_blank(id)).collect()
}

/// The findings of a proposal.
pub(super) fn check(proposal: &Map<String, Value>, workers: &dyn Workers) -> Vec<Finding> {
    let mut findings = Vec::new();
    let fills = match proposal.get("fills") {
        Some(Value::Array(fills)) => Some(fills.as_slice()),
        None | Some(Value::Null) => {
            findings.push(FILLS_MISSING.fails("fills", "is missing"));
            None
        }
        Some(other) => {
            findings.push(FILLS_MISSING.fails("fills", format!("must be an array, not {}", type_of(other))));
            None
        }
    };
    let (target, order) = order(proposal, &mut findings);
    let Some(fills) = fills else { return findings };
    if let Some(target) = target.filter(|target| *target != fills.len() as u64) {
        let reason = format!("the order is for {target}, the proposal has {}", fills.len());
        findings.push(FILLS_COUNT.fails("fills", reason));
    }
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (position, fill) in fills.iter().enumerate() {
        let path = format!("fills[{position}]");
        let Value::Object(fill) = fill else {
            for (rule, key) in missing() {
                let reason = format!("is missing, for {path} must be an object, not {}", type_of(fill));
                findings.push(rule.fails(format!("{path}.{key}"), reason));
            }
            continue;
        };
        let [id, name] = missing()
            .map(|(rule, key)| required::text(fill, key, rule, format!("{path}.{key}"), &mut findings));
        let Some(id) = id else { continue };
        if let Some(earlier) = first.get(id) {
            let reason = format!("worker {} is in fills[{earlier}] already", mask::quoted(id));
            findings.push(FILL_DUPLICATE.fails(format!("{path}.candidate_id"), reason));
        } else {
            first.insert(id, position);
        }
        staffing::check(&path, id, name, &order, workers, &mut findings);
    }
    findings
}

/// What each fill must have, and the rule that says so.
fn missing() -> [(&'static Rule, &'static str); 2] {
    [(&FILL_CANDIDATE_ID_MISSING, "candidate_id"), (&FILL_NAME_MISSING, "name")]
}

/// How many workers the order is for, and what it asks of them.
fn order<'a>(proposal: &'a Map<String, Value>, findings: &mut Vec<Finding>) -> (Option<u64>, Order<'a>) {
    let Some(context) = context::of(proposal, findings) else {
        if matches!(proposal.get("_context"), None | Some(Value::Null)) {
            let reason = "is missing; the count, city, state, role and client were not checked";
            findings.push(CONTEXT_MISSING.fails("_context", reason));
        }
        return (None, Order::default());
    };
    let target = context::value(context, "target_count", "a whole number", false, Value::as_u64, findings);
    let mut text = |key, optional| {
        let filled = |value: &'a Value| value.as_str().filter(|value| !text::is_blank(value));
        context::value(context, key, "a string that is not blank", optional, filled, findings)
    };
    let (city, state, role) = (text("city", false), text("state", false), text("role", false));
    (target, Order { city, state, role, client: text("client", true) })
}
