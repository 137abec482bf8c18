//! The `muster` command: reads its arguments, hands over to [`muster_server::cli`].

#[cfg(not(windows))]
mod allocator;

use std::process::ExitCode;

use clap::Parser;
use muster_server::cli;

fn main() -> ExitCode {
    match cli::run(cli::CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::from(error.exit_code())
        }
    }
}
