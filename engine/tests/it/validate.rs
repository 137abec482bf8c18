//! The rules of validation: each with an input that fails it and one that nearly does.

use std::collections::HashMap;

use muster_engine::validate::{
    Finding, Kind, RULES, Severity, Submission, Validator, Worker, Workers, is_valid,
};
use serde_json::{Value, json};

use Validator::{Email, Fill, Sms};

fn workers() -> HashMap<String, Worker> {
    let worker = |name: &str, status: &str, city: Option<&str>| Worker {
        name: name.to_string(),
        status: status.to_string(),
        city: city.map(str::to_string),
        state: Some("MI".to_string()),
        role: Some("Forklift Operator".to_string()),
        blacklisted_clients: vec!["Heritage Foods".to_string()],
    };
    HashMap::from([
        ("w1".to_string(), worker("Maria Lopez", "active", Some("Detroit"))),
        ("w2".to_string(), worker("Jon Smith", "inactive", Some("Detroit"))),
        ("w3".to_string(), worker("Ann Lee", "active", None)),
    ])
}

fn findings(validator: Validator, input: &str) -> Vec<Finding> {
    Submission::parse(validator, input).findings(&workers())
}

fn ids(validator: Validator, input: &Value) -> Vec<&'static str> {
    findings(validator, &input.to_string()).iter().map(|finding| finding.rule.id).collect()
}

/// A good draft or proposal with some keys replaced; NULL takes one out.
fn with(mut good: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            good.as_object_mut().unwrap().remove(key);
        } else {
            good[key] = value.clone();
        }
    }
    good
}

fn email(changes: Value) -> (Validator, Value) {
    let good = json!({"to": "maria@example.com", "subject": "Shift on Monday", "body": "Hi Maria Lopez, can you come at 7?"});
    (Email, with(good, changes))
}

fn sms(changes: Value) -> (Validator, Value) {
    let good = json!({"to": "+13135550123", "body": "Hi Maria Lopez, shift at 7. Call 555-123-4567. Reply STOP to opt out"});
    (Sms, with(good, changes))
}

fn fill(changes: Value) -> (Validator, Value) {
    let good = json!({
        "fills": [{"candidate_id": "w1", "name": "Maria Lopez"}],
        "_context": {"target_count": 1, "city": "Detroit", "state": "MI", "role": "Forklift Operator", "client": "Beacon Freight"},
    });
    (Fill, with(good, changes))
}

fn one(id: &str, name: &str) -> (Validator, Value) {
    fill(json!({"fills": [{"candidate_id": id, "name": name}]}))
}

fn order(changes: Value) -> (Validator, Value) {
    let (validator, good) = fill(json!({}));
    (validator, with(good.clone(), json!({"_context": with(good["_context"].clone(), changes)})))
}

fn body(text: &str) -> (Validator, Value) {
    email(json!({"body": text}))
}

fn about(id: &str, text: &str) -> (Validator, Value) {
    email(json!({"body": text, "_context": {"candidate_id": id}}))
}

type Input = (Validator, Value);

