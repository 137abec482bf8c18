//! What is told of a run: a table for people, JSON for programs. The page is in [`super::html`].

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value, json};

use super::scenario::Scenario;
use super::tally::{Beat, Tally};
use super::usage::Sample;

/// A run that is over.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) tally: Tally,
    pub(super) seconds: f64,
    pub(super) concurrency: usize,
    pub(super) corpus: String,
    pub(super) result_cache: bool,
    /// Whose playbooks were looked for at the end, and how many of how many were there.
    pub(super) verified: Option<Verified>,
}

/// Recorded playbooks that were looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verified {
    pub(super) acknowledged: u64,
    pub(super) found: u64,
    /// Whether the server was killed and started again before.
    pub(super) killed: bool,
}

const MIB: f64 = 1024.0 * 1024.0;

impl Report {
    pub(super) fn per_second(&self) -> f64 {
        self.tally.total() as f64 / self.seconds.max(f64::EPSILON)
    }

    /// Failed steps, and playbooks that were acknowledged and are not there.
    pub(super) fn failures(&self) -> u64 {
        let lost = self.verified.map_or(0, |verified| verified.acknowledged - verified.found);
        self.tally.failures() + lost
    }

    fn samples(&self) -> Vec<Sample> {
        self.tally.beats.iter().filter_map(|beat| beat.server).collect()
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        table.set_header(["scenario", "runs", "failures", "p50 ms", "p95 ms", "p99 ms", "max ms"]);
        for ((scenario, _), of) in Scenario::ALL.iter().zip(&self.tally.scenarios) {
            let times = &of.times;
            table.add_row([
                scenario.name().to_string(),
                times.count().to_string(),
                of.failures.to_string(),
                format!("{:.2}", times.percentile(50.0)),
                format!("{:.2}", times.percentile(95.0)),
                format!("{:.2}", times.percentile(99.0)),
                format!("{:.2}", times.max()),
            ]);
        }
        table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
        let mut text = format!(
            "{} scenarios in {:.1} s by {} clients: {:.0} a second, {} failures\n\n{table}\n",
            self.tally.total(),
            self.seconds,
            self.concurrency,
            self.per_second(),
            self.failures()
        );
        for ((scenario, step, reason), count) in &self.tally.failing {
            let _infallible = write!(text, "\nfailed {count} times: {scenario}, {step}: {reason}");
        }
        let warnings: Vec<String> =
            self.tally.warnings.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        let warnings = if warnings.is_empty() { "none".to_string() } else { warnings.join(", ") };
        let _infallible = write!(text, "\nvalidated: {} drafts; warnings: {warnings}", self.tally.validated);
        let _infallible = write!(text, "\nrecorded: {} playbooks acknowledged", self.tally.recordings);
        if let Some(Verified { acknowledged, found, killed }) = self.verified {
            let after = if killed { "after kill -9 and a restart" } else { "at the end" };
            let _infallible = write!(text, ", {acknowledged} distinct; {after} {found} of them are there");
        }
        match self.samples().as_slice() {
            [first, .., last] => {
                let most = self.samples().iter().map(|sample| sample.resident).max().unwrap_or_default();
                let _infallible = write!(
                    text,
                    "\nserver: {:.0} MiB resident at the start, {:.0} at most, {:.0} at the end ({:.0} its own, the rest \
                     pages of files); {:.1} s of processor time",
                    first.resident as f64 / MIB,
                    most as f64 / MIB,
                    last.resident as f64 / MIB,
                    last.own as f64 / MIB,
                    last.cpu_seconds - first.cpu_seconds
                );
            }
            _ => text.push_str("\nserver: memory and processor time are not known"),
        }
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let of_scenario = |((scenario, _), of): (&(Scenario, u32), &super::tally::OfScenario)| {
            let times = &of.times;
            let figures = json!({
                "runs": times.count(),
                "fails": of.failures,
                "p50_ms": times.percentile(50.0),
                "p95_ms": times.percentile(95.0),
                "p99_ms": times.percentile(99.0),
                "max_ms": times.max(),
            });
            (scenario.name().to_string(), figures)
        };
        let per_scenario: Map<String, Value> =
            Scenario::ALL.iter().zip(&self.tally.scenarios).map(of_scenario).collect();
        let failing = self.tally.failing.iter().map(|((scenario, step, reason), count)| {
            json!({"scenario": scenario, "step": step, "reason": reason, "count": count})
        });
        let samples = self.samples();
        let server = match samples.as_slice() {
            [first, .., last] => json!({
                "start_bytes": first.resident,
                "max_bytes": samples.iter().map(|sample| sample.resident).max(),
                "end_bytes": last.resident,
                "end_own_bytes": last.own,
                "cpu_sec": last.cpu_seconds - first.cpu_seconds,
            }),
            _ => Value::Null,
        };
        let beat = |beat: &Beat| {
            json!({
                "at_sec": beat.at,
                "per_sec": beat.per_second,
                "failures": beat.failures,
                "p50_ms": beat.p50,
                "p99_ms": beat.p99,
                "server_bytes": beat.server.map(|server| server.resident),
                "server_own_bytes": beat.server.map(|server| server.own),
            })
        };
        json!({
            "wall_sec": self.seconds,
            "total_scenarios": self.tally.total(),
            "scenarios_per_sec": self.per_second(),
            "failures": self.failures(),
            "concurrency": self.concurrency,
            "corpus": self.corpus,
            "result_cache": self.result_cache,
            "per_scenario": per_scenario,
            "failing_steps": failing.collect::<Vec<_>>(),
            "drafts_validated": self.tally.validated,
            "warnings": self.tally.warnings,
            "playbooks_recorded": self.tally.recordings,
            "playbooks_verified": self.verified.map(|verified| json!({
                "acknowledged": verified.acknowledged, "found": verified.found, "after_kill": verified.killed,
            })),
            "server": server,
            "series": self.tally.beats.iter().map(beat).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::steps::Outcome;
    use super::*;

    #[test]
    fn json_has_what_callers_parse() {
        let mut tally = Tally::new();
        tally.add(Scenario::RepeatCache, Duration::from_millis(4), Outcome::default(), Ok(()));
        tally.beat(1.0, None);
        let verified = Some(Verified { acknowledged: 3, found: 2, killed: true });
        let report = Report {
            tally,
            seconds: 2.0,
            concurrency: 5,
            corpus: "workers".to_string(),
            result_cache: true,
            verified,
        };
        let json = report.json();
        assert_eq!((json["wall_sec"].as_f64(), json["total_scenarios"].as_u64()), (Some(2.0), Some(1)));
        assert_eq!(json["failures"], 1, "an acknowledged playbook is lost");
        let of = &json["per_scenario"]["repeat_cache"];
        assert_eq!((of["runs"].as_u64(), of["fails"].as_u64()), (Some(1), Some(0)));
        for key in ["p50_ms", "p95_ms", "p99_ms", "max_ms"] {
            assert!(of[key].as_f64().is_some_and(|value| (3.9..4.1).contains(&value)), "{key}");
        }
        assert_eq!(json["per_scenario"].as_object().unwrap().len(), 6);
        assert!(report.text().contains("2 of them are there"));
    }
}
