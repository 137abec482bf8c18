//! What a cached vector is found by: a hash of model, prefix and text.

use sha2::{Digest, Sha256};

/// See the module. SHA-256, so that no text can be made to meet another's vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// `model` is everything that decides a vector beside prefix and text.
    pub(crate) fn of(model: &str, prefix: &str, text: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [model, prefix] {
            // With its length, so that what ends one part cannot begin the next.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(text.as_bytes());
        Self(hash.finalize().into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts() {
        let keys =
            [Key::of("a", "b", "c"), Key::of("ab", "", "c"), Key::of("a", "", "bc"), Key::of("a", "bc", "")];
        for (place, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(place));
        }
    }
}
