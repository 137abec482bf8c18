//! The `muster` command: reads its arguments, sets up logging, hands over to [`muster_server::cli`].

#[cfg(not(windows))]
mod allocator;

use std::process::ExitCode;

use clap::Parser;
use muster_server::cli;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let command_line = cli::CommandLine::parse();
    let filter = EnvFilter::try_from_env("MUSTER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match cli::run(command_line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::from(error.exit_code())
        }
    }
}
