//! The port for those who watch the server: `/metrics`, `/healthz`, `/readyz`.
//!
//! - [`Http`]: the listening socket, and what a request may cost.
//! - [`Monitor`]: how far the server is, and the answers.
//! - `metrics`: the counts in Prometheus' words; `process`: what the process takes of the machine.
//!
//! It changes nothing and knows no SQL but one query. Invariants: who reaches it from elsewhere reads nothing of the
//! database without a token; a client that is slow, or sends much, holds up nobody but itself, and not for long.

mod error;
mod metrics;
mod monitor;
mod process;

pub use error::{Error, Result};
pub use monitor::Monitor;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Requests that are answered at once; a further connection is closed. Probes and a few Prometheus servers need fewer.
const CONNECTIONS: usize = 32;

/// How long a client may take to send its request.
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// How long a connection lasts, with its answer.
const CONNECTION_TIME: Duration = Duration::from_secs(15);

/// The longest head of a request, in bytes. The body of none is read.
const LONGEST_HEAD: usize = 16 * 1024;

/// The shortest token: what is shorter is guessed.
const SHORTEST_TOKEN: usize = 16;

/// Where to listen.
#[derive(Clone)]
pub struct HttpOptions {
    /// An address that only this machine can reach, or any with a token; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What `/metrics` wants to be shown (`Authorization: Bearer ...`).
    pub token: Option<String>,
}

/// See the module.
pub struct Http {
    listener: TcpListener,
    address: SocketAddr,
    asked: Asked,
}

/// What requests are answered with.
#[derive(Clone)]
struct Asked {
    token: Option<Arc<str>>,
    monitor: Monitor,
}

impl Http {
    /// Listens.
    ///
    /// # Errors
    /// [`Error::NoToken`] for an address that other machines reach, without a token; [`Error::ShortToken`];
    /// [`Error::Listen`] for an address that cannot be had.
    pub async fn bind(options: HttpOptions, monitor: Monitor) -> Result<Self> {
        let address = options.listen;
        if options.token.is_none() && !address.ip().is_loopback() {
            return Err(Error::NoToken { address });
        }
        if options.token.as_ref().is_some_and(|token| token.len() < SHORTEST_TOKEN) {
            return Err(Error::ShortToken { least: SHORTEST_TOKEN });
        }
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, asked: Asked { token: options.token.map(Arc::from), monitor } })
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is done; what is being answered then is left.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let Ok(place) = places.clone().try_acquire_owned() else { continue };
                        let asked = self.asked.clone();
                        connections.spawn(async move {
                            let _place = place;
                            asked.serve(stream).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the HTTP port could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
    }
}

impl Asked {
    /// Answers one request.
    async fn serve(self, stream: TcpStream) {
        let service = service_fn(move |request: Request<Incoming>| {
            let (asked, head) = (self.clone(), request.into_parts().0);
            async move { Ok::<_, Infallible>(asked.answer(&head).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_TIME)
            .max_buf_size(LONGEST_HEAD)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        match tokio::time::timeout(CONNECTION_TIME, connection).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a request over HTTP was not one"),
            Err(_) => tracing::debug!("a client of the HTTP port took too long"),
        }
    }

    async fn answer(&self, request: &Parts) -> Response<Full<Bytes>> {
        if !matches!(request.method, Method::GET | Method::HEAD) {
            let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        match request.uri.path() {
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => match self.monitor.ready().await {
                Ok(()) => text(StatusCode::OK, "ready\n"),
                Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
            },
            "/metrics" if !self.is_allowed(request) => {
                let mut refusal = text(StatusCode::UNAUTHORIZED, "a token is needed\n");
                refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                refusal
            }
            "/metrics" => match self.monitor.metrics().await {
                Ok(metrics) => {
                    let mut answer = text(StatusCode::OK, metrics);
                    let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
                    answer.headers_mut().insert(CONTENT_TYPE, kind);
                    answer
                }
                Err(reason) => {
                    tracing::warn!(%reason, "the metrics could not be gathered");
                    text(StatusCode::INTERNAL_SERVER_ERROR, format!("{reason}\n"))
                }
            },
            _ => text(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n"),
        }
    }

    fn is_allowed(&self, request: &Parts) -> bool {
        let Some(token) = &self.token else { return true };
        let given = request.headers.get(AUTHORIZATION).and_then(|given| given.to_str().ok());
        let given = given.and_then(|given| given.split_once(' '));
        given.is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case("bearer")
                && bool::from(given.trim().as_bytes().ct_eq(token.as_bytes()))
        })
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
