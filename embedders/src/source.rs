//! The seam between embedding and whoever computes: texts in, raw vectors out.

use std::fmt::Debug;

use muster_engine::Result;

/// Computes vectors. What it gives is not checked yet, and not of unit length.
pub(crate) trait Source: Send + Sync + Debug {
    /// One checked vector a text, in the texts' order. `goes_on` is asked while it works.
    ///
    /// # Errors
    /// [`muster_engine::Error::Provider`], [`muster_engine::Error::Interrupted`].
    fn vectors(&self, texts: &[String], goes_on: &dyn Fn() -> bool) -> Result<Vec<Vec<f32>>>;

    /// What decides its vectors, apart from prefixes and length.
    ///
    /// # Errors
    /// [`muster_engine::Error::Provider`] when a model's files cannot be read.
    fn fingerprint(&self) -> Result<String>;

    /// Elements of each vector.
    fn dimensions(&self) -> usize;
}
