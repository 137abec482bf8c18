//! BERT-class sentence models that run in this process, behind the feature `local-embedder`.
//!
//! - `folder`: what a model's folder says: configuration, pooling, longest text.
//! - `bert`: the model: tokens to vectors, by candle.

#[cfg(feature = "local-embedder")]
mod bert;
#[cfg(feature = "local-embedder")]
mod folder;

use muster_engine::Result;

use crate::config::EmbedderConfig;
use crate::source::Source;

/// The model of a configuration, whose folder is read here but for its weights.
///
/// # Errors
/// [`muster_engine::Error::Configuration`] for a folder that holds no model, or one that is not known here.
#[cfg(feature = "local-embedder")]
pub(crate) fn source(name: &str, config: &EmbedderConfig) -> Result<Box<dyn Source>> {
    Ok(Box::new(bert::Bert::open(name, config)?))
}

/// # Errors
/// [`muster_engine::Error::NotBuilt`].
#[cfg(not(feature = "local-embedder"))]
pub(crate) fn source(name: &str, _config: &EmbedderConfig) -> Result<Box<dyn Source>> {
    Err(muster_engine::Error::NotBuilt {
        model: name.to_string(),
        provider: "local",
        feature: "local-embedder",
    })
}
