//! Whether a message is about the candidate that its context names.

use super::rule::{CANDIDATE_INACTIVE, CANDIDATE_NAME_MISMATCH, CANDIDATE_UNKNOWN};
use super::{Finding, Workers, mask, text};

/// The status of a worker who can be sent.
pub(super) const ACTIVE: &str = "active";

const FIELD: &str = "_context.candidate_id";

/// Adds what does not agree between a candidate and the normalised texts of a message.
pub(super) fn check(id: &str, texts: &[&str], workers: &dyn Workers, findings: &mut Vec<Finding>) {
    let Some(worker) = workers.worker(id) else {
        findings.push(CANDIDATE_UNKNOWN.fails(FIELD, format!("no worker has the id {}", mask::quoted(id))));
        return;
    };
    let name = text::folded(&text::normalised(&worker.name));
    if !texts.iter().any(|part| text::contains_words(&text::folded(part), &name)) {
        let reason = format!(
            "the message does not name {}, who is worker {}: it may be written to someone else",
            mask::quoted(&worker.name),
            mask::quoted(id)
        );
        findings.push(CANDIDATE_NAME_MISMATCH.fails(FIELD, reason));
    }
    if !text::same(&worker.status, ACTIVE) {
        let reason = format!(
            "the status of worker {} is {}, not active",
            mask::quoted(id),
            mask::quoted(&worker.status)
        );
        findings.push(CANDIDATE_INACTIVE.fails(FIELD, reason));
    }
}
