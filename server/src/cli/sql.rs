//! `muster sql`: SQL in this process, as commands, as a script from a pipe, or typed into a shell.

use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::{Error, Result};
use super::interrupt;
use super::open::DataArg;
use super::shell::{self, Flow, Shell};

/// Arguments of `muster sql`.
#[derive(Debug, Args)]
pub struct SqlArgs {
    #[command(flatten)]
    data: DataArg,
    /// Statements or one backslash command to run, in the order given, instead of a shell
    #[arg(short, long, value_name = "SQL")]
    command: Vec<String>,
    /// A script to run, after the commands, instead of a shell
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,
}

/// Runs the commands, the script or the shell.
///
/// # Errors
///
/// [`Error::Reported`] when a statement of a command or a script failed: the rest is not run.
/// [`Error::Database`] when the database cannot be opened.
pub fn run(args: SqlArgs) -> Result<()> {
    let runtime = interrupt::runtime()?;
    let (database, data) = args.data.open()?;
    let shell = Shell::new(&database, runtime.handle());
    let ended = run_in(shell, &args, &data);
    // A canceled statement may still be computing; quitting does not wait for it.
    runtime.shutdown_background();
    ended
}

fn run_in(mut shell: Shell, args: &SqlArgs, data: &Path) -> Result<()> {
    let stdin = std::io::stdin();
    if args.command.is_empty() && args.file.is_empty() && stdin.is_terminal() {
        return shell::interact(&mut shell, data);
    }
    let mut out = BufWriter::new(std::io::stdout());
    for command in &args.command {
        if shell.script(command.as_bytes(), Path::new("-c"), &mut out)? == Flow::Quit {
            return Ok(());
        }
    }
    for file in &args.file {
        let opened = std::fs::File::open(file);
        let opened = opened.map_err(|source| Error::File { action: "read", path: file.clone(), source })?;
        if shell.script(BufReader::new(opened), file, &mut out)? == Flow::Quit {
            return Ok(());
        }
    }
    if args.command.is_empty() && args.file.is_empty() {
        shell.script(stdin.lock(), Path::new("standard input"), &mut out)?;
    }
    out.flush().map_err(Error::output)
}
