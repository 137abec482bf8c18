//! The report for programs.

use serde_json::{Map, Value, json};

use super::report::Report;
use super::scenario::Scenario;
use super::tally::{Beat, OfScenario};
use super::validator::{Outcomes, Validator};

impl Report {
    /// All of it. Times are milliseconds in `_ms` and seconds in `_sec`, sizes are bytes.
    pub(super) fn json(&self) -> Value {
        let tally = &self.ran.tally;
        let per_scenario: Map<String, Value> =
            Scenario::ALL.iter().zip(&tally.scenarios).map(|((one, _), of)| of_scenario(*one, of)).collect();
        let failing = tally.failing.iter().map(|((scenario, step, reason), count)| {
            json!({"scenario": scenario, "step": step, "reason": reason, "count": count})
        });
        let validators: Map<String, Value> = Validator::ALL
            .iter()
            .zip(&tally.validators)
            .map(|(one, outcomes)| of_validator(*one, outcomes))
            .collect();
        json!({
            "wall_sec": self.ran.seconds,
            "total_scenarios": tally.total(),
            "scenarios_per_sec": self.per_second(),
            "failures": self.failures(),
            "interrupted": self.interrupted(),
            "concurrency": self.plan.concurrency,
            "duration_sec": self.plan.duration.as_secs_f64(),
            "warmup_sec": self.plan.warmup.as_secs_f64(),
            "corpus": self.plan.corpus,
            "seed": self.plan.seed,
            "result_cache": self.plan.result_cache,
            "per_scenario": per_scenario,
            "failing_steps": failing.collect::<Vec<_>>(),
            "problems": self.problems,
            "validators": validators,
            "playbooks_recorded": tally.recordings,
            "playbooks_verified": self.verified.map(|verified| json!({
                "acknowledged": verified.acknowledged, "found": verified.found, "after_kill": verified.killed,
            })),
            "server": self.ran.server.map(|span| json!({
                "start_bytes": span.start.resident,
                "max_bytes": self.most_resident(),
                "end_bytes": span.end.resident,
                "end_own_bytes": span.end.own,
                "end_file_bytes": span.end.files,
                "peak_bytes": span.end.peak,
                "cpu_sec": span.cpu_seconds(),
            })),
            "client_cpu_sec": self.ran.client.map(|span| span.cpu_seconds()),
            "series": tally.beats.iter().map(of_beat).collect::<Vec<_>>(),
        })
    }
}

fn of_scenario(scenario: Scenario, of: &OfScenario) -> (String, Value) {
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
}

fn of_validator(validator: Validator, outcomes: &Outcomes) -> (String, Value) {
    let Outcomes { passed, blocked, findings } = outcomes;
    let figures = json!({"passed": passed, "blocked": blocked, "findings": findings});
    (validator.name().to_string(), figures)
}

fn of_beat(beat: &Beat) -> Value {
    json!({
        "at_sec": beat.at,
        "per_sec": beat.per_second,
        "failures": beat.failures,
        "p50_ms": beat.p50,
        "p99_ms": beat.p99,
        "server_bytes": beat.server.map(|server| server.resident),
        "server_own_bytes": beat.server.map(|server| server.own),
        "server_file_bytes": beat.server.map(|server| server.files),
        "server_cpu_sec": beat.server.map(|server| server.cpu_seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;

    #[test]
    fn json_has_what_callers_parse() {
        let json = report().json();
        assert_eq!((json["wall_sec"].as_f64(), json["total_scenarios"].as_u64()), (Some(2.0), Some(3)));
        assert_eq!(json["failures"], 3);
        let of = &json["per_scenario"]["repeat_cache"];
        assert_eq!((of["runs"].as_u64(), of["fails"].as_u64()), (Some(1), Some(0)));
        for key in ["p50_ms", "p95_ms", "p99_ms", "max_ms"] {
            assert!(of[key].as_f64().is_some_and(|value| (3.9..4.1).contains(&value)), "{key}");
        }
        assert_eq!(json["per_scenario"].as_object().unwrap().len(), 6);
        assert_eq!(json["validators"]["validate_email"]["findings"]["subject.length"], 1);
        assert_eq!((json["server"]["cpu_sec"].as_f64(), json["warmup_sec"].as_f64()), (Some(2.5), Some(7.0)));
        assert_eq!(json["series"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_known_is_null() {
        let mut report = report();
        (report.ran.server, report.verified) = (None, None);
        let json = report.json();
        assert!(json["server"].is_null() && json["playbooks_verified"].is_null());
    }
}
