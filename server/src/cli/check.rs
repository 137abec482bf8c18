//! `muster check`: every checksum, every row and key, every index against its table.

use std::path::PathBuf;

use clap::Args;
use muster::{Finding, Severity};

use super::DEFAULT_DATA;
use super::error::{Error, Result};
use super::output::say;

/// Arguments of `muster check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The database's folder; nobody may have it open meanwhile
    #[arg(long, value_name = "DIR", env = "MUSTER_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
}

/// Prints a line for each finding and one about all; exits with 1 when anything is damaged.
///
/// # Errors
///
/// [`Error::Database`] when the folder cannot be opened, [`Error::Damaged`] when rows or indexes are damaged.
pub fn run(args: CheckArgs) -> Result<()> {
    let findings = muster::check(&args.data, &|_, _| true)?;
    for finding in &findings {
        say(&line(finding))?;
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (damaged, indexes) = (count(Severity::Damage), count(Severity::Index));
    if damaged + indexes > 0 {
        return Err(Error::Damaged { path: args.data, damaged, indexes });
    }
    say(&format!("muster: {} is sound", args.data.display()))
}

/// `damage: data/segments/1-2.parquet, byte 262144: a block does not match its checksum`.
fn line(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Damage => "damage",
        Severity::Index => "index",
        Severity::Note => "note",
    };
    format!("{severity}: {}, byte {}: {}", finding.path.display(), finding.offset, finding.detail)
}
