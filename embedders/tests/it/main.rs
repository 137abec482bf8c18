//! Embedders against a provider that speaks real HTTP, and a model in a folder against an independent computation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod faults;
#[cfg(feature = "local-embedder")]
mod local;
#[allow(dead_code, reason = "the tests of several packages use it, each a part")]
mod provider;
mod remote;

use std::time::Duration;

use muster_embedders::{CacheLimits, EmbedderConfig, Embedders, Provider as Kind};
use muster_engine::{Embedder, Purpose, Result};
use provider::Provider;
use std::sync::Arc;

/// Elements of the vectors here.
const DIMENSIONS: usize = 5;

/// A configuration for a provider that is asked without patience.
fn config(kind: Kind, provider: &Provider) -> EmbedderConfig {
    let mut config = EmbedderConfig::new(kind);
    config.url = Some(provider.url());
    config.dimensions = Some(DIMENSIONS);
    config.timeout = Duration::from_secs(10);
    config
}

/// The embedders of one configuration, under the name `x`, with a cache in memory.
fn embedders(config: EmbedderConfig) -> Embedders {
    Embedders::open([("x".to_string(), config)].into(), CacheLimits::default(), None).unwrap()
}

fn embedder(config: EmbedderConfig) -> Arc<dyn Embedder> {
    embedders(config).get("x").unwrap()
}

/// The vectors of documents.
fn embed(embedder: &dyn Embedder, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
    embed_for(embedder, Purpose::Document, texts)
}

fn embed_for(embedder: &dyn Embedder, purpose: Purpose, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
    let texts: Vec<Option<&str>> = texts.iter().copied().map(Some).collect();
    let array = embedder.embed_for(purpose, &texts, &|| true)?;
    let vectors = muster_engine::Vectors::from_array(&array).unwrap();
    Ok((0..texts.len()).map(|row| vectors.get(row).unwrap().to_vec()).collect())
}
