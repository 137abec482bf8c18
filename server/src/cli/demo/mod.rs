//! `muster demo`: a workforce generated, loaded and searched in a minute, each step shown.
//!
//! The story runs on a thread of its own while this one listens for Ctrl-C. Invariant: the
//! temporary folder is gone when the command ends, however it ends short of `kill -9`.

mod folder;
mod searches;
mod story;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use folder::DemoFolder;
use tokio::sync::oneshot;

use super::error::{Error, Result};
use super::{interrupt, open, serve};

/// Arguments of `muster demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// A database folder to use and keep, instead of a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many workers to generate
    #[arg(long, default_value_t = 20_000)]
    rows: u64,
    /// Go on serving the database over the PostgreSQL protocol afterwards
    #[arg(long)]
    serve: bool,
    /// Where to serve it
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = serve::DEFAULT_LISTEN, requires = "serve")]
    listen: SocketAddr,
}

/// Tells the story, then serves when asked to.
///
/// # Errors
///
/// [`Error::Interrupted`] by Ctrl-C, otherwise whatever a step ran into.
pub fn run(args: DemoArgs) -> Result<()> {
    let runtime = interrupt::runtime()?;
    let folder = DemoFolder::new(args.data)?;
    // Served afterwards, it must not let clients read this machine's files.
    let database = open::open_served(folder.path(), Vec::new())?;

    let (ended, end) = oneshot::channel();
    let story = story::Story {
        database: database.clone(),
        runtime: runtime.handle().clone(),
        data: folder.path().to_owned(),
        temporary: folder.is_temporary(),
        rows: args.rows,
        serves: args.serve,
    };
    std::thread::Builder::new()
        .name("story".to_owned())
        .stack_size(interrupt::STACK_BYTES)
        // Nobody is left to hear the end once the user has interrupted.
        .spawn(move || ended.send(story.tell()).is_ok())
        .map_err(|source| Error::System { action: "start a thread", source })?;
    let told = runtime.block_on(async {
        tokio::select! {
            told = end => told.unwrap_or_else(|error| Err(Error::Task { reason: error.to_string() })),
            () = interrupt::interrupted() => Err(Error::Interrupted),
        }
    });
    let result = match told {
        Ok(()) if args.serve => serve::serve(&runtime, database, folder.path(), args.listen),
        told => told,
    };
    // What was interrupted may go on in the background until the process ends, which is now.
    runtime.shutdown_background();
    folder.close();
    result
}
