//! The listening socket, and the connections that it has taken.
//!
//! Each connection is a task of its own: one that fails ends alone. Stopping lets running statements
//! finish for a grace time, then ends them.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use muster::Database;
use pgwire::api::ConnectionManager;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::auth::{Auth, Gate};
use super::cancel::{Stop, secret};
use super::connection::{Context, refuse, serve};
use super::error::{Error, Result};
use super::meter::Meter;
use super::places::Places;
use super::sink::Sink;
use super::startup::{Opening, open};
use super::stream::Stream;
use super::tls::{Tls, TlsOptions};

/// How long connections have for their last words, once their statements were ended.
const FAREWELL_TIME: Duration = Duration::from_secs(2);

/// When a silent peer is asked whether it is there, and again. PostgreSQL leaves this to the system, which waits for two hours.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(10));

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// An address that only this machine can reach, or any where passwords are asked for; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How many clients may be connected at once.
    pub max_connections: usize,
    /// How long running statements may go on after the server was told to stop.
    pub grace: Duration,
    /// How long a client may take to say who it is and show it (PostgreSQL's setting of that name).
    pub authentication_timeout: Duration,
    /// How clients show who they are.
    pub auth: Auth,
    /// The certificate to offer TLS with; none is offered without.
    pub tls: Option<TlsOptions>,
    /// Whether sessions that are not encrypted are turned away. They are, too, where clients must show a certificate.
    pub tls_required: bool,
}

impl ServeOptions {
    /// Serving at an address, with the defaults: 500 connections, 10 seconds of grace, a minute to come in.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            max_connections: 500,
            grace: Duration::from_secs(10),
            authentication_timeout: Duration::from_secs(60),
            auth: Auth::default(),
            tls: None,
            tls_required: false,
        }
    }
}

/// A server that listens, and serves once it is run.
pub struct Server {
    database: Database,
    listener: TcpListener,
    address: SocketAddr,
    options: ServeOptions,
    tls: Option<Tls>,
    gate: Gate,
    meter: Arc<Meter>,
}

impl Server {
    /// Listens at the address of `options`.
    ///
    /// # Errors
    ///
    /// [`Error::NoPassword`] and [`Error::TrustElsewhere`] for an address that other machines could reach without a
    /// password, [`Error::Listen`] for one that cannot be had, [`Error::TlsFile`] for a certificate or key that cannot be used.
    pub async fn bind(database: Database, options: ServeOptions) -> Result<Self> {
        let address = options.listen;
        let gate = Gate::new(options.auth, address, &database)?;
        if options.tls_required && options.tls.is_none() {
            return Err(Error::TlsMissing);
        }
        let tls = options.tls.as_ref().map(Tls::load).transpose()?;
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let meter = Arc::new(Meter::new(options.max_connections));
        Ok(Self { database, listener, address, options, tls, gate, meter })
    }

    /// What the server counts.
    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.meter.clone()
    }

    /// The address that clients connect to, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is done: then no one new is let in, running statements finish within
    /// the grace time, and all connections are closed.
    ///
    /// # Errors
    ///
    /// None today; errors of a connection end that connection only and are logged.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let (stop, stopping) = watch::channel(Stop::Running);
        let shows = self.options.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let hall = Hall {
            database: self.database,
            tls: self.tls,
            tls_required: self.options.tls_required || shows,
            registry: Arc::new(ConnectionManager::new()),
            meter: self.meter,
            gate: self.gate,
            arrivals: Arc::new(Semaphore::new(self.options.max_connections.saturating_mul(2))),
            places: Places::new(self.options.max_connections),
            limit: self.options.max_connections,
            authentication_timeout: self.options.authentication_timeout,
            stop: stopping,
        };
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = connections.join_next(), if !connections.is_empty() => log_end(ended),
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(hall.clone().host(stream, peer));
                    }
                    Err(error) => {
                        // Out of file descriptors, most likely: those in use will come back.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
        drop(self.listener);
        let _ = stop.send(Stop::Draining);
        if !drained(&mut connections, self.options.grace).await {
            tracing::warn!(
                connections = connections.len(),
                "statements still run after the grace time: ending them"
            );
            let _ = stop.send(Stop::Now);
            if !drained(&mut connections, FAREWELL_TIME).await {
                connections.shutdown().await;
            }
        }
        Ok(())
    }
}

