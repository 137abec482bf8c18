//! The thread that talks HTTP for all embedders of a database, and waiting for it.
//!
//! Whoever waits does so on a thread of its own and asks now and then whether it still should. When it should not, the
//! work is dropped, and with it the connection: the provider sees that nobody waits any more.

use std::fmt;
use std::future::Future;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use tokio::runtime::Runtime;

/// How often somebody who waits asks whether it should.
const LOOK: Duration = Duration::from_millis(20);
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(30);

type Pooled<C> = hyper_util::client::legacy::Client<C, Full<Bytes>>;

/// Sends requests; clones share their connections.
#[derive(Clone, Debug)]
pub(super) enum Client {
    Plain(Pooled<HttpConnector>),
    Tls(Pooled<HttpsConnector<HttpConnector>>),
}

/// See the module. It is started by the first request.
#[derive(Default)]
pub(crate) struct Transport(Mutex<Running>);

#[derive(Default)]
struct Running {
    runtime: Option<Runtime>,
    plain: Option<Client>,
    tls: Option<Client>,
}

impl Client {
    pub(super) fn request(&self, request: hyper::Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Tls(client) => client.request(request),
        }
    }
}

impl Transport {
    /// # Errors
    /// When the system gives no thread, or has no certificates and `tls` needs them.
    pub(super) fn client(&self, tls: bool) -> Result<Client, String> {
        let mut running = self.0.lock();
        if running.runtime.is_none() {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("muster-embedders")
                .enable_all()
                .build()
                .map_err(|error| format!("no thread for requests: {error}"))?;
            running.runtime = Some(runtime);
        }
        let kept = if tls { &mut running.tls } else { &mut running.plain };
        if let Some(client) = kept {
            return Ok(client.clone());
        }
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        let mut pool = legacy::Client::builder(TokioExecutor::new());
        pool.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        let client = if tls {
            http.enforce_http(false);
            let https = HttpsConnectorBuilder::new()
                .with_native_roots()
                .map_err(|error| format!("the system's certificates cannot be read: {error}"))?
                .https_only()
                .enable_http1()
                .wrap_connector(http);
            Client::Tls(pool.build(https))
        } else {
            Client::Plain(pool.build(http))
        };
        *kept = Some(client.clone());
        Ok(client)
    }

    /// Waits for work; `None` once `goes_on` says no. Not for threads on which others wait.
    ///
    /// # Errors
    /// When the work broke off.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<T>, String> {
        let handle = match &self.0.lock().runtime {
            Some(runtime) => runtime.handle().clone(),
            None => return Err("the thread for requests has ended".to_string()),
        };
        let (sender, receiver) = mpsc::sync_channel(1);
        let task = handle.spawn(async move {
            // Nobody receives it when nobody waits any more.
            let _nobody_waits = sender.send(work.await);
        });
        loop {
            match receiver.recv_timeout(LOOK) {
                Ok(done) => return Ok(Some(done)),
                Err(RecvTimeoutError::Timeout) if goes_on() => {}
                Err(RecvTimeoutError::Timeout) => {
                    task.abort();
                    return Ok(None);
                }
                Err(RecvTimeoutError::Disconnected) => return Err("the request's task broke off".to_string()),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not by dropping it, which waits, and cannot be done where others wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("running", &self.0.lock().runtime.is_some()).finish()
    }
}
