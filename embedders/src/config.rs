//! What one embedder is, as a configuration says it.
//!
//! It opens nothing. Invariant: a configuration that passed [`EmbedderConfig::check`] has what its provider needs.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use muster_engine::{Error, Result};
use serde::{Deserialize, Deserializer, de};

/// The most dimensions that a vector column has.
const MOST_DIMENSIONS: usize = 16_000;
/// The most texts of one request: more make answers that take long to repeat.
const MOST_BATCH: usize = 4096;
const MOST_RETRIES: u32 = 20;
const MOST_REQUESTS: usize = 64;

/// Who computes the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// `POST /api/embed`, as Ollama has it.
    Ollama,
    /// `POST /v1/embeddings`, as OpenAI and many others have it.
    OpenAi,
    /// A BERT-class model in a folder, run in this process. Needs the feature `local-embedder`.
    Local,
}

/// One embedder. [`EmbedderConfig::new`] gives the defaults; in TOML a table has keys of the same names.
///
/// ```
/// let config: muster_embedders::EmbedderConfig = toml::from_str(
///     r#"
///     provider = "ollama"
///     url = "http://127.0.0.1:11434"
///     model = "nomic-embed-text"
///     dimensions = 768
///     document_prefix = "search_document: "
///     query_prefix = "search_query: "
///     timeout = "30s"
///     "#,
/// )?;
/// assert!(config.normalize);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EmbedderConfig {
    /// Who computes the vectors.
    pub provider: Provider,
    /// Where an HTTP provider is: `http://host:port` or `https://host/path`.
    #[serde(default)]
    pub url: Option<String>,
    /// The provider's name of the model; the embedder's own name unless given.
    #[serde(default)]
    pub model: Option<String>,
    /// The folder of a local model.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// Elements of each vector. A local model knows them itself.
    #[serde(default)]
    pub dimensions: Option<usize>,
    /// Texts of one request, or of one run of a local model.
    #[serde(default = "default_batch")]
    pub batch: usize,
    /// Requests of one statement that are under way at once.
    #[serde(default = "default_requests")]
    pub requests: usize,
    /// The longest that one request may take, from connecting to the last byte of the answer.
    #[serde(default = "default_timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// How often a request is repeated that could not be answered: no connection, no answer in time, 429, 5xx.
    #[serde(default = "default_retries")]
    pub retries: u32,
    /// Stands before each text that is to be found.
    #[serde(default)]
    pub document_prefix: String,
    /// Stands before each text that is searched with.
    #[serde(default)]
    pub query_prefix: String,
    /// Whether vectors are brought to unit length.
    #[serde(default = "default_normalize")]
    pub normalize: bool,
    /// The environment variable with the bearer key.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// The file with the bearer key.
    #[serde(default)]
    pub api_key_file: Option<PathBuf>,
}

fn default_batch() -> usize {
    64
}

fn default_requests() -> usize {
    2
}

fn default_timeout() -> Duration {
    Duration::from_secs(30)
}

fn default_retries() -> u32 {
    3
}

fn default_normalize() -> bool {
    true
}

