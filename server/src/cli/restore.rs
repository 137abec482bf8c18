//! `muster restore`: a database from a backup.

use std::path::PathBuf;

use clap::Args;

use super::backup::summary;
use super::error::{Error, Result};
use super::interrupt;
use super::output::say;

/// Arguments of `muster restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup's folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The database's folder: made, or there and empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Checks and restores the backup, and prints one line about it.
///
/// # Errors
///
/// [`Error::Database`] when the folders are not what they must be or the backup is damaged, [`Error::Interrupted`].
pub fn run(args: RestoreArgs) -> Result<()> {
    let runtime = interrupt::runtime()?;
    let (from, data) = (args.from.clone(), args.data.clone());
    let work =
        async move { tokio::task::spawn_blocking(move || muster::restore(&from, &data, &|_| true)).await };
    let report = interrupt::interruptible(&runtime, work);
    runtime.shutdown_background();
    let report = report?.map_err(|error| Error::Task { reason: error.to_string() })??;
    say(&format!(
        "muster: restored {} from {}: {}",
        args.data.display(),
        args.from.display(),
        summary(&report)
    ))
}
