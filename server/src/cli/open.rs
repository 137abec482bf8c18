//! Opening the database of `--data`, made on demand.

use std::path::{Path, PathBuf};

use clap::Args;
use muster::{Database, Options};

use super::DEFAULT_DATA;
use super::config::{ConfigArg, ConfigFile};
use super::error::Result;
use super::settings::Resolver;

/// `--data`, the same in every subcommand that needs a database.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DataArg {
    /// The database's folder, made when it is not there; else that of MUSTER_DATA, else that of the configuration, else muster-data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArg,
}

impl DataArg {
    /// Opens the database for work in this process: COPY may read any file that the user may. Gives its folder, too.
    pub(crate) fn open(&self) -> Result<(Database, PathBuf)> {
        let file = self.config.read()?;
        let data = self.folder(&file)?;
        Ok((Database::open_with(&data, file.apply(Options::default()))?, data))
    }

    /// The configuration.
    pub(crate) fn file(&self) -> Result<ConfigFile> {
        self.config.read()
    }

    /// The folder, with what the configuration says.
    pub(crate) fn folder(&self, file: &ConfigFile) -> Result<PathBuf> {
        let variables = |name: &str| std::env::var_os(name);
        self.resolve(file, &mut Resolver::new(file.path.as_deref(), &variables))
    }

    /// The same, for those who ask where it comes from.
    pub(crate) fn resolve(&self, file: &ConfigFile, of: &mut Resolver<'_>) -> Result<PathBuf> {
        let data = of.path("data", self.data.clone(), file.data(), DEFAULT_DATA)?;
        Ok(data.unwrap_or_else(|| DEFAULT_DATA.into()))
    }
}

/// Opens the database for clients elsewhere: COPY reads files under `copy_dirs` only.
pub(crate) fn open_served(data: &Path, copy_dirs: Vec<PathBuf>) -> Result<Database> {
    Ok(Database::open_with(data, Options { copy_dirs: Some(copy_dirs), ..Options::default() })?)
}
