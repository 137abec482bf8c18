//! The line that tells how the load goes: live on a terminal, one each ten seconds elsewhere.

use std::io::IsTerminal;

use super::tally::Beat;
use crate::cli::output::complain;

/// Beats between two lines where nobody watches.
const LINE_EVERY: u32 = 10;

/// See the module.
#[derive(Debug)]
pub(super) struct Progress {
    terminal: bool,
    beats: u32,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), beats: 0 }
    }

    pub(super) fn show(&mut self, beat: &Beat) {
        self.beats += 1;
        if self.terminal {
            complain(&format!("\r\x1b[K{}", line(beat)));
        } else if self.beats.is_multiple_of(LINE_EVERY) {
            complain(&format!("{}\n", line(beat)));
        }
    }

    /// Takes the live line away.
    pub(super) fn end(self) {
        if self.terminal {
            complain("\r\x1b[K");
        }
    }
}

fn line(beat: &Beat) -> String {
    let memory = beat.server.map_or_else(String::new, |server| format!(", {} MiB", server.resident >> 20));
    format!(
        "{:>5.0} s: {:>6.0} scenarios/s, p50 {:.1} ms, p99 {:.1} ms, {} failures{memory}",
        beat.at, beat.per_second, beat.p50, beat.p99, beat.failures
    )
}

#[cfg(test)]
mod tests {
    use super::super::usage::Sample;
    use super::*;

    #[test]
    fn a_line_tells_of_the_last_beat() {
        let server = Some(Sample { resident: 300 << 20, ..Sample::default() });
        let beat = Beat { at: 12.0, per_second: 4321.4, failures: 2, p50: 8.25, p99: 31.0, server };
        assert_eq!(line(&beat), "   12 s:   4321 scenarios/s, p50 8.2 ms, p99 31.0 ms, 2 failures, 300 MiB");
    }
}
