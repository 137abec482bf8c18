//! `--config`: the file that says where the database is and what it is opened with, which embedders there are, and what the server
//! is started with.
//!
//! ```toml
//! data = "/var/lib/muster"
//! playbook_max_distance = 0.15
//!
//! [server]
//! listen = "127.0.0.1:5433"
//! http_listen = "127.0.0.1:9433"
//!
//! [embedders.nomic-embed-text]
//! provider = "ollama"
//! url = "http://127.0.0.1:11434"
//! dimensions = 768
//!
//! [embedding_cache]
//! memory = "64MiB"
//! disk = "1GiB"
//! ```
//!
//! It holds no secret: a key is in an environment variable or a file that it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use muster::{CacheLimits, EmbedderConfig, Options};
use serde::{Deserialize, Deserializer, de};

use super::error::{Error, Result};
use super::settings::{ServerSection, Written};
use super::size;

/// `--config`, the same in every subcommand that opens a database.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArg {
    /// A TOML file: the database's folder, embedders, how far playbooks reach, settings of the server
    #[arg(long, value_name = "FILE", env = "MUSTER_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    playbook_max_distance: Option<f64>,
    #[serde(default)]
    pub(crate) server: ServerSection,
    #[serde(default)]
    embedders: BTreeMap<String, EmbedderConfig>,
    #[serde(default)]
    embedding_cache: Cache,
}

/// What was read, and where.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    pub(crate) path: Option<PathBuf>,
    pub(crate) config: Config,
    /// As it was written, for those who ask what there is.
    pub(crate) table: toml::Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cache {
    #[serde(default, deserialize_with = "bytes")]
    memory: Option<u64>,
    #[serde(default, deserialize_with = "bytes")]
    disk: Option<u64>,
}

impl ConfigArg {
    /// The file, if one is named.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, [`Error::Config`] when it says what cannot be.
    pub(crate) fn read(&self) -> Result<ConfigFile> {
        let Some(path) = &self.config else { return Ok(ConfigFile::default()) };
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let config = parse(path, &text)?;
        let table = toml::from_str(&text).map_err(|error: toml::de::Error| Error::Config {
            path: path.clone(),
            reason: error.message().to_string(),
        })?;
        Ok(ConfigFile { path: Some(path.clone()), config, table })
    }
}

impl ConfigFile {
    /// The options with what the file says.
    pub(crate) fn apply(self, options: Options) -> Options {
        // A model's folder is meant from where the file is.
        let folder = self.folder();
        let Config { playbook_max_distance, embedders, embedding_cache, .. } = self.config;
        let default = CacheLimits::default();
        let embedding_cache = CacheLimits {
            memory_bytes: embedding_cache.memory.unwrap_or(default.memory_bytes),
            disk_bytes: embedding_cache.disk.unwrap_or(default.disk_bytes),
        };
        let placed = |(name, mut config): (String, EmbedderConfig)| {
            config.path = config.path.map(|path| folder.join(path));
            config.api_key_file = config.api_key_file.map(|path| folder.join(path));
            (name, config)
        };
        let embedders = embedders.into_iter().map(placed).collect();
        Options { playbook_max_distance, embedders, embedding_cache, ..options }
    }

    /// The database's folder, as it is written.
    pub(crate) fn data(&self) -> Option<Written> {
        self.config.data.clone().map(Written::Text)
    }

    fn folder(&self) -> PathBuf {
        self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_path_buf()
    }
}

fn parse(path: &Path, text: &str) -> Result<Config> {
    toml::from_str(text).map_err(|error| {
        let line =
            error.span().map(|span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        Error::Config { path: path.to_path_buf(), reason: format!("{place}{}", error.message()) }
    })
}

/// A size as the command line takes it, or a number of bytes.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Bytes(u64),
    }
    match Written::deserialize(deserializer)? {
        Written::Bytes(bytes) => Ok(Some(bytes)),
        Written::Text(text) => {
            let bytes = size::parse(&text).map_err(de::Error::custom)?;
            Ok(Some(bytes as u64))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_which_embedders_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("muster.toml");
        let text = "data = \"people\"\nplaybook_max_distance = 0.2\n[embedders.nomic-embed-text]\nprovider = \"ollama\"\nurl = \"http://127.0.0.1:1\"\ndimensions = 8\n\
                    api_key_file = \"key\"\ntimeout = \"5s\"\n[embedding_cache]\nmemory = \"1MiB\"\ndisk = 0\n";
        std::fs::write(&path, text).unwrap();
        let file = ConfigArg { config: Some(path) }.read().unwrap();
        assert_eq!(file.data(), Some(Written::Text("people".to_string())));
        let options = file.apply(Options { cache_bytes: Some(7), ..Options::default() });
        assert_eq!((options.cache_bytes, options.playbook_max_distance), (Some(7), Some(0.2)));
        assert_eq!(options.embedding_cache, CacheLimits { memory_bytes: 1 << 20, disk_bytes: 0 });
        let config = options.embedders.get("nomic-embed-text").unwrap();
        assert_eq!(config.dimensions, Some(8));
        assert_eq!(config.api_key_file, Some(dir.path().join("key")));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let said = |text: &str| parse(Path::new("m.toml"), text).unwrap_err().to_string();
        assert!(said("\n[embedder.x]\nprovider = \"ollama\"").contains("line 2: unknown field `embedder`"));
        assert!(said("[server]\nlisen = \"h\"").contains("line 2: unknown field `lisen`"));
        assert!(said("[embedders.x]\nprovider = \"ollama\"\nulr = \"h\"").contains("unknown field `ulr`"));
        assert!(said("[embedders.x]\nprovider = \"cohere\"").contains("unknown variant `cohere`"));
        assert!(said("[embedding_cache]\nmemory = \"lots\"").contains("line 2"));
        assert!(said("[embedders").contains("line 1"));
    }
}
