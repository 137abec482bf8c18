//! What the folder of a sentence model says: the model's shape, how tokens become one vector, the longest text.
//!
//! It reads the small files and no weights. What it does not know it refuses by name, for vectors that are nearly right
//! are wrong.

use std::path::{Path, PathBuf};

use candle_transformers::models::bert::Config;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
/// What sentence-transformers keeps beside the model.
const MODULES: &str = "modules.json";
const SENTENCE: &str = "sentence_bert_config.json";
const POOLING: &str = "1_Pooling/config.json";

/// The least tokens of a text that a model must take: two mark its beginning and its end.
const LEAST_TOKENS: usize = 4;

/// How the vectors of a text's tokens become the text's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The mean of those that are no padding.
    Mean,
    /// That of the first token.
    Cls,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) config: Config,
    pub(super) pooling: Pooling,
    /// Tokens after which a text is cut, those that the model adds among them.
    pub(super) most_tokens: usize,
}

#[derive(Deserialize)]
struct Kind {
    model_type: Option<String>,
}

#[derive(Deserialize)]
struct Module {
    r#type: String,
}

#[derive(Deserialize)]
struct Sentence {
    max_seq_length: Option<usize>,
}

/// The modes that there are; a file has those that its version of sentence-transformers knew.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

impl Folder {
    /// # Errors
    /// What is missing or not known, as a sentence.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        for file in [CONFIG, TOKENIZER, WEIGHTS] {
            if !path.join(file).is_file() {
                return Err(format!("there is no {file} in {}", path.display()));
            }
        }
        let kind: Kind = required(path, CONFIG)?;
        match kind.model_type.as_deref() {
            Some("bert") => {}
            Some(other) => return Err(format!("a model of type \"{other}\" is not supported; bert is")),
            None => return Err(format!("{CONFIG} does not say the model_type")),
        }
        let config: Config = required(path, CONFIG)?;
        if let Some(modules) = optional::<Vec<Module>>(path, MODULES)? {
            let known = ["Transformer", "Pooling", "Normalize"];
            let unknown = modules
                .iter()
                .find(|module| module.r#type.rsplit('.').next().is_none_or(|last| !known.contains(&last)));
            if let Some(module) = unknown {
                return Err(format!("the module {} is not supported", module.r#type));
            }
        }
        let pooling = match optional::<PoolingConfig>(path, POOLING)? {
            Some(pooling) => pooling.mode()?,
            None => Pooling::Mean,
        };
        let sentence: Option<Sentence> = optional(path, SENTENCE)?;
        let said = sentence.and_then(|sentence| sentence.max_seq_length).unwrap_or(usize::MAX);
        let most_tokens = said.min(config.max_position_embeddings);
        if most_tokens < LEAST_TOKENS {
            return Err(format!("a model of {most_tokens} tokens takes no text"));
        }
        Ok(Self { path: path.to_path_buf(), config, pooling, most_tokens })
    }
}

impl PoolingConfig {
    fn mode(&self) -> Result<Pooling, String> {
        let modes = [
            ("cls", self.pooling_mode_cls_token),
            ("mean", self.pooling_mode_mean_tokens),
            ("max", self.pooling_mode_max_tokens),
            ("mean_sqrt_len", self.pooling_mode_mean_sqrt_len_tokens),
            ("weightedmean", self.pooling_mode_weightedmean_tokens),
            ("lasttoken", self.pooling_mode_lasttoken),
        ];
        let chosen: Vec<&str> = modes.iter().filter(|(_, chosen)| *chosen).map(|(mode, _)| *mode).collect();
        match chosen.as_slice() {
            ["mean"] => Ok(Pooling::Mean),
            ["cls"] => Ok(Pooling::Cls),
            [] => Err(format!("{POOLING} chooses no pooling")),
            other => Err(format!("pooling by {} is not supported", other.join(" and "))),
        }
    }
}

fn required<T: DeserializeOwned>(path: &Path, file: &str) -> Result<T, String> {
    optional(path, file)?.ok_or_else(|| format!("there is no {file} in {}", path.display()))
}

fn optional<T: DeserializeOwned>(path: &Path, file: &str) -> Result<Option<T>, String> {
    let text = match std::fs::read(path.join(file)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{file} cannot be read: {error}")),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| format!("{file} is not as expected: {error}"))
}