/// Each rule with the field it names, an input that fails it, and one that nearly does.
fn cases() -> Vec<(&'static str, &'static str, Input, Input)> {
    let (text, texts) = ("Hi Maria Lopez", |count: usize| format!("Reply STOP. {}", "a".repeat(count - 12)));
    vec![
        ("input.not_object", "$", (Email, json!([1])), email(json!({}))),
        ("context.missing", "_context", fill(json!({"_context": null})), order(json!({"client": null}))),
        ("context.missing", "_context.city", order(json!({"city": null})), order(json!({"city": "detroit"}))),
        (
            "context.missing",
            "_context.target_count",
            order(json!({"target_count": "1"})),
            order(json!({"target_count": 1})),
        ),
        ("to.missing", "to", email(json!({"to": " \u{200b}"})), email(json!({"to": " maria@example.com"}))),
        ("to.missing", "to", sms(json!({"to": 13135550123_u64})), sms(json!({"to": "+13135550123"}))),
        ("body.missing", "body", email(json!({"body": null})), email(json!({"body": "."}))),
        ("subject.missing", "subject", email(json!({"subject": ""})), sms(json!({"subject": ""}))),
        ("kind.mismatch", "kind", email(json!({"kind": "sms"})), email(json!({"kind": "email"}))),
        (
            "to.malformed",
            "to",
            email(json!({"to": "maria@example"})),
            email(json!({"to": "maria@example.co"})),
        ),
        ("to.malformed", "to", sms(json!({"to": "313-555-0123"})), sms(json!({"to": "+1 (313) 555-0123"}))),
        ("to.unassigned", "to", sms(json!({"to": "+15551234567"})), sms(json!({"to": "+13135550123"}))),
        (
            "header.injection",
            "subject",
            email(json!({"subject": "a\r\nBcc: x@y.zz"})),
            email(json!({"subject": "a Bcc: x@y.zz"})),
        ),
        (
            "header.injection",
            "to",
            email(json!({"to": "maria@example.com\nBcc: x@y.zz"})),
            body("a\r\nBcc: x@y.zz"),
        ),
        ("placeholder.unfilled", "body", body("Hi {{name}}"), body("Hi {name}")),
        (
            "placeholder.unfilled",
            "subject",
            email(json!({"subject": "[CLIENT] %s"})),
            email(json!({"subject": "[URGENT] 100%"})),
        ),
        (
            "subject.length",
            "subject",
            email(json!({"subject": "a".repeat(79)})),
            email(json!({"subject": "a".repeat(78)})),
        ),
        ("sms.length", "body", sms(json!({"body": texts(161)})), sms(json!({"body": texts(160)}))),
        (
            "sms.segments",
            "body",
            sms(json!({"body": format!("{}€", texts(159))})),
            sms(json!({"body": format!("{}€", texts(158))})),
        ),
        (
            "sms.opt_out",
            "body",
            sms(json!({"body": "At the bus stop"})),
            sms(json!({"body": "Reply stop to end"})),
        ),
        ("pii.ssn", "body", body("SSN 123-45-6789"), body("Call 555-123-4567")),
        (
            "pii.ssn",
            "subject",
            email(json!({"subject": "１２３-４５-６７８９"})),
            email(json!({"subject": "48226-1234"})),
        ),
        ("pii.itin", "body", body("912-70-1234"), body("912-69-1234")),
        ("pii.card", "body", body("4111 1111 1111 1111"), body("4111 1111 1111 1112")),
        ("pii.iban", "body", body("GB82 WEST 1234 5698 7654 32"), body("GB82 WEST 1234 5698 7654 33")),
        ("pii.bank_account", "body", body("routing 021000021"), body("badge 021000021")),
        ("pii.salary", "body", body("Pay rate: $21.50"), body("Parking: $21.50")),
        ("candidate.unknown", "_context.candidate_id", about("w9", text), about("w1", text)),
        (
            "candidate.name_mismatch",
            "_context.candidate_id",
            about("w1", "Hi Maria Lopezza"),
            about("w1", "hi MARIA\n LOPEZ!"),
        ),
        ("candidate.inactive", "_context.candidate_id", about("w2", "Hi Jon Smith"), about("w1", text)),
        ("fills.missing", "fills", fill(json!({"fills": {}})), fill(json!({"fills": []}))),
        (
            "fill.candidate_id.missing",
            "fills[0].candidate_id",
            fill(json!({"fills": [{"candidate_id": 1, "name": "x"}]})),
            one("w9", "x"),
        ),
        (
            "fill.candidate_id.missing",
            "fills[0].candidate_id",
            fill(json!({"fills": ["w1"]})),
            one("w9", "x"),
        ),
        (
            "fill.name.missing",
            "fills[0].name",
            fill(json!({"fills": [{"candidate_id": "w1"}]})),
            one("w1", "x"),
        ),
        ("fills.count", "fills", order(json!({"target_count": 2})), order(json!({"target_count": 1}))),
        (
            "fill.duplicate",
            "fills[1].candidate_id",
            fill(
                json!({"fills": [{"candidate_id": "w1", "name": "Maria Lopez"}, {"candidate_id": "w1", "name": "Maria Lopez"}]}),
            ),
            fill(
                json!({"fills": [{"candidate_id": "w1", "name": "Maria Lopez"}, {"candidate_id": "w2", "name": "Maria Lopez"}]}),
            ),
        ),
        ("fill.unknown", "fills[0].candidate_id", one("W1", "Maria Lopez"), one("w1", "Maria Lopez")),
        ("fill.name_mismatch", "fills[0].name", one("w1", "Mario Lopez"), one("w1", " maria  LOPEZ ")),
        ("fill.inactive", "fills[0].candidate_id", one("w2", "Jon Smith"), one("w1", "Maria Lopez")),
        (
            "fill.city",
            "fills[0].candidate_id",
            order(json!({"city": "Flint"})),
            order(json!({"city": "DETROIT"})),
        ),
        ("fill.city", "fills[0].candidate_id", one("w3", "Ann Lee"), one("w1", "Maria Lopez")),
        ("fill.state", "fills[0].candidate_id", order(json!({"state": "OH"})), order(json!({"state": "mi"}))),
        (
            "fill.role",
            "fills[0].candidate_id",
            order(json!({"role": "CNC Operator"})),
            order(json!({"role": "forklift operator"})),
        ),
        (
            "fill.blacklisted",
            "fills[0].candidate_id",
            order(json!({"client": "heritage foods"})),
            order(json!({"client": "Heritage"})),
        ),
    ]
}

