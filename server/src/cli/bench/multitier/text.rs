//! The report for people: a table of the scenarios, and lines about the rest.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use super::report::Report;
use super::scenario::Scenario;
use super::validator::Validator;
use super::verify::Verified;

const MIB: f64 = 1024.0 * 1024.0;

impl Report {
    /// All of it, without a newline at the end.
    pub(super) fn text(&self) -> String {
        format!("{}\n\n{}\n{}", self.headline(), self.table(), self.notes())
    }

    /// What there is to say beside the times.
    pub(super) fn notes(&self) -> String {
        let notes = [self.failing(), Some(self.drafts()), Some(self.playbooks()), Some(self.processes())];
        notes.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// All of it in a line.
    pub(super) fn headline(&self) -> String {
        let warmup = self.plan.warmup;
        let warmup = if warmup.is_zero() {
            "without a warm-up".to_owned()
        } else {
            format!("after a warm-up of {} s", warmup.as_secs_f64())
        };
        format!(
            "{} scenarios in {:.1} s by {} clients, {warmup}: {:.0} a second, {} failures{}",
            self.ran.tally.total(),
            self.ran.seconds,
            self.plan.concurrency,
            self.per_second(),
            self.failures(),
            if self.interrupted() { " (interrupted)" } else { "" }
        )
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).force_no_tty();
        table.set_header(["scenario", "runs", "failures", "p50 ms", "p95 ms", "p99 ms", "max ms"]);
        for ((scenario, _), of) in Scenario::ALL.iter().zip(&self.ran.tally.scenarios) {
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
        format!("{table}\n")
    }

    /// What failed; nothing when nothing did.
    fn failing(&self) -> Option<String> {
        let steps = self.ran.tally.failing.iter();
        let steps = steps.map(|((scenario, step, reason), count)| {
            format!("failed {count} times: {scenario}, {step}: {reason}")
        });
        let problems = self.problems.iter().map(|problem| format!("problem: {problem}"));
        let lines: Vec<_> = steps.chain(problems).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn drafts(&self) -> String {
        let told = Validator::ALL.iter().zip(&self.ran.tally.validators).map(|(validator, outcomes)| {
            let mut line = format!("{}: {} passed", validator.name(), outcomes.passed);
            let _infallible = write!(line, ", {} blocked", outcomes.blocked);
            for (rule, count) in &outcomes.findings {
                let _infallible = write!(line, ", {rule} {count}");
            }
            line
        });
        told.collect::<Vec<_>>().join("\n")
    }

    fn playbooks(&self) -> String {
        let mut line = format!("playbooks: {} recordings acknowledged", self.ran.tally.recordings);
        match self.verified {
            Some(Verified { acknowledged, found, killed }) => {
                let after = if killed { "after kill -9 and a restart" } else { "at the end" };
                let _infallible =
                    write!(line, ", {acknowledged} distinct; {after} {found} of them are there");
            }
            None => line.push_str("; not looked for"),
        }
        line
    }

    fn processes(&self) -> String {
        let mut lines = match self.ran.server {
            Some(span) => format!(
                "server: {:.0} MiB resident at the start, {:.0} at most, {:.0} at the end ({:.0} its own, {:.0} pages of \
                 files); {:.1} s of processor time",
                span.start.resident as f64 / MIB,
                self.most_resident().unwrap_or_default() as f64 / MIB,
                span.end.resident as f64 / MIB,
                span.end.own as f64 / MIB,
                span.end.files as f64 / MIB,
                span.cpu_seconds()
            ),
            None => "server: memory and processor time are not known".to_owned(),
        };
        if let Some(span) = self.ran.client {
            let _infallible = write!(lines, "\nclient: {:.1} s of processor time", span.cpu_seconds());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;

    #[test]
    fn people_are_told_what_failed_and_what_was_found() {
        let text = report().text();
        for told in [
            "3 scenarios in 2.0 s by 5 clients, after a warm-up of 7 s: 2 a second, 3 failures",
            "failed 1 times: playbook_record_replay, replay: <nothing> was found",
            "problem: the disk is full",
            "validate_email: 1 passed, 0 blocked, subject.length 1",
            "2 of them are there",
            "300 MiB resident at the start, 500 at most, 400 at the end (100 its own",
            "2.5 s of processor time",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_so() {
        let mut report = report();
        (report.ran.server, report.verified) = (None, None);
        let text = report.text();
        assert!(text.contains("server: memory and processor time are not known"), "{text}");
        assert!(text.contains("not looked for"), "{text}");
    }
}
