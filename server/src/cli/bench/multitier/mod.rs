//! `muster bench multitier`: a staffing office at work. Many clients at once, each drawing one of six scenarios after the
//! other, over the wire, with prepared statements.
//!
//! ```text
//! scenario ── steps ── client ──► server      pool, roster: what is asked and written
//!                │                usage, own_server: the server's process
//!              tally ── report, html
//! ```
//!
//! Scenarios are in `docs/multitier.md`. All clients are on one thread: the machine's other cores are the server's.

mod client;
mod failure;
mod html;
mod own_server;
mod pool;
mod report;
mod roster;
mod run;
mod scenario;
mod steps;
mod tally;
mod usage;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::task::LocalSet;
use tokio_postgres::Config;

use self::own_server::OwnServer;
use self::report::Report;
use self::run::{Plan, connect_config};
use self::usage::Watched;
use crate::cli::DEFAULT_DATA;
use crate::cli::error::{Error, Result};
use crate::cli::output::{complain, say};

/// Arguments of `muster bench multitier`.
#[derive(Debug, Args)]
pub(super) struct MultitierArgs {
    /// The database's folder; a server of the load's own serves it
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA, conflicts_with = "url")]
    data: PathBuf,
    /// A server that runs, as postgres://user@host:port/database
    #[arg(long)]
    url: Option<String>,
    /// Clients at once
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    concurrency: u32,
    /// How long, as 30s, 5m
    #[arg(long, default_value = "5m", value_parser = muster::parse_duration)]
    duration: Duration,
    /// How long before anything is counted
    #[arg(long, default_value = "0s", value_parser = muster::parse_duration)]
    warmup: Duration,
    /// The table that is searched
    #[arg(long, default_value = "workers")]
    corpus: String,
    /// Of what is drawn; the numbers of orders are new in each run
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Searches are not answered from the result cache
    #[arg(long)]
    no_result_cache: bool,
    /// End the load's own server by SIGKILL when the time is over, start it again, and look for the playbooks
    #[arg(long, conflicts_with = "url")]
    kill: bool,
    /// Where the JSON goes; standard error unless given
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where a page with charts goes
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Runs the load and reports.
///
/// # Errors
///
/// [`Error::Reported`] when a step failed or a playbook is lost; what keeps the load from running.
pub(super) fn run(args: MultitierArgs) -> Result<()> {
    // One thread for all clients.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::System { action: "start the runtime", source })?;
    let (server, config) = match &args.url {
        Some(url) => (None, url.parse::<Config>().map_err(|error| usage(format!("--url: {error}")))?),
        None => {
            let server = OwnServer::start(&args.data)?;
            let config = connect_config(server.address);
            (Some(server), config)
        }
    };
    let plan = Plan {
        config,
        watched: server.as_ref().map(|server| Watched::new(server.process())),
        concurrency: args.concurrency as usize,
        duration: args.duration,
        warmup: args.warmup,
        corpus: args.corpus.clone(),
        seed: args.seed,
        result_cache: !args.no_result_cache,
    };
    let load = async {
        let material = run::prepare(&plan).await?;
        let tally = run::run(&plan, material.clone()).await?;
        Ok::<_, Error>((material, tally))
    };
    let (material, (tally, seconds)) = LocalSet::new().block_on(&runtime, load)?;
    let (server, config, killed) = match server {
        Some(server) if args.kill => {
            // Dropped, it is killed.
            drop(server);
            let server = OwnServer::start(&args.data)?;
            let config = connect_config(server.address);
            (Some(server), config, true)
        }
        other => (other, plan.config, false),
    };
    let looking = verify::verify(&config, &material.source, &tally.recorded, killed);
    let verified = LocalSet::new().block_on(&runtime, looking)?;
    if let Some(server) = server {
        server.stop()?;
    }
    let report = Report {
        tally,
        seconds,
        concurrency: plan.concurrency,
        corpus: plan.corpus,
        result_cache: plan.result_cache,
        verified: Some(verified),
    };
    tell(&args, &report)?;
    if report.failures() > 0 { Err(Error::Reported) } else { Ok(()) }
}

fn tell(args: &MultitierArgs, report: &Report) -> Result<()> {
    say(&report.text())?;
    let json = format!("{:#}\n", report.json());
    match &args.json {
        Some(path) => write(path, &json)?,
        None => complain(&json),
    }
    args.html.as_ref().map_or(Ok(()), |path| write(path, &html::page(report)))
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::File { action: "write", path: path.clone(), source })
}

fn usage(message: String) -> Error {
    Error::Usage { message }
}