#[test]
fn each_rule_fails_what_it_should_and_nothing_near_it() {
    let mut seen = vec!["input.not_json"];
    for (rule, field, (validator, failing), (near_validator, near)) in cases() {
        let found = findings(validator, &failing.to_string());
        let of_rule: Vec<&Finding> =
            found.iter().filter(|it| it.rule.id == rule && it.field == field).collect();
        assert_eq!(of_rule.len(), 1, "{rule} of {failing}: {found:?}");
        assert!(!of_rule[0].reason.is_empty());
        assert!(!ids(near_validator, &near).contains(&rule), "{rule} of {near}");
        seen.push(rule);
    }
    for rule in RULES {
        assert!(seen.contains(&rule.id), "{} has no case", rule.id);
    }
}

#[test]
fn the_rules_have_the_kinds_and_severities_of_the_documentation() {
    let page = include_str!("../../../docs/validation.md");
    for rule in RULES {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", rule.id)));
        let row = row.unwrap_or_else(|| panic!("docs/validation.md has no row for {}", rule.id));
        let expected = format!("| `{}` | {} | {} |", rule.id, rule.kind.as_str(), rule.severity.as_str());
        assert!(row.starts_with(&expected), "{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.split('|').count() == 6).count();
    assert_eq!(rows, RULES.len());
}

#[test]
fn what_is_good_gives_no_finding() {
    let in_context = json!({"_context": {"candidate_id": "w1"}});
    for (validator, input) in [
        email(json!({})),
        sms(json!({})),
        fill(json!({})),
        email(in_context.clone()),
        sms(in_context),
        email(json!({"_context": {}, "kind": "email", "cc": 1})),
        sms(json!({"kind": "sms"})),
        order(json!({"client": null})),
    ] {
        assert_eq!(findings(validator, &input.to_string()), [], "{input}");
    }
}

#[test]
fn all_that_is_wrong_is_found_not_the_first() {
    let draft = json!({
        "to": "nobody", "subject": "", "body": "Hi {{name}}, SSN 123-45-6789, card 4111 1111 1111 1111, pay rate $20",
        "_context": {"candidate_id": "w2"},
    });
    assert_eq!(
        ids(Email, &draft),
        [
            "subject.missing",
            "to.malformed",
            "placeholder.unfilled",
            "pii.ssn",
            "pii.card",
            "pii.salary",
            "candidate.name_mismatch",
            "candidate.inactive"
        ]
    );
    let fills = json!([{"candidate_id": "w2", "name": "X"}, {"candidate_id": "w9", "name": ""}, 3]);
    assert_eq!(
        ids(
            Fill,
            &order(json!({"city": "Flint", "client": "Heritage Foods", "role": null}))
                .1
                .as_object()
                .map(|it| {
                    let mut it = it.clone();
                    it.insert("fills".to_string(), fills);
                    Value::Object(it)
                })
                .unwrap()
        ),
        [
            "context.missing",
            "fills.count",
            "fill.name_mismatch",
            "fill.inactive",
            "fill.city",
            "fill.blacklisted",
            "fill.name.missing",
            "fill.unknown",
            "fill.candidate_id.missing",
            "fill.name.missing",
        ]
    );
    assert_eq!(ids(Email, &json!({})), ["to.missing", "subject.missing", "body.missing"]);
    assert_eq!(ids(Sms, &json!({})), ["to.missing", "body.missing"]);
    assert_eq!(ids(Fill, &json!({})), ["fills.missing", "context.missing"]);
}

#[test]
fn input_that_is_no_object_is_one_finding() {
    for validator in [Email, Sms, Fill] {
        for text in [
            "",
            "{",
            "hello",
            "{\"to\": }",
            "{\"a\":1} x",
            &"[".repeat(100_000),
            "{\"a\":".repeat(100_000).as_str(),
        ] {
            let found = findings(validator, text);
            assert_eq!(found.len(), 1);
            assert_eq!(
                (found[0].rule.id, found[0].rule.kind, found[0].field.as_ref()),
                ("input.not_json", Kind::Schema, "$")
            );
        }
        for text in ["null", "1", "\"{}\"", "[]", "true"] {
            let found = findings(validator, text);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].rule.id, found[0].rule.severity), ("input.not_object", Severity::Error));
        }
    }
}