/// Waits until all connections have ended; false when they have not in time.
async fn drained(connections: &mut JoinSet<()>, time: Duration) -> bool {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            log_end(ended);
        }
    };
    tokio::time::timeout(time, all).await.is_ok()
}

fn log_end(ended: std::result::Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed; its connection is closed");
    }
}

/// What connections share.
#[derive(Clone)]
struct Hall {
    database: Database,
    tls: Option<Tls>,
    tls_required: bool,
    registry: Arc<ConnectionManager>,
    meter: Arc<Meter>,
    gate: Gate,
    /// For those who have not shown yet who they are.
    arrivals: Arc<Semaphore>,
    places: Places,
    limit: usize,
    authentication_timeout: Duration,
    stop: watch::Receiver<Stop>,
}

impl Hall {
    /// Serves one connection, and logs how it ended, with the process id of its session if it came to one.
    async fn host(self, stream: TcpStream, peer: SocketAddr) {
        tracing::debug!(%peer, "connected");
        self.meter.accept();
        let mut pid = None;
        match self.serve(stream, &mut pid).await {
            Ok(()) => tracing::debug!(%peer, pid, "disconnected"),
            Err(error) => tracing::info!(%peer, pid, sqlstate = error.sqlstate(), %error, "connection ended"),
        }
    }

    async fn serve(mut self, stream: TcpStream, pid: &mut Option<i32>) -> Result<()> {
        // Answers are flushed whole; waiting to fill a packet would only delay them.
        stream.set_nodelay(true)?;
        // A peer that is gone without a word gives its place back.
        SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE)?;
        let mut stream = Stream::Plain(stream);
        let deadline = Instant::now() + self.authentication_timeout;
        let Ok(arrival) = self.arrivals.clone().try_acquire_owned() else {
            return self.turn_away(stream, Error::TooManyConnections { limit: self.limit }).await;
        };
        let mut buffer = BytesMut::with_capacity(8 * 1024);
        let opening = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop != Stop::Running) => Err(Error::ShuttingDown),
            opening = tokio::time::timeout_at(deadline, open(&mut stream, &mut buffer, self.tls.as_ref())) => opening.unwrap_or_else(|_| {
                Err(Error::ProtocolFatal { message: "the startup packet did not come in time".to_string() })
            }),
        };
        let opening = match opening {
            Ok(opening) => opening,
            Err(error) => return self.turn_away(stream, error).await,
        };
        let startup = match opening {
            Opening::Start(startup) => startup,
            // Clients send it without encryption, and without a password: its key tells as much as it needs.
            Opening::Cancel { id, key } => {
                self.registry.cancel(id, &secret(key)).await;
                return Ok(());
            }
            Opening::Closed => return Ok(()),
        };
        if self.tls_required && !stream.is_encrypted() {
            return self.turn_away(stream, Error::NotEncrypted).await;
        }
        let end_point = stream.end_point();
        let admission =
            self.gate.admit(&self.database, &startup, &mut stream, &mut buffer, end_point.as_deref());
        let admission = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop != Stop::Running) => Err(Error::ShuttingDown),
            admission = tokio::time::timeout_at(deadline, admission) => admission.unwrap_or_else(|_| {
                Err(Error::ProtocolFatal { message: "canceling authentication due to timeout".to_string() })
            }),
        };
        let room = admission.and_then(|entrant| Ok((self.places.take(entrant.role.as_ref())?, entrant)));
        let (_place, entrant) = match room {
            Ok(room) => room,
            Err(error) => return self.turn_away(stream, error).await,
        };
        drop(arrival);
        entrant.session.set_max_connections(self.limit);
        *pid = Some(entrant.session.process());
        let _open = self.meter.open();
        let context = Context { registry: self.registry, meter: self.meter, stop: self.stop };
        serve(context, stream, buffer, startup, entrant.session).await
    }

    /// Tells a client that has not begun why it cannot.
    async fn turn_away(&self, stream: Stream, error: Error) -> Result<()> {
        self.meter.refuse();
        // Kept until the answer is sent: closing it with bytes unread would reset the connection.
        let (_reader, writer) = stream.split(&self.meter);
        let mut sink = Sink::new(writer, self.meter.clone());
        match tokio::time::timeout(FAREWELL_TIME, refuse(&mut sink, error)).await {
            Ok(result) => result,
            Err(_) => Ok(()),
        }
    }
}
