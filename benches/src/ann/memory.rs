//! The resident memory of a process, as Linux counts it.

use anyhow::{Context, Result};
use serde::Serialize;

/// Bytes of memory that a process has resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resident {
    /// All of it.
    pub all: u64,
    /// Of its own.
    pub anonymous: u64,
    /// Of files that are mapped: the kernel takes it back when it needs it.
    pub files: u64,
}

impl Resident {
    /// Of a process.
    ///
    /// # Errors
    /// When there is no such process, or no /proc.
    pub fn of(process: u32) -> Result<Self> {
        let path = format!("/proc/{process}/status");
        Self::parse(&std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?)
    }

    fn parse(status: &str) -> Result<Self> {
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            let kibibytes = line.split_whitespace().next().context("no number")?;
            Ok(kibibytes.parse::<u64>()? * 1024)
        };
        Ok(Self { all: field("VmRSS:")?, anonymous: field("RssAnon:")?, files: field("RssFile:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_status() {
        let status = "Name:\tmuster\nVmRSS:\t   2048 kB\nRssAnon:\t   1024 kB\nRssFile:\t    512 kB\n";
        assert_eq!(
            Resident::parse(status).unwrap(),
            Resident { all: 2 << 20, anonymous: 1 << 20, files: 1 << 19 }
        );
        assert!(Resident::parse("Name:\tmuster\n").is_err());
    }
}
