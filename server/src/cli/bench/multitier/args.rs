//! The arguments of `muster bench multitier`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::DEFAULT_DATA;

/// Arguments of `muster bench multitier`.
#[derive(Debug, Args)]
pub(in crate::cli::bench) struct MultitierArgs {
    /// The database's folder; a server of the load's own serves it
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA, conflicts_with = "url")]
    pub(super) data: PathBuf,
    /// A server that runs, as postgres://user:password@host:port/database
    #[arg(long)]
    pub(super) url: Option<String>,
    /// Clients at once
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) concurrency: u32,
    /// How long, as 30s, 5m, 1h
    #[arg(long, default_value = "5m", value_parser = muster::parse_duration)]
    pub(super) duration: Duration,
    /// How long before anything is counted but failures
    #[arg(long, default_value = "0s", value_parser = muster::parse_duration)]
    pub(super) warmup: Duration,
    /// The table that is searched, as SQL writes it
    #[arg(long, default_value = "workers")]
    pub(super) corpus: String,
    /// Of what is drawn; the numbers of orders are new in each run
    #[arg(long, default_value_t = 42)]
    pub(super) seed: u64,
    /// Searches are not answered from the result cache
    #[arg(long)]
    pub(super) no_result_cache: bool,
    /// End the load's own server by SIGKILL when the time is over, start it again, and look for the playbooks
    #[arg(long, conflicts_with_all = ["url", "no_verify"])]
    pub(super) kill: bool,
    /// The playbooks that were acknowledged are not looked for at the end
    #[arg(long)]
    pub(super) no_verify: bool,
    /// A file to which the query of each acknowledged playbook is appended at the end, one a line
    #[arg(long, value_name = "FILE")]
    pub(super) acknowledged: Option<PathBuf>,
    /// Where the JSON goes; standard error unless given
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Where a page with charts goes
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}
