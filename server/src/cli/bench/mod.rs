//! `muster bench`: loads that measure a server as its clients see it.
//!
//! They go over the wire and know of the database only what a client knows. What measures parts of the program is in the
//! package `benches`.

mod multitier;

use clap::{Args, Subcommand};

use super::error::Result;

/// Arguments of `muster bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Six scenarios of a staffing office, in a random mix, from many clients at once
    Multitier(multitier::MultitierArgs),
}

/// Runs a load to its end and reports.
///
/// # Errors
///
/// [`Error::Reported`](super::Error::Reported) when a step failed, and what keeps the load from running.
pub fn run(args: BenchArgs) -> Result<()> {
    match args.load {
        Load::Multitier(args) => multitier::run(&args),
    }
}
