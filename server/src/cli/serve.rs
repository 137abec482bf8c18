//! `muster serve`: a database over the PostgreSQL protocol until Ctrl-C or SIGTERM.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use muster::{Database, Options};
use tokio::runtime::Runtime;

use super::error::Result;
use super::interrupt::{self, Interrupts};
use super::open::DataArg;
use super::output::say;
use super::served::Served;
use super::size;
use crate::wire::{ServeOptions, Server};

/// Next to PostgreSQL's own port, so that both can run on one machine.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5433);

/// Arguments of `muster serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataArg,
    /// Address and port; a loopback address, for there is no authentication yet
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// A folder whose files COPY may read; may be given several times; none unless given
    #[arg(long, value_name = "DIR")]
    copy_dir: Vec<PathBuf>,
    /// Memory for sorting, grouping and joining, such as 512MiB; what needs more is spilled to the disk; half of
    /// the machine's unless given
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    memory_limit: Option<usize>,
    /// Memory for decoded columns, such as 512MiB, which it is unless given
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    cache_size: Option<usize>,
    /// A folder, for this database alone, that statements spill to; `temp` in the database's folder unless given
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
}

/// Serves until a signal ends it.
///
/// # Errors
///
/// [`Error::Database`](super::Error::Database) when the folder cannot be opened, [`Error::Server`](super::Error::Server) when the address cannot
/// be used.
pub fn run(args: ServeArgs) -> Result<()> {
    let runtime = interrupt::runtime()?;
    let options = Options {
        copy_dirs: Some(args.copy_dir),
        memory_limit: args.memory_limit,
        cache_bytes: args.cache_size,
        temp_dir: args.temp_dir,
        ..Options::default()
    };
    let database = args.data.open_with(options)?;
    serve(&runtime, database, &args.data.data, args.listen)
}

/// Listens, says so in one line, and serves until Ctrl-C or SIGTERM.
pub(crate) fn serve(runtime: &Runtime, database: Database, data: &Path, listen: SocketAddr) -> Result<()> {
    runtime.block_on(async move {
        // Before anyone is told that it serves: whoever waits for that line may end it at once.
        let interrupts = Interrupts::listen()?;
        let server = Server::bind(database, ServeOptions::new(listen)).await?;
        let address = server.local_addr();
        say(&format!("muster: serving {} on {address} ({})", data.display(), psql(address)))?;
        // For commands that find the folder locked; without it they name the process.
        let _served = Served::tell(data, address)?;
        server.run(interrupts.heard()).await?;
        Ok(())
    })
}

/// The command that connects to a server at `address`.
pub(crate) fn psql(address: SocketAddr) -> String {
    format!("psql -h {} -p {} muster", address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_psql_line_connects_to_the_default_address() {
        assert_eq!(psql(DEFAULT_LISTEN), "psql -h 127.0.0.1 -p 5433 muster");
        assert_eq!(psql("[::1]:9".parse().unwrap()), "psql -h ::1 -p 9 muster");
    }
}
