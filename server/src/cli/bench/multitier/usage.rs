//! What the server's process takes of the machine, as `/proc` tells it.
//!
//! Elsewhere than on Linux, and for a server that is not the load's own, it is not known.

use std::path::PathBuf;

/// A moment's memory, in bytes, and the processor time until then, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    /// Resident: what counts.
    pub(super) resident: u64,
    /// Of that: the process's own, not pages of files.
    pub(super) own: u64,
    /// Of that: pages of files, which the system takes back when it needs them.
    pub(super) files: u64,
    /// The most that was resident since the process began.
    pub(super) peak: u64,
    pub(super) cpu_seconds: f64,
}

/// The first and the last sample of a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) start: Sample,
    pub(super) end: Sample,
}

impl Span {
    /// Processor time between the two, in seconds.
    pub(super) fn cpu_seconds(&self) -> f64 {
        self.end.cpu_seconds - self.start.cpu_seconds
    }
}

/// A process that is looked at.
#[derive(Debug, Clone)]
pub(super) struct Watched(PathBuf);

/// Ticks of a second of processor time: what Linux has told programs since it has `/proc`.
const TICKS: f64 = 100.0;

impl Watched {
    pub(super) fn new(process: u32) -> Self {
        Self(PathBuf::from(format!("/proc/{process}")))
    }

    /// `None` when the process is gone, or the system does not tell.
    pub(super) fn sample(&self) -> Option<Sample> {
        let status = std::fs::read_to_string(self.0.join("status")).ok()?;
        let stat = std::fs::read_to_string(self.0.join("stat")).ok()?;
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        // The command's name, in parentheses, may have spaces in it.
        let (_, rest) = stat.rsplit_once(')')?;
        let ticks = |place: usize| rest.split_whitespace().nth(place)?.parse::<f64>().ok();
        Some(Sample {
            resident: kilobytes("VmRSS")? << 10,
            own: kilobytes("RssAnon")? << 10,
            files: kilobytes("RssFile")? << 10,
            peak: kilobytes("VmHWM")? << 10,
            cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something() {
        let sample = Watched::new(std::process::id()).sample().unwrap();
        assert!(sample.resident >= sample.own && sample.own > 0 && sample.files > 0);
        assert!(sample.peak >= sample.own);
        assert_eq!(Watched::new(u32::MAX).sample(), None);
    }
}
