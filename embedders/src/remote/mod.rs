//! Embedders over HTTP.
//!
//! - [`Remote`]: a source of vectors: batches, requests under way at once, retries.
//! - [`Transport`]: the thread that talks, and waiting for it.
//! - `protocol`: what Ollama and OpenAI want to read and write.
//! - `endpoint`: where a provider is. `key`: the bearer key. `retry`: what is tried again, and when.

mod endpoint;
mod exchange;
mod key;
mod protocol;
mod retry;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use muster_engine::{Error, Result};

use self::endpoint::Endpoint;
use self::exchange::Exchange;
use self::key::ApiKey;
use self::protocol::Protocol;
pub(crate) use self::transport::Transport;
use crate::config::{EmbedderConfig, Provider};
use crate::source::Source;
use crate::vectors::all_checked;

/// See the module.
#[derive(Debug)]
pub(crate) struct Remote {
    request: Arc<Request>,
    key: ApiKey,
    transport: Arc<Transport>,
    requests: usize,
}

/// What all requests of an embedder have in common.
#[derive(Debug)]
struct Request {
    name: String,
    protocol: Protocol,
    endpoint: Endpoint,
    model: String,
    dimensions: usize,
    normalize: bool,
    batch: usize,
    timeout: Duration,
    retries: u32,
}

impl Remote {
    /// # Errors
    /// [`Error::Configuration`] for a URL that is none.
    pub(crate) fn new(name: &str, config: &EmbedderConfig, transport: Arc<Transport>) -> Result<Self> {
        let protocol = match config.provider {
            Provider::OpenAi => Protocol::OpenAi,
            Provider::Ollama | Provider::Local => Protocol::Ollama,
        };
        let url = config.url.as_deref().unwrap_or_default();
        let endpoint = Endpoint::of(url, protocol)
            .map_err(|reason| Error::Configuration { model: name.to_string(), reason })?;
        let request = Request {
            name: name.to_string(),
            protocol,
            endpoint,
            model: config.model(name).to_string(),
            dimensions: config.dimensions.unwrap_or_default(),
            normalize: config.normalize,
            batch: config.batch,
            timeout: config.timeout,
            retries: config.retries,
        };
        let key = ApiKey::of(config);
        Ok(Self { request: Arc::new(request), key, transport, requests: config.requests })
    }
}

impl Source for Remote {
    fn vectors(&self, texts: &[String], goes_on: &dyn Fn() -> bool) -> Result<Vec<Vec<f32>>> {
        let request = self.request.clone();
        let key = self.key.read().map_err(|reason| request.failed(reason))?;
        let client =
            self.transport.client(request.endpoint.is_tls()).map_err(|reason| request.failed(reason))?;
        let batches: Vec<Vec<String>> = texts.chunks(request.batch).map(<[String]>::to_vec).collect();
        let requests = self.requests;
        let work = async move {
            let exchanges = stream::iter(batches.into_iter().map(|texts| {
                let exchange =
                    Exchange { client: client.clone(), request: request.clone(), key: key.clone() };
                async move { exchange.vectors(texts).await }
            }));
            // In order; the first that fails ends the others.
            exchanges.buffered(requests).try_collect::<Vec<Vec<Vec<f32>>>>().await
        };
        let answered = self.transport.run(work, goes_on).map_err(|reason| self.request.failed(reason))?;
        Ok(answered.ok_or(Error::Interrupted)??.into_iter().flatten().collect())
    }

    fn fingerprint(&self) -> Result<String> {
        let Request { protocol, model, .. } = self.request.as_ref();
        Ok(format!("{protocol} model={model:?}"))
    }

    fn dimensions(&self) -> usize {
        self.request.dimensions
    }
}

impl Request {
    fn failed(&self, reason: impl Into<String>) -> Error {
        Error::Provider { model: self.name.clone(), endpoint: self.endpoint.host(), reason: reason.into() }
    }

    /// The vectors of an answer.
    fn read(&self, body: &[u8], texts: usize) -> Result<Vec<Vec<f32>>, String> {
        let vectors = self.protocol.read(body, texts)?;
        all_checked(vectors, texts, self.dimensions, self.normalize)
    }

    /// The most bytes that an answer may have: each number takes up to some 25, and providers say things beside.
    fn most_bytes(&self) -> usize {
        const OF_A_NUMBER: usize = 40;
        const BESIDE: usize = 1 << 20;
        self.batch.saturating_mul(self.dimensions).saturating_mul(OF_A_NUMBER).saturating_add(BESIDE)
    }
}
