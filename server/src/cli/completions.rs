//! `muster completions`: what a shell completes commands by, made of the definition of the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::CommandLine;
use super::error::{Error, Result};

/// Arguments of `muster completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes them to standard output.
///
/// # Errors
/// [`Error::OutputClosed`] and [`Error::System`] when that cannot be written to.
pub(crate) fn run(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "muster", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script).map_err(Error::output)
}
