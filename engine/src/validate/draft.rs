//! A draft, `{"to", "subject"?, "body", "kind"?, "_context"?: {"candidate_id"?}}`: which rules it must pass as an email or as a
//! text message.

use serde_json::{Map, Value};

use super::rule::{BODY_MISSING, SUBJECT_MISSING, TO_MISSING};
use super::{
    Finding, Workers, address, candidate, context, message, phone, pii, placeholder, required, text,
};

/// The worker that a draft is about, if it says so.
pub(super) fn worker_id(draft: &Map<String, Value>) -> Option<&str> {
    context::silently(draft)?.get("candidate_id")?.as_str()
}

/// The findings of an email.
pub(super) fn email(draft: &Map<String, Value>, workers: &dyn Workers) -> Vec<Finding> {
    let mut findings = Vec::new();
    let to = required::text(draft, "to", &TO_MISSING, "to", &mut findings);
    let subject = required::text(draft, "subject", &SUBJECT_MISSING, "subject", &mut findings);
    let body = required::text(draft, "body", &BODY_MISSING, "body", &mut findings);
    required::kind(draft, "email", &mut findings);
    if let Some(to) = to {
        address::check(to, &mut findings);
        required::header("to", to, &mut findings);
    }
    texts(draft, subject, body, &[], workers, &mut findings);
    findings
}

/// The findings of a text message.
pub(super) fn sms(draft: &Map<String, Value>, workers: &dyn Workers) -> Vec<Finding> {
    let mut findings = Vec::new();
    let to = required::text(draft, "to", &TO_MISSING, "to", &mut findings);
    let body = required::text(draft, "body", &BODY_MISSING, "body", &mut findings);
    required::kind(draft, "sms", &mut findings);
    if let Some(to) = to {
        phone::check(to, &mut findings);
        required::header("to", to, &mut findings);
    }
    // A text message needs no subject; one that is there is checked as any text.
    let subject = draft.get("subject").and_then(Value::as_str);
    texts(draft, subject, body, &[message::sms], workers, &mut findings);
    findings
}

/// A rule of the body, as it is written and normalised.
type BodyRule = fn(&str, &str, &mut Vec<Finding>);

fn texts(
    draft: &Map<String, Value>,
    subject: Option<&str>,
    body: Option<&str>,
    body_rules: &[BodyRule],
    workers: &dyn Workers,
    findings: &mut Vec<Finding>,
) {
    if let Some(subject) = subject {
        required::header("subject", subject, findings);
        message::subject(subject, findings);
    }
    let fields = [("subject", subject), ("body", body)];
    let normalised = fields.map(|(field, text)| (field, text.map(text::normalised)));
    let texts = || normalised.iter().filter_map(|(field, text)| Some((*field, text.as_deref()?)));
    for (field, text) in texts() {
        placeholder::check(field, text, findings);
    }
    if let (Some(body), [_, (_, Some(normalised))]) = (body, &normalised) {
        for rule in body_rules {
            rule(body, normalised, findings);
        }
    }
    for (field, text) in texts() {
        findings.extend(pii::check(field, text));
    }
    let id = context::of(draft, findings).and_then(|context| {
        context::value(context, "candidate_id", "a string", true, Value::as_str, findings)
    });
    if let Some(id) = id {
        let texts: Vec<&str> = texts().map(|(_, text)| text).collect();
        candidate::check(id, &texts, workers, findings);
    }
}
