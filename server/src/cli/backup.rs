//! `muster backup`: a consistent copy of a database, while it is used.

use std::path::PathBuf;

use clap::Args;
use muster::{CopyReport, Database};

use super::error::{Error, Result};
use super::output::say;
use super::quantity::bytes;
use super::{DEFAULT_DATA, interrupt, remote, served};

/// Arguments of `muster backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The database's folder; a server that has it open takes the backup itself, under its --copy-dir
    #[arg(long, value_name = "DIR", env = "MUSTER_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// The backup's folder: made, or a backup already, of which what has not changed is taken over
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// Takes the backup and prints one line about it.
///
/// # Errors
///
/// [`Error::Usage`] when there is no database, [`Error::Database`] when it cannot be read or the folder is something else,
/// [`Error::Remote`] when the server that has it open refuses, [`Error::Interrupted`].
pub fn run(args: BackupArgs) -> Result<()> {
    if !muster::is_database(&args.data) {
        return Err(Error::Usage { message: format!("there is no database in {:?}", args.data) });
    }
    let database = match Database::open(&args.data) {
        Ok(database) => database,
        Err(error) if error.sqlstate() == "55006" => return through_server(&args, error),
        Err(error) => return Err(error.into()),
    };
    let runtime = interrupt::runtime()?;
    let to = args.to.clone();
    let work = async move { tokio::task::spawn_blocking(move || database.backup(&to, &|_| true)).await };
    let report = interrupt::interruptible(&runtime, work);
    // A backup that was left behind must not be waited for: the folder stays the backup that it was.
    runtime.shutdown_background();
    let report = report?.map_err(|error| Error::Task { reason: error.to_string() })??;
    say(&format!("muster: backup of {} in {}: {}", args.data.display(), args.to.display(), summary(&report)))
}

/// The same by the server that has the database open.
fn through_server(args: &BackupArgs, locked: muster::Error) -> Result<()> {
    let Some(address) = served::address(&args.data) else { return Err(locked.into()) };
    let to = remote::path(&args.to)?;
    let sql = format!("CALL muster_backup({})", remote::literal(&to));
    for told in remote::run(address, &sql)?.notices {
        say(&format!("muster: {told}"))?;
    }
    say(&format!("muster: backup of {} in {to}, by the server on {address}", args.data.display()))
}

/// `commit 12: 8 files of 30 MiB, 6 kept, 2 linked, 0 copied`.
pub(crate) fn summary(report: &CopyReport) -> String {
    let files = report.kept + report.linked + report.copied;
    let mut text = format!(
        "commit {}: {files} files of {}, {} kept, {} linked, {} copied",
        report.version,
        bytes(report.bytes),
        report.kept,
        report.linked,
        report.copied
    );
    if report.without_index_files > 0 {
        text.push_str(&format!(
            "; {} damaged index files left out, to be built again",
            report.without_index_files
        ));
    }
    text
}
