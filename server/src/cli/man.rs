//! `muster man`: the manual's pages, made of the definition of the command line.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::CommandLine;
use super::error::{Error, Result};
use super::output::say;

/// Arguments of `muster man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// A folder for all pages, muster.1 and one for each subcommand; without it the first is written to standard output
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Writes them.
///
/// # Errors
/// [`Error::File`] when the folder cannot be written to.
pub(crate) fn run(args: &ManArgs) -> Result<()> {
    let mut command = CommandLine::command();
    command.build();
    let Some(folder) = &args.to else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(Error::output)?;
        return std::io::stdout().write_all(&page).map_err(Error::output);
    };
    let failed = |path: &PathBuf| {
        let path = path.clone();
        move |source| Error::File { action: "write", path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut waiting = vec![("muster".to_string(), command)];
    let mut pages = 0;
    while let Some((name, command)) = waiting.pop() {
        let subcommands =
            command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set());
        waiting.extend(subcommands.map(|inner| (format!("{name}-{}", inner.get_name()), inner.clone())));
        let path = folder.join(format!("{name}.1"));
        let mut page = Vec::new();
        Man::new(command).title(name).render(&mut page).map_err(failed(&path))?;
        std::fs::write(&path, page).map_err(failed(&path))?;
        pages += 1;
    }
    say(&format!("muster: {pages} pages in {}", folder.display()))
}
