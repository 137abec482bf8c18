//! Opening the database of `--data`, made on demand.

use std::path::{Path, PathBuf};

use clap::Args;
use muster::{Database, Options};

use super::DEFAULT_DATA;
use super::config::ConfigArg;
use super::error::Result;

/// `--data`, the same in every subcommand that needs a database.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArg {
    /// The database's folder; made when it is not there
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArg,
}

impl DataArg {
    /// Opens the database for work in this process: COPY may read any file that the user may.
    pub(crate) fn open(&self) -> Result<Database> {
        self.open_with(Options::default())
    }

    /// Opens the database with these options and what the configuration says.
    pub(crate) fn open_with(&self, options: Options) -> Result<Database> {
        Ok(Database::open_with(&self.data, self.config.apply(options)?)?)
    }
}

/// Opens the database for clients elsewhere: COPY reads files under `copy_dirs` only.
pub(crate) fn open_served(data: &Path, copy_dirs: Vec<PathBuf>) -> Result<Database> {
    Ok(Database::open_with(data, Options { copy_dirs: Some(copy_dirs), ..Options::default() })?)
}
