//! Progress on standard error: bars on a terminal, one plain line a finished phase elsewhere.
//!
//! It measures nothing that a report relies on; `LoadReport` does that. Invariant: nothing goes to
//! standard output, so results can be piped while bars run.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use muster::{Phase, Progress};

use super::output::complain;
use super::quantity::{grouped, per_second, seconds};

/// How often a bar moves while nothing is reported.
const TICK: Duration = Duration::from_millis(120);

/// The progress display that suits standard error.
pub(crate) fn on_stderr() -> Arc<dyn Progress> {
    if std::io::stderr().is_terminal() { Arc::new(Bars::default()) } else { Arc::new(Lines::default()) }
}

/// What a phase is called while it runs.
fn label(phase: Phase) -> &'static str {
    match phase {
        Phase::Reading => "reading",
        Phase::Embedding => "embedding",
        Phase::Indexing => "indexing",
    }
}

/// One bar a phase, drawn together.
#[derive(Default)]
struct Bars {
    together: MultiProgress,
    running: Mutex<HashMap<Phase, ProgressBar>>,
}

impl Bars {
    fn with(&self, phase: Phase, act: impl FnOnce(&ProgressBar)) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = running.get(&phase) {
            act(bar);
        }
    }
}

impl Progress for Bars {
    fn begin(&self, phase: Phase, total: Option<u64>) {
        let bar = bar(label(phase), total);
        let bar = self.together.add(bar);
        bar.enable_steady_tick(TICK);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = running.insert(phase, bar) {
            old.finish_and_clear();
        }
    }

    fn set(&self, phase: Phase, done: u64) {
        self.with(phase, |bar| bar.set_position(done));
    }

    fn end(&self, phase: Phase) {
        let ended = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&phase);
        if let Some(bar) = ended {
            bar.finish();
        }
    }
}

/// A bar by itself; hidden where standard error is no terminal.
pub(crate) fn bar(label: &'static str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{prefix:>10} {bar:32} {human_pos:>9}/{human_len} rows  {per_sec:>14}  {elapsed}, {eta} left",
        ),
        None => (ProgressBar::new_spinner(), "{prefix:>10} {spinner} {human_pos} rows  {per_sec}  {elapsed}"),
    };
    // A template that does not parse falls back to the plain bar; the test below keeps both parsing.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(label);
    bar
}

/// One line a phase when it ends, for logs and pipes.
#[derive(Default)]
struct Lines {
    running: Mutex<HashMap<Phase, (Instant, u64)>>,
}

impl Progress for Lines {
    fn begin(&self, phase: Phase, _total: Option<u64>) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(phase, (Instant::now(), 0));
    }

    fn set(&self, phase: Phase, done: u64) {
        if let Some(entry) = self.running.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&phase) {
            entry.1 = done;
        }
    }

    fn end(&self, phase: Phase) {
        let ended = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&phase);
        if let Some((start, rows)) = ended {
            complain(&line(label(phase), rows, start.elapsed()));
        }
    }
}

fn line(label: &str, rows: u64, time: Duration) -> String {
    let rate = grouped(per_second(rows, time));
    format!("muster: {label}: {} rows in {} ({rate} rows/s)\n", grouped(rows), seconds(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_phase_reads_as_one_line() {
        let line = line("embedding", 100_000, Duration::from_secs(50));
        assert_eq!(line, "muster: embedding: 100,000 rows in 50.0 s (2,000 rows/s)\n");
    }

    #[test]
    fn bars_take_phases_in_any_order_and_more_than_once() {
        let bars = Bars::default();
        bars.set(Phase::Reading, 3);
        bars.end(Phase::Embedding);
        bars.begin(Phase::Reading, None);
        bars.begin(Phase::Reading, Some(10));
        bars.set(Phase::Reading, 11);
        bars.with(Phase::Reading, |bar| assert_eq!(bar.position(), 11));
        bars.end(Phase::Reading);
        assert!(bars.running.lock().unwrap().is_empty());
    }

    #[test]
    fn both_templates_parse() {
        for total in [None, Some(1)] {
            assert_eq!(bar("reading", total).prefix(), "reading");
        }
    }
}
