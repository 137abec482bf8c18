//! Embedders that are not the engine's own: models of a provider over HTTP, models run in the process, and the cache
//! of what they gave.
//!
//! It knows sockets and files so that `muster-engine` need not, and no SQL. What a database embeds with is the
//! engine's trait, [`muster_engine::Embedder`], whoever does the work.
//!
//! - [`EmbedderConfig`]: what one embedder is, as a file or a program says it.
//! - [`Embedders`]: those of one database, the engine's among them, by their names.
//! - `embedding`: from texts to checked vectors: cache, batches, unit length.
//! - `remote`: the two protocols, and HTTP with retries.
//! - `local`: BERT-class models by candle, behind the feature `local-embedder`.
//! - `cache`: bounded, in memory and on disk; harmless to lose.
//!
//! ```
//! use muster_embedders::{CacheLimits, Embedders};
//!
//! let embedders = Embedders::open(Default::default(), CacheLimits::default(), None)?;
//! assert_eq!(embedders.get("hash-v1")?.dimensions(), 768);
//! assert!(embedders.get("nomic-embed-text").is_err());
//! # Ok::<(), muster_engine::Error>(())
//! ```

mod cache;
mod config;
mod embedding;
mod local;
mod registry;
mod remote;
mod source;
mod vectors;

pub use cache::{CacheCounts, CacheLimits};
pub use config::{EmbedderConfig, Provider, parse_duration};
pub use registry::Embedders;
