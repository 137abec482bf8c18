//! The embedders of one database, by their names.
//!
//! Opening it talks to nobody and reads no model: a provider that is down, or a model that is not there, is told when
//! somebody embeds with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use muster_engine::{Embedder, Error, KNOWN_MODELS, Result};

use crate::cache::{Cache, CacheCounts, CacheLimits};
use crate::config::{EmbedderConfig, Provider};
use crate::embedding::Configured;
use crate::local;
use crate::remote::{Remote, Transport};
use crate::source::Source;

/// See the module.
#[derive(Debug)]
pub struct Embedders {
    configured: BTreeMap<String, Arc<dyn Embedder>>,
    cache: Arc<Cache>,
}

impl Embedders {
    /// The engine's embedders and these. `cache_dir` is a folder for the cache alone, made when it is needed; without
    /// one the cache is in memory only.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a configuration that cannot be; [`Error::NotBuilt`] for a local embedder in a build
    /// without them.
    pub fn open(
        configs: BTreeMap<String, EmbedderConfig>,
        limits: CacheLimits,
        cache_dir: Option<&Path>,
    ) -> Result<Self> {
        let cache = Arc::new(Cache::new(limits, cache_dir));
        let transport = Arc::new(Transport::default());
        let mut configured: BTreeMap<String, Arc<dyn Embedder>> = BTreeMap::new();
        for (name, config) in configs {
            config.check(&name)?;
            let source: Box<dyn Source> = match config.provider {
                Provider::Ollama | Provider::OpenAi => {
                    Box::new(Remote::new(&name, &config, transport.clone())?)
                }
                Provider::Local => local::source(&name, &config)?,
            };
            let embedder = Configured {
                name: name.clone(),
                document_prefix: config.document_prefix,
                query_prefix: config.query_prefix,
                normalize: config.normalize,
                source,
                cache: cache.clone(),
            };
            configured.insert(name, Arc::new(embedder));
        }
        Ok(Self { configured, cache })
    }

    /// The embedder of a model name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], naming those that there are.
    pub fn get(&self, model: &str) -> Result<Arc<dyn Embedder>> {
        if let Some(embedder) = self.configured.get(model) {
            return Ok(embedder.clone());
        }
        muster_engine::embedder(model).map_err(|error| match error {
            Error::UnknownModel { model, .. } => {
                let names = self.configured.keys().map(String::as_str);
                let known: Vec<&str> = [KNOWN_MODELS].into_iter().chain(names).collect();
                Error::UnknownModel { model, known: known.join(", ") }
            }
            other => other,
        })
    }

    /// Whether any of them may take longer than a computation does.
    #[must_use]
    pub fn any_waits(&self) -> bool {
        !self.configured.is_empty()
    }

    /// What the cache did since it was opened.
    #[must_use]
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }
}
