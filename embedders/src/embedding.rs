//! A configured embedder: texts with their prefixes, the cache before the source.
//!
//! Invariant: a text that occurs several times, in one call or in the cache, is computed once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::FixedSizeListArray;
use muster_engine::{Embedder, Error, Purpose, Result, vectors_array};

use crate::cache::{Cache, Key};
use crate::source::Source;

/// See the module.
#[derive(Debug)]
pub(crate) struct Configured {
    pub(crate) name: String,
    pub(crate) document_prefix: String,
    pub(crate) query_prefix: String,
    pub(crate) normalize: bool,
    pub(crate) source: Box<dyn Source>,
    pub(crate) cache: Arc<Cache>,
}

impl Configured {
    fn prefix(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::Document => &self.document_prefix,
            Purpose::Query => &self.query_prefix,
        }
    }

    /// One vector a text.
    fn vectors(
        &self,
        purpose: Purpose,
        texts: &[Option<&str>],
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Option<Arc<[f32]>>>> {
        let prefix = self.prefix(purpose);
        // Not the prefixes of both purposes: a text's vector depends on its own.
        let model = format!("{} normalize={}", self.source.fingerprint()?, self.normalize);
        // By text, its place among the texts that differ.
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut found: Vec<Option<Arc<[f32]>>> = Vec::new();
        let mut missing: Vec<(usize, Key, String)> = Vec::new();
        for text in texts.iter().flatten() {
            if places.contains_key(text) {
                continue;
            }
            let place = found.len();
            places.insert(text, place);
            let key = Key::of(&model, prefix, text);
            let cached = self.cache.get(&key, self.source.dimensions());
            if cached.is_none() {
                missing.push((place, key, format!("{prefix}{text}")));
            }
            found.push(cached);
        }
        if !missing.is_empty() {
            let wanted: Vec<String> = missing.iter_mut().map(|(_, _, text)| std::mem::take(text)).collect();
            let computed = self.source.vectors(&wanted, goes_on)?;
            if computed.len() != missing.len() {
                return Err(Error::Provider {
                    model: self.name.clone(),
                    endpoint: "its answers".to_string(),
                    reason: format!("{} vectors came for {} texts", computed.len(), missing.len()),
                });
            }
            for ((place, key, _), vector) in missing.into_iter().zip(computed) {
                let vector: Arc<[f32]> = vector.into();
                self.cache.put(key, &vector);
                if let Some(slot) = found.get_mut(place) {
                    *slot = Some(vector);
                }
            }
        }
        let of = |text: &Option<&str>| {
            text.and_then(|text| places.get(text)).and_then(|place| found.get(*place)).cloned().flatten()
        };
        Ok(texts.iter().map(of).collect())
    }
}

impl Embedder for Configured {
    fn model(&self) -> &str {
        &self.name
    }

    fn dimensions(&self) -> usize {
        self.source.dimensions()
    }

    fn embed(&self, text: &str, out: &mut [f32]) -> Result<()> {
        if out.len() != self.dimensions() {
            return Err(Error::Dimensions { expected: self.dimensions(), found: out.len() });
        }
        let vectors = self.vectors(Purpose::Document, &[Some(text)], &|| true)?;
        if let Some(vector) = vectors.into_iter().flatten().next() {
            out.copy_from_slice(&vector);
        }
        Ok(())
    }

    fn embed_batch(&self, texts: &[Option<&str>]) -> Result<FixedSizeListArray> {
        self.embed_for(Purpose::Document, texts, &|| true)
    }

    fn embed_for(
        &self,
        purpose: Purpose,
        texts: &[Option<&str>],
        goes_on: &dyn Fn() -> bool,
    ) -> Result<FixedSizeListArray> {
        let vectors = self.vectors(purpose, texts, goes_on)?;
        vectors_array(self.dimensions(), vectors.iter().map(|vector| vector.as_deref()))
    }

    fn fingerprint(&self) -> Result<Option<String>> {
        let (document, query) = (&self.document_prefix, &self.query_prefix);
        Ok(Some(format!(
            "{} dimensions={} normalize={} document_prefix={document:?} query_prefix={query:?}",
            self.source.fingerprint()?,
            self.source.dimensions(),
            self.normalize
        )))
    }

    fn waits(&self) -> bool {
        true
    }
}