impl EmbedderConfig {
    /// A configuration with nothing but defaults; what the provider needs is still to be set.
    #[must_use]
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            url: None,
            model: None,
            path: None,
            dimensions: None,
            batch: default_batch(),
            requests: default_requests(),
            timeout: default_timeout(),
            retries: default_retries(),
            document_prefix: String::new(),
            query_prefix: String::new(),
            normalize: default_normalize(),
            api_key_env: None,
            api_key_file: None,
        }
    }

    /// The provider's name of the model.
    pub(crate) fn model<'a>(&'a self, name: &'a str) -> &'a str {
        self.model.as_deref().unwrap_or(name)
    }

    /// # Errors
    /// [`Error::Configuration`] with what is missing, too much or out of range.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let wrong = |reason: String| Err(Error::Configuration { model: name.to_string(), reason });
        if name.is_empty() || name.contains(char::is_control) {
            return wrong("its name is empty or has control characters".to_string());
        }
        // The engine's names, and those that it may have one day.
        if name.starts_with("hash-") {
            return wrong("names that begin with \"hash-\" are the built-in embedder's".to_string());
        }
        /// Keys, and whether each is given.
        type Keys<'a> = &'a [(&'a str, bool)];
        let (needed, unknown): (Keys<'_>, Keys<'_>) = match self.provider {
            Provider::Ollama | Provider::OpenAi => (
                &[("url", self.url.is_some()), ("dimensions", self.dimensions.is_some())],
                &[("path", self.path.is_some())],
            ),
            Provider::Local => (
                &[("path", self.path.is_some())],
                &[
                    ("url", self.url.is_some()),
                    ("model", self.model.is_some()),
                    ("api_key_env", self.api_key_env.is_some()),
                    ("api_key_file", self.api_key_file.is_some()),
                ],
            ),
        };
        if let Some((key, _)) = needed.iter().find(|(_, given)| !given) {
            return wrong(format!("provider {} needs the key \"{key}\"", self.provider));
        }
        if let Some((key, _)) = unknown.iter().find(|(_, given)| *given) {
            return wrong(format!("provider {} has no key \"{key}\"", self.provider));
        }
        if self.api_key_env.is_some() && self.api_key_file.is_some() {
            return wrong("only one of \"api_key_env\" and \"api_key_file\" can be given".to_string());
        }
        let within = |key: &str, value: u64, least: u64, most: u64| match (least..=most).contains(&value) {
            true => Ok(()),
            false => wrong(format!("{key} must be between {least} and {most}, not {value}")),
        };
        within("dimensions", self.dimensions.unwrap_or(1) as u64, 1, MOST_DIMENSIONS as u64)?;
        within("batch", self.batch as u64, 1, MOST_BATCH as u64)?;
        within("requests", self.requests as u64, 1, MOST_REQUESTS as u64)?;
        within("retries", self.retries.into(), 0, MOST_RETRIES.into())?;
        if self.timeout.is_zero() {
            return wrong("timeout must be more than nothing".to_string());
        }
        Ok(())
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Local => "local",
        })
    }
}

/// Reads `250ms`, `30s`, `2min`, `1h`; a bare number is seconds.
///
/// # Errors
/// A sentence that says what would be right.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let number = number.parse::<u64>().ok().filter(|_| milliseconds > 0);
    let all = number.and_then(|number| number.checked_mul(milliseconds));
    all.map(Duration::from_millis)
        .ok_or_else(|| format!("\"{text}\" is no duration; write 250ms, 30s or 2min"))
}

/// A duration as text, or as a number of seconds.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Seconds(u64),
    }
    match Written::deserialize(deserializer)? {
        Written::Text(text) => parse_duration(&text).map_err(de::Error::custom),
        Written::Seconds(seconds) => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, milliseconds) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("2min", 120_000),
            ("5", 5000),
            ("1 m", 60_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "1h30", "-1s", "99999999999999999999s", "1.5s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let mut config = EmbedderConfig::new(Provider::OpenAi);
        let said = |config: &EmbedderConfig| config.check("x").unwrap_err().to_string();
        assert!(said(&config).contains("needs the key \"url\""));
        config.url = Some("http://127.0.0.1".to_string());
        assert!(said(&config).contains("needs the key \"dimensions\""));
        config.dimensions = Some(3);
        config.check("x").unwrap();
        assert!(config.check("hash-v2").unwrap_err().to_string().contains("built-in"));
        config.path = Some("folder".into());
        assert!(said(&config).contains("has no key \"path\""));
        config.path = None;
        config.batch = 0;
        assert!(said(&config).contains("batch must be between 1 and"));
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused() {
        let read = |text: &str| toml::from_str::<EmbedderConfig>(text);
        let config = read("provider = \"openai\"\ntimeout = 5\nretries = 0").unwrap();
        assert_eq!((config.timeout, config.retries), (Duration::from_secs(5), 0));
        assert!(read("provider = \"openai\"\nurll = \"x\"").unwrap_err().to_string().contains("urll"));
        assert!(read("provider = \"word2vec\"").is_err());
    }
}
