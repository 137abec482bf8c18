//! What the database is about: vectors, their distances, embedders, exact search and HNSW indexes.
//!
//! The engine takes Arrow and plain slices and gives them back. It knows no SQL, no files, no sockets, and
//! keeps no state between calls but buffers.
//!
//! - [`Metric`]: cosine, L2, L1 and inner product, with SIMD chosen at run time.
//! - [`Vectors`] of [`Row`]s: borrowed, of single or half precision; [`check_rows`] refuses what nothing below could handle.
//! - [`search()`]: the `k` nearest rows over the [`Part`]s of a table, through graphs or exactly.
//! - [`build_graph`] and [`Graph`]: the HNSW index, built by hnsw_rs and served from flat bytes.
//! - [`embedder`]: text to vectors.
//! - [`audit`]: how measurements differ.
//! - [`playbook`]: what answers that worked change.
//! - [`validate`]: the checks of what goes out to people.
//!
//! ```
//! use muster_engine::{Metric, Part, SearchOptions, Vectors, search};
//!
//! let values = [1.0, 0.0, 0.0, 1.0, 0.6, 0.8];
//! let vectors = Vectors::new(&values, 2, None)?;
//! let parts = [Part { vectors, allowed: None, graph: None }];
//! let options = SearchOptions { metric: Metric::Cosine, k: 2, ef: 40, exact: false };
//! let (hits, _) = search(&parts, &[0.0, 2.0], &options)?;
//! assert_eq!(hits.iter().map(|hit| hit.row).collect::<Vec<_>>(), [1, 2]);
//! # Ok::<(), muster_engine::Error>(())
//! ```

pub mod audit;
mod distance;
mod embed;
mod error;
mod exact;
mod hit;
mod hnsw;
mod kernels;
pub mod playbook;
mod row;
mod search;
pub mod validate;
mod vectors;

pub use self::{
    distance::{Metric, QueryDistance},
    embed::{DEFAULT_MODEL, Embedder, HashEmbedder, KNOWN_MODELS, Purpose, embedder, vectors_array},
    error::{Error, Result},
    hit::Hit,
    hnsw::{BuiltGraph, CodeBits, Graph, HnswParams, ReadIndex, build_graph},
    row::Row,
    search::{Part, SearchOptions, SearchStats, Strategy, search, search_within},
    vectors::{ReadRow, Vectors, check_rows, check_vector},
};
