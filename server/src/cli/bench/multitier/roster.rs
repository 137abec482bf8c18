//! The workers of the load's own, and what is written about them: emails, text messages, proposals.
//!
//! All texts are made once, before the clock starts. Invariant: every draft is good, so a finding that blocks is a failure.

use serde_json::json;

use super::pool;

/// How many workers.
const WORKERS: usize = 200;

/// Workers of one city, state and role.
const GROUP: usize = 4;

const FIRST: [&str; 20] = [
    "Ana", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Imani", "Jonas", "Keiko", "Luis",
    "Mara", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Samir", "Tessa",
];
const LAST: [&str; 10] =
    ["Silva", "Okafor", "Novak", "Haddad", "Moreau", "Larsen", "Tanaka", "Rossi", "Mbeki", "Walsh"];

/// A worker of the roster.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    pub(super) years: i32,
    pub(super) email: String,
    pub(super) phone: String,
}

impl Worker {
    /// As a recruiter describes them.
    pub(super) fn profile(&self) -> String {
        let Self { name, role, city, state, years, .. } = self;
        format!("{name} of the bench roster, {role} in {city} {state} for {years} years")
    }
}

/// The workers and the drafts about them.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) workers: Vec<Worker>,
    pub(super) emails: Vec<String>,
    pub(super) messages: Vec<String>,
    pub(super) proposals: Vec<String>,
}

impl Roster {
    pub(super) fn new() -> Self {
        let workers: Vec<Worker> = (0..WORKERS).map(worker).collect();
        let emails = workers.iter().enumerate().map(|(number, worker)| email(number, worker)).collect();
        let messages = workers.iter().map(message).collect();
        let proposals =
            workers.chunks(GROUP).enumerate().flat_map(|(number, group)| proposals(number, group));
        Self { emails, messages, proposals: proposals.collect(), workers }
    }
}

fn worker(number: usize) -> Worker {
    let (role, city, state) = pool::group(number / GROUP);
    let first = FIRST.get(number % FIRST.len()).copied().unwrap_or_default();
    let last = LAST.get(number / FIRST.len() % LAST.len()).copied().unwrap_or_default();
    Worker {
        id: format!("bench-roster-{number:03}"),
        name: format!("{first} {last}"),
        role,
        city,
        state,
        years: (1 + number % 17) as i32,
        // Neither is anybody's: RFC 2606 keeps the domain for examples, and 555-0100 to 555-0199 are for fiction.
        email: format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
        phone: format!("+1-313-555-01{:02}", number % 100),
    }
}

fn email(number: usize, worker: &Worker) -> String {
    let Worker { id, name, role, city, state, .. } = worker;
    let client = pool::client(number);
    json!({
        "to": "dispatch@beaconfreight.example.com",
        "subject": format!("{role} for {client}"),
        "body": format!(
            "Good morning,\n\n{name} is available for the {role} shift in {city}, {state} at {client} from Monday on. \
             {name} has worked there before and knows the site. Reply to confirm.\n\nThe staffing desk"
        ),
        "_context": {"candidate_id": id},
    })
    .to_string()
}

fn message(worker: &Worker) -> String {
    let Worker { id, name, city, .. } = worker;
    json!({
        "to": "+13135550142",
        "kind": "sms",
        "body": format!("Hi {name}, a shift is open in {city} tomorrow at 6 am. Call 555-123-4567 to take it. Reply STOP to opt out."),
        "_context": {"candidate_id": id},
    })
    .to_string()
}

/// Each two neighbours of a group, as a proposal.
fn proposals(number: usize, group: &[Worker]) -> Vec<String> {
    let fill = |worker: &Worker| json!({"candidate_id": worker.id, "name": worker.name});
    let pairs = group.iter().zip(group.iter().skip(1));
    let proposal = |(one, other): (&Worker, &Worker)| {
        json!({
            "fills": [fill(one), fill(other)],
            "_context": {
                "target_count": 2, "city": one.city, "state": one.state, "role": one.role,
                "client": pool::client(number),
            },
        })
        .to_string()
    };
    pairs.map(proposal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_of_workers_who_are_alike() {
        let roster = Roster::new();
        assert_eq!((roster.workers.len(), roster.proposals.len()), (200, 150));
        for group in roster.workers.chunks(GROUP) {
            assert!(group.iter().all(|one| (one.city, one.role) == (group[0].city, group[0].role)));
        }
    }

    #[test]
    fn messages_fit_and_hold_the_number_that_is_no_secret() {
        for message in Roster::new().messages {
            let message: serde_json::Value = serde_json::from_str(&message).unwrap();
            let body = message["body"].as_str().unwrap();
            assert!(body.chars().count() <= 160 && body.contains("555-123-4567"), "{body}");
        }
    }
}