#[test]
fn errors_have_the_shape_that_callers_parse() {
    let error = |validator, input: &Value| findings(validator, &input.to_string())[0].error();
    assert_eq!(
        error(Email, &email(json!({"to": null})).1),
        json!({"Schema": {"field": "to", "reason": "is missing"}})
    );
    let reason = "the order is for 2, the proposal has 1";
    assert_eq!(
        error(Fill, &order(json!({"target_count": 2})).1),
        json!({"Completeness": {"reason": reason}})
    );
    let reason = "no worker has the id \"w9\"";
    assert_eq!(error(Fill, &one("w9", "x").1), json!({"Consistency": {"reason": reason}}));
    let reason = "contains a Social Security number (***-**-6789) and 1 more: remove it before sending";
    assert_eq!(error(Email, &body("123-45-6789 and 321-54-9876").1), json!({"Policy": {"reason": reason}}));
}

#[test]
fn only_errors_make_it_invalid() {
    let valid = |(validator, input): (Validator, Value)| is_valid(&findings(validator, &input.to_string()));
    assert!(valid(email(json!({}))) && valid(sms(json!({"to": "+15551234567"}))));
    assert!(valid(body("pay rate $20")) && valid(order(json!({"city": null}))));
    assert!(!valid(body("123-45-6789")) && !valid(one("w9", "x")));
}

#[test]
fn no_reason_repeats_a_sensitive_value() {
    let secrets = ["123-45-6789", "4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32"];
    for secret in secrets {
        let inputs = [
            email(
                json!({"to": secret, "subject": format!("{{{{{secret}}}}}"), "body": secret, "kind": secret, "_context": {"candidate_id": secret}}),
            ),
            sms(
                json!({"to": secret, "body": format!("[NAME {secret}]"), "kind": secret, "_context": {"candidate_id": secret}}),
            ),
            one(secret, secret),
            one("w1", secret),
            order(json!({"city": secret, "state": secret, "role": secret, "client": secret})),
            fill(
                json!({"fills": [{"candidate_id": secret, "name": "x"}, {"candidate_id": secret, "name": secret}]}),
            ),
        ];
        for (validator, input) in inputs {
            let found = findings(validator, &input.to_string());
            assert!(!found.is_empty());
            for finding in found {
                let said = format!("{} {}", finding.reason, finding.error());
                assert!(!said.contains(secret) && !said.contains(&secret[..secret.len() - 5]), "{said}");
            }
        }
    }
}

#[test]
fn the_workers_that_are_asked_for_are_told_before() {
    struct Asked<'a>(Vec<&'a str>);
    impl Workers for Asked<'_> {
        fn worker(&self, id: &str) -> Option<&Worker> {
            assert!(self.0.contains(&id), "{id} was not told");
            None
        }
    }
    let all = cases().into_iter().flat_map(|(_, _, failing, near)| [failing, near]);
    let mut told = 0;
    for (validator, input) in all {
        let submission = Submission::parse(validator, &input.to_string());
        let ids = submission.worker_ids();
        told += ids.len();
        submission.findings(&Asked(ids));
    }
    assert!(told > 10);
}
