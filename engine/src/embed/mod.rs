//! Embedders: text in, vectors out.
//!
//! [`Embedder`] is the seam; [`embedder`] finds one by its model name, which is what a table's column
//! remembers. Today there is one: [`HashEmbedder`], lexical and without a model file.

mod batch;
mod features;
mod hash;
mod normalize;

use std::{fmt::Debug, sync::Arc};

use arrow::array::FixedSizeListArray;

pub use self::hash::HashEmbedder;
use crate::{Error, Result};

/// The model used where none is named.
pub const DEFAULT_MODEL: &str = "hash-v1";

/// What [`Error::UnknownModel`] lists.
const KNOWN: &str = "hash-v1 (768 dimensions), hash-v1:<dimensions> (64 to 4096)";

/// Turns text into vectors. The same text gives the same bits, for one model name, for ever.
pub trait Embedder: Send + Sync + Debug {
    /// The name that finds this embedder again, through [`embedder`].
    fn model(&self) -> &str;

    /// Elements in each vector.
    fn dimensions(&self) -> usize;

    /// Embeds one text into `out`: finite, and never zero.
    ///
    /// # Errors
    /// [`Error::Dimensions`] when `out` has another length than [`dimensions`](Self::dimensions).
    fn embed(&self, text: &str, out: &mut [f32]) -> Result<()>;

    /// Embeds many texts, on all cores where that pays. NULL in, NULL out.
    ///
    /// # Errors
    /// Those of [`embed`](Self::embed), and [`Error::Arrow`] when the batch is too big for one array.
    fn embed_batch(&self, texts: &[Option<&str>]) -> Result<FixedSizeListArray> {
        batch::embed_batch(self.dimensions(), texts, |text, out| self.embed(text, out))
    }
}

/// The embedder of a model name.
///
/// # Errors
/// [`Error::UnknownModel`], naming the known ones.
pub fn embedder(model: &str) -> Result<Arc<dyn Embedder>> {
    let unknown = || Error::UnknownModel { model: model.to_owned(), known: KNOWN };
    let dimensions = match model.strip_prefix(DEFAULT_MODEL) {
        Some("") => HashEmbedder::DEFAULT_DIMENSIONS,
        Some(suffix) => suffix.strip_prefix(':').and_then(|n| n.parse().ok()).ok_or_else(unknown)?,
        None => return Err(unknown()),
    };
    HashEmbedder::new(dimensions).map(|it| Arc::new(it) as Arc<dyn Embedder>).map_err(|_| unknown())
}
