//! Drawing from the random stream in a way that never changes: integers only, no platform's
//! word size, no sampling code that a new release of a crate might alter.
//!
//! It is not a general sampler. Invariant: the same seed gives the same draws on every machine,
//! because every draw is one or more `next_u32` of ChaCha8 and a multiply-shift.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The stream that a whole table is drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    rng: ChaCha8Rng,
}

impl Draw {
    /// The stream of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        // Written out rather than `seed_from_u64`, whose expansion is the crate's to change.
        let mut key = [0_u8; 32];
        for (byte, value) in key.iter_mut().zip(seed.to_le_bytes()) {
            *byte = value;
        }
        Draw { rng: ChaCha8Rng::from_seed(key) }
    }

    /// A number from 0 up to but not including `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let scaled = (u64::from(self.rng.next_u32()) * u64::from(bound)) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, each as likely; `None` only when there are none.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let bound = u32::try_from(items.len()).unwrap_or(u32::MAX);
        items.get(self.below(bound) as usize)
    }

    /// One of `words`; empty only when there are none.
    pub(crate) fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.pick(words).copied().unwrap_or_default()
    }

    /// One of `items`, as likely as its weight says.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> u32) -> Option<&'a T> {
        let total = items.iter().map(&weight).sum();
        let mut left = self.below(total);
        for item in items {
            match left.checked_sub(weight(item)) {
                Some(rest) => left = rest,
                None => return Some(item),
            }
        }
        items.last()
    }

    /// `count` different words of `words`, in their order there; all of them when there are fewer.
    pub(crate) fn several(&mut self, words: &[&'static str], count: usize) -> Vec<&'static str> {
        let mut chosen = Vec::with_capacity(count);
        let mut wanted = u32::try_from(count.min(words.len())).unwrap_or(0);
        let mut left = u32::try_from(words.len()).unwrap_or(0);
        for word in words {
            if self.below(left) < wanted {
                chosen.push(*word);
                wanted -= 1;
            }
            left -= 1;
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut draw = Draw::new(1);
        for _ in 0..2_000 {
            assert!(draw.below(3) < 3);
            assert!((5..=7).contains(&draw.between(5, 7)));
            assert_eq!(draw.below(0), 0);
        }
    }

    #[test]
    fn several_gives_different_words_in_order() {
        let words = ["a", "b", "c", "d"];
        let mut draw = Draw::new(2);
        for count in 0..6 {
            let chosen = draw.several(&words, count);
            assert_eq!(chosen.len(), count.min(4));
            assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn weights_decide_how_often() {
        let mut draw = Draw::new(3);
        let items = [("never", 0), ("often", 9), ("rarely", 1)];
        let mut often = 0;
        for _ in 0..1_000 {
            let item = draw.weighted(&items, |item| item.1).unwrap();
            assert_ne!(item.0, "never");
            often += usize::from(item.0 == "often");
        }
        assert!((850..950).contains(&often), "{often}");
    }
}
