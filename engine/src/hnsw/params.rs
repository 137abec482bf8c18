//! The parameters of building a graph, and their ranges (pgvector's).
//!
//! They say nothing about searching. Invariant: [`HnswParams::check`] passes before a graph is built.

use crate::{Error, Result};

/// How densely a graph is linked, how carefully, and how much is kept of each vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HnswParams {
    /// Links a vector keeps in each upper layer, twice as many in the lowest. 2 to 100.
    pub m: usize,
    /// Candidates looked at for each vector inserted. 4 to 1000, and at least `2 * m`.
    pub ef_construction: usize,
    /// Bits of each code that is kept.
    pub code_bits: CodeBits,
    /// Vectors that a node of the graph stands for, on average. 1 to 256. With 1 all vectors are linked, and their codes are best
    /// in memory. With more, one in so many is linked and stands for a list of those near to it, which is read from the index's
    /// file when a search comes by: memory and building cost so many times less, and a search looks at more.
    pub list_rows: usize,
}

/// Bits of each code that a graph keeps of its vectors, and is linked by. Fewer take less memory, and a search looks at more
/// rows to find as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CodeBits {
    /// 255 steps between the greatest elements of either sign.
    #[default]
    Eight,
    /// 15 steps: half of the bytes.
    Four,
}

impl CodeBits {
    /// 4 or 8.
    pub const fn number(self) -> usize {
        match self {
            CodeBits::Eight => 8,
            CodeBits::Four => 4,
        }
    }

    /// Of 4 and 8; `None` for other numbers.
    pub const fn from_number(number: usize) -> Option<Self> {
        match number {
            8 => Some(CodeBits::Eight),
            4 => Some(CodeBits::Four),
            _ => None,
        }
    }
}

impl Default for HnswParams {
    /// 16, 200, 8 and 1: the settings that the design's measurements were made with.
    fn default() -> Self {
        Self { m: 16, ef_construction: 200, code_bits: CodeBits::Eight, list_rows: 1 }
    }
}

impl HnswParams {
    /// Refuses parameters outside their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`], naming the parameter and its range.
    pub fn check(&self) -> Result<()> {
        within("m", self.m, 2, 100)?;
        within("ef_construction", self.ef_construction, 4.max(2 * self.m), 1000)?;
        within("list_rows", self.list_rows, 1, 256)
    }
}

fn within(name: &'static str, value: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::Parameter { name, value: value as u64, least: least as u64, most: most as u64 })
}
