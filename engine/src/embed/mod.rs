//! Embedders: text in, vectors out.
//!
//! [`Embedder`] is the seam; [`embedder`] finds one by its model name, which is what a table's column
//! remembers. Here there is one: [`HashEmbedder`], lexical and without a model file. Those that need sockets or
//! files are made elsewhere (the package `muster-embedders`) and come in by the trait.

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

/// The names that the engine knows by itself, as [`Error::UnknownModel`] lists them.
pub const KNOWN_MODELS: &str = "hash-v1 (768 dimensions), hash-v1:<dimensions> (64 to 4096)";

/// What a text is embedded for: some models want to be told, by a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To find with.
    Query,
}

/// Turns text into vectors. The same text gives the same bits, for one model name and one
/// [`fingerprint`](Self::fingerprint), for ever.
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

    /// As [`embed_batch`](Self::embed_batch), for a purpose; `goes_on` is asked while it takes its time.
    ///
    /// # Errors
    /// Those of [`embed_batch`](Self::embed_batch); [`Error::Interrupted`] once `goes_on` says no; and
    /// [`Error::Provider`] where others do the work.
    fn embed_for(
        &self,
        purpose: Purpose,
        texts: &[Option<&str>],
        goes_on: &dyn Fn() -> bool,
    ) -> Result<FixedSizeListArray> {
        let _the_same_for_all = (purpose, goes_on);
        self.embed_batch(texts)
    }

    /// What decides its vectors beside its name; `None` where the name decides all. Two embedders of one name and
    /// different fingerprints give vectors that cannot be compared.
    ///
    /// # Errors
    /// [`Error::Provider`] when a model's files cannot be read.
    fn fingerprint(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Whether it may take longer than a computation does: it waits for somebody, or runs a large model. Then it
    /// is not for threads on which others wait, nor for planning.
    fn waits(&self) -> bool {
        false
    }
}

/// Rows of `dimensions` each, one a text, for implementors of [`Embedder`]; a text that is `None` has a NULL row.
///
/// # Errors
/// [`Error::Dimensions`] for a vector of another length; [`Error::Arrow`] when they are too many.
pub fn vectors_array<'a>(
    dimensions: usize,
    vectors: impl ExactSizeIterator<Item = Option<&'a [f32]>>,
) -> Result<FixedSizeListArray> {
    batch::array(dimensions, vectors)
}

/// The embedder of a model name.
///
/// # Errors
/// [`Error::UnknownModel`], naming the known ones.
pub fn embedder(model: &str) -> Result<Arc<dyn Embedder>> {
    let unknown = || Error::UnknownModel { model: model.to_owned(), known: KNOWN_MODELS.to_owned() };
    let dimensions = match model.strip_prefix(DEFAULT_MODEL) {
        Some("") => HashEmbedder::DEFAULT_DIMENSIONS,
        Some(suffix) => suffix.strip_prefix(':').and_then(|n| n.parse().ok()).ok_or_else(unknown)?,
        None => return Err(unknown()),
    };
    HashEmbedder::new(dimensions).map(|it| Arc::new(it) as Arc<dyn Embedder>).map_err(|_| unknown())
}
