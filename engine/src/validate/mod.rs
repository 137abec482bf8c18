//! The checks of what goes out to people: drafts of emails and text messages, and proposals of whom to send.
//!
//! It is plain Rust over JSON texts; what it has to know of workers the caller gives it by [`Workers`]. It sends nothing,
//! repairs nothing, and stores nothing. Invariant: every rule that fails gives a finding, and no finding repeats a
//! sensitive value. `docs/validation.md` is the list of [`RULES`] in prose.
//!
//! - [`Submission`]: one JSON text, read; whom it names; its findings.
//! - `draft` and `proposal`: which rules apply to which of the two shapes.
//! - One file a family of rules: `required`, `address`, `phone`, `placeholder`, `message`, `pii`, `candidate`, `staffing`.
//!
//! ```
//! use std::collections::HashMap;
//! use muster_engine::validate::{Submission, Validator, Worker};
//!
//! let draft = Submission::parse(Validator::Sms, r#"{"to": "+13135550123", "body": "SSN 123-45-6789? Reply STOP to end."}"#);
//! let findings = draft.findings(&HashMap::<String, Worker>::new());
//! let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.id).collect();
//! assert_eq!(rules, ["pii.ssn"]);
//! assert!(findings[0].reason.contains("***-**-6789"));
//! ```

mod address;
mod candidate;
mod context;
mod draft;
mod finding;
mod gsm7;
mod mask;
mod message;
mod phone;
mod pii;
mod placeholder;
mod proposal;
mod required;
mod rule;
mod staffing;
mod submission;
mod text;
mod workers;

pub use self::{
    finding::{Finding, is_valid},
    rule::{Kind, RULES, Rule, Severity},
    submission::{Submission, Validator},
    workers::{Worker, Workers},
};
