//! The command line: one file a subcommand, and what they share.
//!
//! It parses arguments, opens databases and draws results; it plans nothing and speaks no protocol
//! (that is [`crate::wire`]). Invariant: every failure leaves through [`Error`], which alone
//! decides what is printed and the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
//!
//! - [`serve`]: the server; [`load`]: a file into a table; [`generate`]: a workforce into a file;
//!   [`sql`]: the shell, drawn by `shell`; [`demo`]: all of it in a minute; [`bench`](mod@bench): a server under load; [`backup`], [`restore`],
//!   [`check`], [`export`]: for those who keep a database. `config_show`, `completions`, `man`: what the command tells of itself. `served` and `remote`: reaching a server that has
//!   the database open; `connect`: URLs, passwords and TLS of clients; `size`: sizes in arguments.
//! - `progress`: bars for reading, embedding and indexing; `interrupt`: Ctrl-C; `quantity`: numbers
//!   as people read them; `open`: opening the database of `--data`; `config`: the file of `--config`; `settings`: flags, environment and file as one; `logging`: the log; `first_password`: that of `--password-file`; `output`: lines for
//!   people.

mod array_literal;
pub mod backup;
pub mod bench;
pub mod check;
mod completions;
mod config;
mod config_show;
mod connect;
pub mod demo;
mod error;
pub mod export;
mod first_password;
pub mod generate;
mod interrupt;
pub mod load;
mod logging;
mod man;
mod open;
mod output;
mod progress;
mod quantity;
mod remote;
pub mod restore;
pub mod serve;
mod served;
mod settings;
mod shell;
mod size;
pub mod sql;

use clap::{Parser, Subcommand};

pub use error::{Error, Result};

/// The database folder where `--data` is not given: one for all subcommands, so that what `load`
/// fills is what `sql` and `serve` open.
pub const DEFAULT_DATA: &str = "muster-data";

/// An embedded database for matching work to people: workers, playbooks and searches in SQL.
#[derive(Debug, Parser)]
#[command(name = "muster", version, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a database over the PostgreSQL protocol
    Serve(serve::ServeArgs),
    /// Write a plausible, reproducible data set to a file
    Generate(generate::GenerateArgs),
    /// Load a Parquet, CSV or JSONL file into a table
    Load(load::LoadArgs),
    /// Copy a database to another folder while it is used
    Backup(backup::BackupArgs),
    /// Make a database of a backup
    Restore(restore::RestoreArgs),
    /// Look for damage in every file of a database
    Check(check::CheckArgs),
    /// Write every table as Parquet, with the SQL that makes and loads them
    Export(export::ExportArgs),
    /// Run SQL in this process: a shell, a script or single commands
    Sql(sql::SqlArgs),
    /// Measure a server under the load of many clients
    Bench(bench::BenchArgs),
    /// Show what a server would be started with
    Config(config_show::ConfigArgs),
    /// Write what a shell completes commands by
    Completions(completions::CompletionsArgs),
    /// Write the manual's pages
    Man(man::ManArgs),
    /// Generate, load and search 20,000 workers, step by step
    Demo(demo::DemoArgs),
}

/// Runs the subcommand to its end.
///
/// # Errors
///
/// Whatever stopped it; `main` prints it by [`Error::report`] and exits with [`Error::exit_code`].
pub fn run(command_line: CommandLine) -> Result<()> {
    if !matches!(command_line.command, Command::Serve(_)) {
        logging::begin(logging::LogFormat::Text);
    }
    match command_line.command {
        // It begins to log when it knows how.
        Command::Serve(args) => serve::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Load(args) => load::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Check(args) => check::run(args),
        Command::Export(args) => export::run(args),
        Command::Sql(args) => sql::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Config(args) => config_show::run(args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Demo(args) => demo::run(args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_readme_parses() {
        for line in [
            "muster serve --data dir --listen 127.0.0.1:5433 --copy-dir a --copy-dir b",
            "muster serve",
            "muster serve --data dir --config muster.toml",
            "muster load workers.parquet --table workers --config muster.toml",
            "muster serve --memory-limit 512MiB --cache-size 1GiB --temp-dir d",
            "muster serve --auth scram --password-file f --max-connections 20",
            "muster serve --tls-cert c.pem --tls-key k.pem --tls-client-ca ca.pem --tls-required",
            "muster serve --http-listen 127.0.0.1:9433 --http-token-file f --log-min-duration 250 --log-format json",
            "muster config show --config muster.toml --max-connections 7",
            "muster completions zsh",
            "muster man --to pages",
            "muster generate workers --rows 100000 --seed 42 --out workers.parquet",
            "muster load workers.parquet --table workers --data dir",
            "muster sql --data dir -c select(1) -c select(2)",
            "muster demo --serve --rows 1000",
            "muster bench multitier --data dir --concurrency 50 --duration 5m --corpus workers --json f --html g",
            "muster bench multitier --url postgres://postgres@127.0.0.1:5433/muster --duration 30s",
            "muster bench multitier --duration 1h --warmup 5s --no-result-cache --no-verify --acknowledged f",
            "muster backup --data dir --to backup",
            "muster restore --from backup --data dir",
            "muster check --data dir",
            "muster export --data dir --to files",
        ] {
            CommandLine::try_parse_from(line.split(' ')).unwrap();
        }
        assert!(CommandLine::try_parse_from(["muster", "load", "file"]).is_err());
        assert!(
            CommandLine::try_parse_from(["muster", "bench", "multitier", "--url", "u", "--kill"]).is_err()
        );
        assert!(CommandLine::try_parse_from(["muster", "serve", "--listen", "nowhere"]).is_err());
    }
}
