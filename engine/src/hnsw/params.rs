//! The parameters of building a graph, and their ranges (pgvector's).
//!
//! They say nothing about searching. Invariant: [`HnswParams::check`] passes before a graph is built.

use crate::{Error, Result};

/// How densely a graph is linked, and how carefully.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HnswParams {
    /// Links a vector keeps in each upper layer, twice as many in the lowest. 2 to 100.
    pub m: usize,
    /// Candidates looked at for each vector inserted. 4 to 1000, and at least `2 * m`.
    pub ef_construction: usize,
}

impl Default for HnswParams {
    /// 16 and 200: the settings that the design's measurements were made with.
    fn default() -> Self {
        Self { m: 16, ef_construction: 200 }
    }
}

impl HnswParams {
    /// Refuses parameters outside their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`], naming the parameter and its range.
    pub fn check(&self) -> Result<()> {
        within("m", self.m, 2, 100)?;
        within("ef_construction", self.ef_construction, 4.max(2 * self.m), 1000)
    }
}

fn within(name: &'static str, value: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::Parameter { name, value: value as u64, least: least as u64, most: most as u64 })
}
