//! Whether a worker can be sent: the name, the status, the place and role asked for, and the client's list.

use super::candidate::ACTIVE;
use super::rule::{
    FILL_BLACKLISTED, FILL_CITY, FILL_INACTIVE, FILL_NAME_MISMATCH, FILL_ROLE, FILL_STATE, FILL_UNKNOWN,
};
use super::{Finding, Workers, mask, text};

/// What an order asks for; what it does not say is not checked.
#[derive(Debug, Default)]
pub(super) struct Order<'a> {
    pub(super) city: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    pub(super) role: Option<&'a str>,
    pub(super) client: Option<&'a str>,
}

/// Adds what is wrong with sending a worker. `path` is the fill's: `fills[0]`.
pub(super) fn check(
    path: &str,
    id: &str,
    name: Option<&str>,
    order: &Order<'_>,
    workers: &dyn Workers,
    findings: &mut Vec<Finding>,
) {
    let field = format!("{path}.candidate_id");
    let who = mask::quoted(id);
    let Some(worker) = workers.worker(id) else {
        findings.push(FILL_UNKNOWN.fails(field, format!("no worker has the id {who}")));
        return;
    };
    if let Some(name) = name.filter(|name| !text::same(name, &worker.name)) {
        let reason = format!(
            "{} is not the name of worker {who}, who is {}",
            mask::quoted(name),
            mask::quoted(&worker.name)
        );
        findings.push(FILL_NAME_MISMATCH.fails(format!("{path}.name"), reason));
    }
    if !text::same(&worker.status, ACTIVE) {
        let reason = format!("the status of worker {who} is {}, not active", mask::quoted(&worker.status));
        findings.push(FILL_INACTIVE.fails(field.clone(), reason));
    }
    for (rule, what, asked, has) in [
        (&FILL_CITY, "city", order.city, &worker.city),
        (&FILL_STATE, "state", order.state, &worker.state),
        (&FILL_ROLE, "role", order.role, &worker.role),
    ] {
        let Some(asked) = asked else { continue };
        let has = match has.as_deref() {
            Some(has) if text::same(has, asked) => continue,
            Some(has) => mask::quoted(has),
            None => "not known".to_string(),
        };
        let reason =
            format!("the {what} of worker {who} is {has}; the order asks for {}", mask::quoted(asked));
        findings.push(rule.fails(field.clone(), reason));
    }
    if let Some(client) = order.client
        && worker.blacklisted_clients.iter().any(|listed| text::same(listed, client))
    {
        let reason =
            format!("worker {who} must not be sent to {}: the client is blacklisted", mask::quoted(client));
        findings.push(FILL_BLACKLISTED.fails(field, reason));
    }
}
