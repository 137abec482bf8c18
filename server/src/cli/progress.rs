//! Progress on standard error: bars on a terminal, one plain line a finished phase elsewhere.
//!
//! It measures nothing that a report relies on; `LoadReport` does that. Invariant: nothing goes to
//! standard output, so results can be piped while bars run.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::style::TemplateError;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use muster::{Phase, Progress};

use super::output::complain;
use super::quantity::{grouped, per_second, seconds};

/// How often a bar moves while nothing is reported.
const TICK: Duration = Duration::from_millis(120);

/// The progress of one session, drawn as suits standard error.
pub(crate) struct Display {
    bars: bool,
    running: Mutex<Running>,
}

/// The phases that have begun and not ended.
#[derive(Default)]
struct Running {
    /// Draws the bars of phases that overlap; a new one when none is left.
    together: MultiProgress,
    phases: HashMap<Phase, Shown>,
}

enum Shown {
    Bar(ProgressBar),
    /// Since when, and how many rows so far.
    Line(Instant, u64),
}

impl Display {
    pub(crate) fn on_stderr() -> Display {
        Display { bars: std::io::stderr().is_terminal(), running: Mutex::default() }
    }

    /// Takes away what a statement that failed or was stopped has left.
    pub(crate) fn clear(&self) {
        for (_, shown) in self.running().phases.drain() {
            if let Shown::Bar(bar) = shown {
                bar.finish_and_clear();
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Display {
    fn begin(&self, phase: Phase, total: Option<u64>) {
        let mut running = self.running();
        let shown = if self.bars {
            if running.phases.is_empty() {
                running.together = MultiProgress::new();
            }
            // Hidden until it has its place among the others, or its first drawing stays behind.
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
            let bar = running.together.add(styled(bar, label(phase), total));
            bar.enable_steady_tick(TICK);
            Shown::Bar(bar)
        } else {
            Shown::Line(Instant::now(), 0)
        };
        if let Some(Shown::Bar(old)) = running.phases.insert(phase, shown) {
            old.finish_and_clear();
        }
    }

    fn set(&self, phase: Phase, done: u64) {
        match self.running().phases.get_mut(&phase) {
            Some(Shown::Bar(bar)) => bar.set_position(done),
            Some(Shown::Line(_, rows)) => *rows = done,
            None => {}
        }
    }

    fn end(&self, phase: Phase) {
        let ended = self.running().phases.remove(&phase);
        match ended {
            Some(Shown::Bar(bar)) => bar.finish(),
            Some(Shown::Line(start, rows)) => complain(&line(label(phase), rows, start.elapsed())),
            None => {}
        }
    }
}

/// What a phase is called while it runs.
fn label(phase: Phase) -> &'static str {
    match phase {
        Phase::Reading => "reading",
        Phase::Embedding => "embedding",
        Phase::Indexing => "indexing",
    }
}

/// A bar by itself on standard error; nothing is drawn where that is no terminal.
pub(crate) fn bar(label: &'static str, total: u64) -> ProgressBar {
    styled(ProgressBar::new(total), label, Some(total))
}

fn styled(bar: ProgressBar, label: &'static str, total: Option<u64>) -> ProgressBar {
    // A template that does not parse falls back to the plain bar; a test keeps both parsing.
    let style = style(total).unwrap_or_else(|_| ProgressStyle::default_bar());
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A display that cannot be written to is not drawn.
        let _drawn = out.write_str(&grouped(per_second(state.pos(), state.elapsed())));
    };
    bar.set_style(style.with_key("rate", rate));
    bar.set_prefix(label);
    bar
}

fn style(total: Option<u64>) -> Result<ProgressStyle, TemplateError> {
    ProgressStyle::with_template(match total {
        Some(_) => {
            "{prefix:>10} {bar:32} {human_pos:>9} of {human_len} rows {rate:>10} rows/s  {elapsed}, {eta} left"
        }
        None => "{prefix:>10} {spinner} {human_pos} rows {rate:>10} rows/s  {elapsed}",
    })
}

/// One line about a phase that ended, for logs and pipes.
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
    fn phases_come_in_any_order_and_more_than_once() {
        for bars in [false, true] {
            let display = Display { bars, running: Mutex::default() };
            display.set(Phase::Reading, 3);
            display.end(Phase::Embedding);
            display.begin(Phase::Reading, None);
            display.begin(Phase::Reading, Some(10));
            display.set(Phase::Reading, 11);
            match display.running().phases.get(&Phase::Reading) {
                Some(Shown::Bar(bar)) => assert_eq!(bar.position(), 11),
                Some(Shown::Line(_, rows)) => assert_eq!(*rows, 11),
                None => unreachable!("the phase has begun"),
            }
            display.clear();
            assert!(display.running().phases.is_empty());
        }
    }

    #[test]
    fn both_templates_parse() {
        assert!(style(None).is_ok() && style(Some(1)).is_ok());
    }
}
