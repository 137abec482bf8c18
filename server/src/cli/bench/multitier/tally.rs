//! What was counted and timed, as it comes in.
//!
//! It is of one thread, as the clients are. Times are in microseconds, to three digits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::failure::Failure;
use super::scenario::Scenario;
use super::steps::Outcome;
use super::usage::Sample;
use super::validator::{Outcomes, Validator};

/// The longest time that is told apart from longer ones: ten minutes.
const LONGEST: u64 = 600_000_000;

/// Digits that times are kept to.
const DIGITS: u8 = 3;

/// In place of a scenario's name: it was not yet counted.
const WARMUP: &str = "warm-up";

/// The same: it was in none.
const OUTSIDE: &str = "-";

/// Times of what ran.
#[derive(Debug, Clone)]
pub(super) struct Times(Option<Histogram<u64>>);

impl Times {
    pub(super) fn new() -> Self {
        // The bounds are good ones, so there is a histogram.
        Self(Histogram::new_with_bounds(1, LONGEST, DIGITS).ok())
    }

    pub(super) fn add(&mut self, took: Duration) {
        if let Some(times) = &mut self.0 {
            times.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST).max(1));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// Milliseconds that a share of all took at most; 0 when there are none.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        let value = self.0.as_ref().filter(|times| !times.is_empty());
        value.map_or(0.0, |times| times.value_at_percentile(percent) as f64 / 1000.0)
    }

    pub(super) fn max(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |times| times.max() as f64 / 1000.0)
    }

    fn clear(&mut self) {
        if let Some(times) = &mut self.0 {
            times.reset();
        }
    }
}

/// One scenario's runs.
#[derive(Debug, Clone)]
pub(super) struct OfScenario {
    pub(super) times: Times,
    pub(super) failures: u64,
}

/// One second, or however long a beat was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Beat {
    /// Since the start, in seconds.
    pub(super) at: f64,
    pub(super) per_second: f64,
    pub(super) failures: u64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) server: Option<Sample>,
}

/// Playbooks that the server acknowledged, by query and answer.
pub(super) type Recorded = BTreeSet<(String, String)>;

/// See the module.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) scenarios: [OfScenario; 6],
    /// How often which step of which scenario failed for which reason.
    pub(super) failing: BTreeMap<(&'static str, &'static str, String), u64>,
    pub(super) validators: [Outcomes; Validator::ALL.len()],
    /// Recordings that the server acknowledged, and the distinct ones of them.
    pub(super) recordings: u64,
    pub(super) recorded: Recorded,
    pub(super) beats: Vec<Beat>,
    beat: Times,
    beat_failures: u64,
    last_beat: f64,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            scenarios: std::array::from_fn(|_| OfScenario { times: Times::new(), failures: 0 }),
            failing: BTreeMap::new(),
            validators: Default::default(),
            recordings: 0,
            recorded: Recorded::new(),
            beats: Vec::new(),
            beat: Times::new(),
            beat_failures: 0,
            last_beat: 0.0,
        }
    }

    /// A scenario that ended.
    pub(super) fn add(
        &mut self,
        scenario: Scenario,
        took: Duration,
        outcome: Outcome,
        result: Result<(), Failure>,
    ) {
        if let Some(of) = self.scenarios.get_mut(scenario.place()) {
            of.times.add(took);
            of.failures += u64::from(result.is_err());
        }
        self.beat.add(took);
        if let Some((validator, findings)) = outcome.validated
            && let Some(outcomes) = self.validators.get_mut(validator.place())
        {
            outcomes.add(findings);
        }
        self.keep(outcome.recorded);
        if let Err(failure) = result {
            self.beat_failures += 1;
            *self.failing.entry((scenario.name(), failure.step, failure.reason)).or_default() += 1;
        }
    }

    /// A scenario of the warm-up: what it recorded must be there, and that it failed counts.
    pub(super) fn add_warming(&mut self, recorded: Option<(String, String)>, result: Result<(), Failure>) {
        self.keep(recorded);
        if let Err(failure) = result {
            *self.failing.entry((WARMUP, failure.step, failure.reason)).or_default() += 1;
        }
    }

    /// What a client could not do outside of scenarios.
    pub(super) fn add_failure(&mut self, failure: Failure) {
        *self.failing.entry((OUTSIDE, failure.step, failure.reason)).or_default() += 1;
    }

    fn keep(&mut self, recorded: Option<(String, String)>) {
        if let Some(playbook) = recorded {
            self.recordings += 1;
            self.recorded.insert(playbook);
        }
    }

    /// Ends a beat, `at` seconds after the start.
    pub(super) fn beat(&mut self, at: f64, server: Option<Sample>) -> Beat {
        let length = (at - self.last_beat).max(f64::EPSILON);
        let beat = Beat {
            at,
            per_second: self.beat.count() as f64 / length,
            failures: self.beat_failures,
            p50: self.beat.percentile(50.0),
            p99: self.beat.percentile(99.0),
            server,
        };
        self.beats.push(beat);
        self.beat.clear();
        self.beat_failures = 0;
        self.last_beat = at;
        beat
    }

    pub(super) fn total(&self) -> u64 {
        self.scenarios.iter().map(|of| of.times.count()).sum()
    }

    /// Every failed step is one.
    pub(super) fn failures(&self) -> u64 {
        self.failing.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::multitier::validator::Finding;

    #[test]
    fn percentiles_are_of_all_times() {
        let mut times = Times::new();
        assert_eq!((times.count(), times.percentile(99.0), times.max()), (0, 0.0, 0.0));
        (1..=1000).for_each(|number| times.add(Duration::from_micros(number * 1000)));
        let near = |value: f64, wanted: f64| (value - wanted).abs() <= wanted / 500.0;
        assert!(near(times.percentile(50.0), 500.0) && near(times.percentile(99.0), 990.0));
        assert!(near(times.max(), 1000.0));
    }

    #[test]
    fn failures_are_counted_by_scenario_step_and_reason() {
        let mut tally = Tally::new();
        let took = Duration::from_millis(2);
        for _ in 0..3 {
            let failure = Failure::wrong("replay", "nothing was found");
            tally.add(Scenario::PlaybookRecordReplay, took, Outcome::default(), Err(failure));
        }
        let finding = Finding { rule: "sms.opt_out".to_string(), blocks: false };
        let outcome = Outcome { validated: Some((Validator::Sms, vec![finding])), recorded: None };
        tally.add(Scenario::SmsValidate, took, outcome, Ok(()));
        assert_eq!((tally.total(), tally.failures()), (4, 3));
        assert_eq!(tally.validators[Validator::Sms.place()].passed, 1);
        assert_eq!(tally.scenarios[5].failures, 3);
        let beat = tally.beat(2.0, None);
        assert_eq!((beat.per_second, beat.failures), (2.0, 3));
        assert_eq!(tally.beat(3.0, None).per_second, 0.0);
    }

    #[test]
    fn the_warm_up_counts_failures_and_playbooks_alone() {
        let mut tally = Tally::new();
        let recorded = Some(("Need 1 Pickers".to_string(), "w-1".to_string()));
        tally.add_warming(recorded, Err(Failure::wrong("replay", "nothing was found")));
        assert_eq!((tally.total(), tally.failures(), tally.recordings), (0, 1, 1));
    }
}
