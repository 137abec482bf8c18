//! A BERT-class sentence model, run by candle on the processor.
//!
//! The weights are read when a text is first embedded. Invariant: a text's vector does not depend on the texts that it
//! is computed with, but for the last bits of sums.

use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use muster_engine::{Error, Result};
use parking_lot::Mutex;
use tokenizers::{PaddingParams, PaddingStrategy, Tokenizer, TruncationParams};
use twox_hash::XxHash3_64;

use super::folder::{CONFIG, Folder, Pooling, TOKENIZER, WEIGHTS};
use crate::config::EmbedderConfig;
use crate::source::Source;
use crate::vectors::all_checked;

/// Texts of one run at most: between runs somebody may have cancelled.
const MOST_AT_ONCE: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Bert {
    name: String,
    folder: Folder,
    normalize: bool,
    at_once: usize,
    /// What a failed reading leaves empty: the next one may do.
    loaded: Mutex<Option<Arc<Loaded>>>,
}

struct Loaded {
    model: BertModel,
    tokenizer: Tokenizer,
    /// A hash of the files.
    version: u64,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Bert {
    /// # Errors
    /// [`Error::Configuration`] for a folder that holds no model, or one that is not known here.
    pub(super) fn open(name: &str, config: &EmbedderConfig) -> Result<Self> {
        let wrong = |reason| Error::Configuration { model: name.to_string(), reason };
        let path = config.path.as_deref().unwrap_or(Path::new("."));
        let folder = Folder::read(path).map_err(wrong)?;
        let found = folder.config.hidden_size;
        if let Some(dimensions) = config.dimensions.filter(|dimensions| *dimensions != found) {
            return Err(wrong(format!("the model has {found} dimensions, {dimensions} are configured")));
        }
        Ok(Self {
            name: name.to_string(),
            folder,
            normalize: config.normalize,
            at_once: config.batch.min(MOST_AT_ONCE),
            loaded: Mutex::new(None),
        })
    }

    fn failed(&self, reason: impl std::fmt::Display) -> Error {
        Error::Provider {
            model: self.name.clone(),
            endpoint: self.folder.path.display().to_string(),
            reason: reason.to_string(),
        }
    }

    fn loaded(&self) -> Result<Arc<Loaded>> {
        let mut loaded = self.loaded.lock();
        if let Some(loaded) = loaded.as_ref() {
            return Ok(loaded.clone());
        }
        let read = |file: &str| {
            std::fs::read(self.folder.path.join(file))
                .map_err(|error| self.failed(format!("{file} cannot be read: {error}")))
        };
        let (tokenizer, weights) = (read(TOKENIZER)?, read(WEIGHTS)?);
        let Folder { pooling, most_tokens, .. } = &self.folder;
        // All that decides the vectors.
        let parts = [&read(CONFIG)?, &tokenizer, &weights].map(|file| XxHash3_64::oneshot(file));
        let version = XxHash3_64::oneshot(format!("{parts:x?} {pooling:?} {most_tokens}").as_bytes());
        let tokenizer = self.tokenizer(&tokenizer)?;
        let variables = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu);
        let model = variables.and_then(|variables| BertModel::load(variables, &self.folder.config));
        let model = model.map_err(|error| self.failed(format!("{WEIGHTS}: {error}")))?;
        let read = Arc::new(Loaded { model, tokenizer, version });
        *loaded = Some(read.clone());
        Ok(read)
    }

    fn tokenizer(&self, json: &[u8]) -> Result<Tokenizer> {
        let wrong = |error: tokenizers::Error| self.failed(format!("{TOKENIZER}: {error}"));
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(wrong)?;
        let mut padding = tokenizer.get_padding().cloned().unwrap_or_else(|| PaddingParams {
            pad_id: u32::try_from(self.folder.config.pad_token_id).unwrap_or_default(),
            ..PaddingParams::default()
        });
        padding.strategy = PaddingStrategy::BatchLongest;
        tokenizer.with_padding(Some(padding));
        let truncation =
            TruncationParams { max_length: self.folder.most_tokens, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(wrong)?;
        Ok(tokenizer)
    }
}

impl Loaded {
    /// The vectors of a few texts.
    fn vectors(&self, texts: &[String], pooling: Pooling) -> Result<Vec<Vec<f32>>, String> {
        let inputs: Vec<&str> = texts.iter().map(String::as_str).collect();
        let encodings = self.tokenizer.encode_batch(inputs, true).map_err(|error| error.to_string())?;
        let tokens = encodings.first().map_or(0, |encoding| encoding.get_ids().len());
        let shape = (texts.len(), tokens);
        let tensor = |of: fn(&tokenizers::Encoding) -> &[u32]| {
            let values: Vec<u32> =
                encodings.iter().flat_map(|encoding| of(encoding).iter().copied()).collect();
            Tensor::from_vec(values, shape, &Device::Cpu)
        };
        let run = || {
            let (ids, types) =
                (tensor(tokenizers::Encoding::get_ids)?, tensor(tokenizers::Encoding::get_type_ids)?);
            let mask = tensor(tokenizers::Encoding::get_attention_mask)?;
            let hidden = self.model.forward(&ids, &types, Some(&mask))?;
            let pooled = match pooling {
                Pooling::Cls => hidden.narrow(1, 0, 1)?.squeeze(1)?,
                Pooling::Mean => {
                    let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
                    let sums = hidden.broadcast_mul(&mask)?.sum(1)?;
                    sums.broadcast_div(&mask.sum(1)?)?
                }
            };
            pooled.to_vec2::<f32>()
        };
        run().map_err(|error: candle_core::Error| error.to_string())
    }
}

impl Source for Bert {
    fn vectors(&self, texts: &[String], goes_on: &dyn Fn() -> bool) -> Result<Vec<Vec<f32>>> {
        let loaded = self.loaded()?;
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(self.at_once) {
            if !goes_on() {
                return Err(Error::Interrupted);
            }
            let computed = loaded
                .vectors(texts, self.folder.pooling)
                .and_then(|computed| all_checked(computed, texts.len(), self.dimensions(), self.normalize));
            vectors.extend(computed.map_err(|reason| self.failed(reason))?);
        }
        Ok(vectors)
    }

    /// Not the folder, which may be moved, but what is in it.
    fn fingerprint(&self) -> Result<String> {
        Ok(format!("local model={:016x}", self.loaded()?.version))
    }

    fn dimensions(&self) -> usize {
        self.folder.config.hidden_size
    }
}
