//! Where a key may stand in one part of a table: hashes and positions, sorted by hash.
//!
//! It takes 12 bytes a row and is made at first use. It does not hold the keys. Invariant: a hash that matches is a
//! hint; only the key itself, read from the part, says that the row has it.

use crate::keys::encoder::Hashed;

/// The hashes of one constraint's keys in one part.
#[derive(Debug)]
pub(crate) struct KeyIndex {
    hashes: Vec<u64>,
    positions: Vec<u32>,
}

impl KeyIndex {
    pub(crate) fn new(mut hashed: Vec<Hashed>) -> Self {
        hashed.sort_unstable();
        let (hashes, positions) = hashed.into_iter().unzip();
        Self { hashes, positions }
    }

    /// Where hashes below this one end, searched from `from`.
    pub(crate) fn lower_bound(&self, from: usize, hash: u64) -> usize {
        from + self.hashes.get(from..).unwrap_or_default().partition_point(|other| *other < hash)
    }

    /// The positions whose hash is this one, when `at` is its lower bound.
    pub(crate) fn matches(&self, at: usize, hash: u64) -> impl Iterator<Item = u32> {
        let candidates = self.hashes.iter().zip(&self.positions).skip(at);
        candidates.take_while(move |(other, _)| **other == hash).map(|(_, position)| *position)
    }
}
