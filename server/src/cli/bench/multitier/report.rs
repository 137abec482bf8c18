//! What a run came to, for those that tell it: [`super::text`] to people, [`super::json`] to programs, [`super::html`] as a
//! page.

use super::run::{End, Plan, Ran};
use super::verify::Verified;

/// A run that is over.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) plan: Plan,
    pub(super) ran: Ran,
    /// Playbooks that were looked for at the end, and how many of them were there.
    pub(super) verified: Option<Verified>,
    /// What went wrong beside the scenarios.
    pub(super) problems: Vec<String>,
}

impl Report {
    pub(super) fn per_second(&self) -> f64 {
        self.ran.tally.total() as f64 / self.ran.seconds.max(f64::EPSILON)
    }

    /// Failed steps, playbooks that were acknowledged and are not there, and problems.
    pub(super) fn failures(&self) -> u64 {
        let lost = self.verified.map_or(0, |verified| verified.acknowledged - verified.found);
        self.ran.tally.failures() + lost + self.problems.len() as u64
    }

    pub(super) fn interrupted(&self) -> bool {
        self.ran.end == End::Interrupted
    }

    /// The most that the server had resident when it was looked at, in bytes.
    pub(super) fn most_resident(&self) -> Option<u64> {
        let beats = self.ran.tally.beats.iter().filter_map(|beat| beat.server);
        beats.chain(self.ran.server.map(|span| span.start)).map(|sample| sample.resident).max()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use crate::cli::connect::Target;

    use super::super::failure::Failure;
    use super::super::scenario::Scenario;
    use super::super::steps::Outcome;
    use super::super::tally::Tally;
    use super::super::usage::{Sample, Span};
    use super::super::validator::{Finding, Validator};
    use super::*;

    /// A run in which one scenario failed, and one playbook of three was lost.
    pub(in super::super) fn report() -> Report {
        let mut tally = Tally::new();
        tally.add(Scenario::RepeatCache, Duration::from_millis(4), Outcome::default(), Ok(()));
        let failure = Failure::wrong("replay", "<nothing> was found");
        tally.add(Scenario::PlaybookRecordReplay, Duration::from_millis(9), Outcome::default(), Err(failure));
        let finding = Finding { rule: "subject.length".to_string(), blocks: false };
        let outcome = Outcome { validated: Some((Validator::Email, vec![finding])), recorded: None };
        tally.add(Scenario::ColdSearchEmail, Duration::from_millis(2), outcome, Ok(()));
        let start = Sample { resident: 300 << 20, own: 100 << 20, cpu_seconds: 1.0, ..Sample::default() };
        let most = Sample { resident: 500 << 20, ..start };
        let end = Sample { resident: 400 << 20, cpu_seconds: 3.5, ..start };
        tally.beat(1.0, Some(most));
        tally.beat(2.0, Some(end));
        let plan = Plan {
            target: Target::local("127.0.0.1:5433".parse().unwrap()).unwrap(),
            concurrency: 5,
            duration: Duration::from_secs(2),
            warmup: Duration::from_secs(7),
            corpus: "work<ers".to_string(),
            seed: 42,
            result_cache: true,
        };
        let server = Some(Span { start, end });
        let ran = Ran { tally, seconds: 2.0, end: End::Time, server, client: None };
        let verified = Some(Verified { acknowledged: 3, found: 2, killed: true });
        Report { plan, ran, verified, problems: vec!["the disk is full".to_string()] }
    }

    #[test]
    fn a_failed_step_a_lost_playbook_and_a_problem_each_count() {
        let report = report();
        assert_eq!(report.failures(), 3);
        assert!((report.per_second() - 1.5).abs() < 1e-9);
        assert_eq!(report.most_resident(), Some(500 << 20));
    }
}
