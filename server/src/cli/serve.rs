//! `muster serve`: a database over the PostgreSQL protocol until Ctrl-C or SIGTERM.
//!
//! Where HTTP is wanted, that port answers first and last: it says that the server starts, and that it stops.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use clap::Args;
use muster::Database;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::error::{Error, Result};
use super::first_password;
use super::interrupt::{self, Interrupts};
use super::logging;
use super::open::DataArg;
use super::output::say;
use super::served::Served;
use super::settings::{Resolver, ServerArgs};
use crate::http::{Http, HttpOptions, Monitor};
use crate::wire::{ServeOptions, Server};

pub(crate) use super::settings::DEFAULT_LISTEN;

/// Arguments of `muster serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataArg,
    #[command(flatten)]
    server: ServerArgs,
    /// Stop when standard input ends too, as it does when the program that started the server has ended
    #[arg(long, hide = true)]
    stop_with_input: bool,
}

/// Serves until a signal ends it.
///
/// # Errors
///
/// [`Error::Usage`] and [`Error::Config`] for settings that cannot be, [`Error::Database`] when the folder cannot be opened,
/// [`Error::Server`] and [`Error::Http`] when an address cannot be used.
pub fn run(args: ServeArgs) -> Result<()> {
    let mut file = args.data.file()?;
    let variables = |name: &str| std::env::var_os(name);
    let path = file.path.clone();
    let mut resolver = Resolver::new(path.as_deref(), &variables);
    let data = args.data.resolve(&file, &mut resolver)?;
    let settings = args.server.resolve(std::mem::take(&mut file.config.server), &mut resolver)?;
    logging::begin(settings.log_format);
    let runtime = interrupt::runtime()?;
    let monitor = Monitor::default();
    let http = settings.http.clone().map(|options| Watching::start(&runtime, options, monitor.clone()));
    let http = http.transpose()?;
    let database = Database::open_with(&data, file.apply(settings.options()))?;
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
    if let Some(path) = &settings.password_file {
        first_password::set(&runtime, &database, path)?;
    }
    let watched = http.as_ref().map(|http| (&monitor, http.address));
    let served = serve_until(&runtime, database, &data, settings.serve, watched, ended);
    if let Some(http) = http {
        http.stop(&runtime)?;
    }
    served
}

/// The HTTP port while it answers.
struct Watching {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watching {
    fn start(runtime: &Runtime, options: HttpOptions, monitor: Monitor) -> Result<Self> {
        let http = runtime.block_on(Http::bind(options, monitor))?;
        let address = http.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = runtime.spawn(http.run(async {
            // A sender that is gone has stopped it, too.
            let _stopped = stopped.await;
        }));
        Ok(Self { address, stop, task })
    }

    fn stop(self, runtime: &Runtime) -> Result<()> {
        drop(self.stop);
        runtime.block_on(self.task).map_err(|error| Error::Task { reason: error.to_string() })
    }
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
    serve_until(runtime, database, data, ServeOptions::new(listen), None, std::future::pending())
}

/// The same, or until `ended`.
fn serve_until(
    runtime: &Runtime,
    database: Database,
    data: &Path,
    options: ServeOptions,
    watched: Option<(&Monitor, SocketAddr)>,
    ended: impl Future<Output = ()> + Send,
) -> Result<()> {
    let served = runtime.block_on(async {
        // Before anyone is told that it serves: whoever waits for that line may end it at once.
        let interrupts = Interrupts::listen()?;
        let server = Server::bind(database.clone(), options).await?;
        let address = server.local_addr();
        if let Some((monitor, _)) = watched {
            monitor.serving(&database, &server)?;
        }
        say(&format!("muster: serving {} on {address} ({})", data.display(), psql(address)))?;
        if let Some((_, http)) = watched {
            say(&format!("muster: metrics on http://{http}/metrics, /healthz and /readyz"))?;
        }
        // For commands that find the folder locked; without it they name the process.
        let _served = Served::tell(data, address)?;
        let stop = async {
            tokio::select! {
                () = interrupts.heard() => {}
                () = ended => {}
            }
            if let Some((monitor, _)) = watched {
                monitor.stopping();
            }
        };
        server.run(stop).await?;
        Ok(())
    });
    if let Some((monitor, _)) = watched {
        monitor.stopped();
    }
    // The last handle but those of answers over HTTP: it is closed when this returns, as a rule.
    drop(database);
    served
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
