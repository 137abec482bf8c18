//! The command `muster-benches`: measurements that are more than one program.
//!
//! `ann` measures vector search beside peers; `open` is run by it, in a process of its own.

use anyhow::Result;
use clap::{Parser, Subcommand};
use muster_benches::ann;

/// Measurements of Muster.
#[derive(Debug, Parser)]
#[command(name = "muster-benches")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Vector search: Muster in process and over the wire, and its peers, on the same vectors and queries
    Ann(ann::Args),
    /// Opens a database, searches once, and prints how long both took as JSON
    #[command(hide = true)]
    Open(ann::OpenArgs),
}

fn main() -> Result<()> {
    match CommandLine::parse().command {
        Command::Ann(args) => ann::run(&args),
        Command::Open(args) => ann::open(&args),
    }
}
