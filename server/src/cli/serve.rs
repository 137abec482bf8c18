//! `muster serve`: a database over the PostgreSQL protocol until Ctrl-C or SIGTERM.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use muster::{Database, Options};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::error::{Error, Result};
use super::first_password;
use super::interrupt::{self, Interrupts};
use super::open::DataArg;
use super::output::say;
use super::served::Served;
use super::size;
use crate::wire::{Auth, ServeOptions, Server, TlsOptions};

/// Next to PostgreSQL's own port, so that both can run on one machine.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5433);

/// Arguments of `muster serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataArg,
    /// Address and port; one that is no loopback address needs a role with a password
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// How clients show who they are: automatic asks for passwords (SCRAM-SHA-256) unless the address is a loopback address
    /// and no role has one
    #[arg(long, value_enum, default_value_t)]
    auth: AuthArg,
    /// A file with a password for the role postgres, which gets it unless it has one
    #[arg(long, value_name = "FILE", env = "MUSTER_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// How many clients may be connected at once; the last three places are for superusers
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_connections: u32,
    /// Offer TLS with this certificate, in PEM, followed by those that lead to its root
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM, which a group may read and nobody else
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Clients must show a certificate that one of these, in PEM, has signed; nobody comes in without TLS then
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Turn away sessions without TLS
    #[arg(long, requires = "tls_cert")]
    tls_required: bool,
    /// A folder whose files COPY may read; may be given several times; none unless given
    #[arg(long, value_name = "DIR")]
    copy_dir: Vec<PathBuf>,
    /// Memory for sorting, grouping and joining, such as 512MiB; what needs more is spilled to the disk; half of
    /// the machine's unless given
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    memory_limit: Option<usize>,
    /// Memory for decoded columns, such as 512MiB; 64MiB unless given. Single rows of what does not fit are read from files
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    cache_size: Option<usize>,
    /// A folder, for this database alone, that statements spill to; `temp` in the database's folder unless given
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
    /// Stop when standard input ends too, as it does when the program that started the server has ended
    #[arg(long, hide = true)]
    stop_with_input: bool,
}

/// See `--auth`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum AuthArg {
    #[default]
    Automatic,
    Trust,
    Scram,
}

impl From<AuthArg> for Auth {
    fn from(arg: AuthArg) -> Self {
        match arg {
            AuthArg::Automatic => Self::Automatic,
            AuthArg::Trust => Self::Trust,
            AuthArg::Scram => Self::Scram,
        }
    }
}

/// Serves until a signal ends it.
///
/// # Errors
///
/// [`Error::Database`] when the folder cannot be opened, [`Error::Server`] when the address cannot
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
    let input = args.stop_with_input.then(input_end).transpose()?;
    let ended = async {
        // Without the flag, and where the input cannot be read, only signals stop it.
        let end = match input {
            Some(input) => input.await.ok(),
            None => None,
        };
        if end.is_none() {
            std::future::pending::<()>().await;
        }
    };
    let tls = args.tls_cert.zip(args.tls_key);
    let tls = tls.map(|(cert, key)| TlsOptions { cert, key, client_ca: args.tls_client_ca });
    let options = ServeOptions {
        auth: args.auth.into(),
        max_connections: args.max_connections as usize,
        tls,
        tls_required: args.tls_required,
        ..ServeOptions::new(args.listen)
    };
    if let Some(path) = &args.password_file {
        first_password::set(&runtime, &database, path)?;
    }
    serve_until(&runtime, database, &args.data.data, options, ended)
}

/// Tells when standard input has ended. What it gives until then means nothing.
fn input_end() -> Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let read = move || {
        let input = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        // A server that has stopped need not be told.
        input.is_ok() && ended.send(()).is_ok()
    };
    let thread = std::thread::Builder::new().name("input".to_owned()).spawn(read);
    thread.map_err(|source| Error::System { action: "start a thread", source })?;
    Ok(end)
}

/// Listens, says so in one line, and serves until Ctrl-C or SIGTERM.
pub(crate) fn serve(runtime: &Runtime, database: Database, data: &Path, listen: SocketAddr) -> Result<()> {
    serve_until(runtime, database, data, ServeOptions::new(listen), std::future::pending())
}

/// The same, or until `ended`.
fn serve_until(
    runtime: &Runtime,
    database: Database,
    data: &Path,
    options: ServeOptions,
    ended: impl Future<Output = ()> + Send,
) -> Result<()> {
    runtime.block_on(async move {
        // Before anyone is told that it serves: whoever waits for that line may end it at once.
        let interrupts = Interrupts::listen()?;
        let server = Server::bind(database, options).await?;
        let address = server.local_addr();
        say(&format!("muster: serving {} on {address} ({})", data.display(), psql(address)))?;
        // For commands that find the folder locked; without it they name the process.
        let _served = Served::tell(data, address)?;
        let stop = async {
            tokio::select! {
                () = interrupts.heard() => {}
                () = ended => {}
            }
        };
        server.run(stop).await?;
        Ok(())
    })
}

/// Where a server that listens on all addresses is reached from its own machine.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The command that connects to a server at `address`.
pub(crate) fn psql(address: SocketAddr) -> String {
    let address = reachable(address);
    format!("psql -h {} -p {} muster", address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_psql_line_connects_to_the_default_address() {
        assert_eq!(psql(DEFAULT_LISTEN), "psql -h 127.0.0.1 -p 5433 muster");
        assert_eq!(psql("[::1]:9".parse().unwrap()), "psql -h ::1 -p 9 muster");
        assert_eq!(psql("0.0.0.0:9".parse().unwrap()), "psql -h 127.0.0.1 -p 9 muster");
        assert_eq!(psql("[::]:9".parse().unwrap()), "psql -h ::1 -p 9 muster");
    }
}
