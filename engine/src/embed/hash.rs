//! `hash-v1`: an embedder by signed feature hashing. **Lexical, not semantic**: texts are near when they
//! share words, parts of words or neighbouring words, not when they mean the same.
//!
//! Each feature (see `features`) falls by its hash into one dimension, with a sign. Its weight is its
//! family's, times `1 + ln(count)` in integers; the sums are integers too, and only at the end divided by
//! their Euclidean length. Sums of integers, and IEEE's exact square root and division in a fixed order:
//! hence the same bits on every platform.
//!
//! A text without a letter or digit, the empty one for instance, has one reserved feature. So has the
//! conceivable text whose features cancel out exactly. Hence no embedding is zero.

use std::cell::RefCell;

use super::{
    Embedder,
    features::{self, Family},
    normalize::Words,
};
use crate::{Error, Result};

/// The reserved feature: a hash that stands for "no features".
const EMPTY: u64 = 0x6d75_7374_6572_0000;

/// Buffers kept for the next text are cut to this many entries, lest one long text hold its memory.
const KEPT: usize = 1 << 14;

/// The `hash-v1` embedder. See the module's text for what it computes.
#[derive(Debug, Clone)]
pub struct HashEmbedder {
    dimensions: usize,
    model: String,
}

impl HashEmbedder {
    /// The dimensions of plain `hash-v1`.
    pub const DEFAULT_DIMENSIONS: usize = 768;
    /// The least dimensions there are: below, features collide more than they tell.
    pub const LEAST_DIMENSIONS: usize = 64;
    /// The most dimensions there are.
    pub const MOST_DIMENSIONS: usize = 4096;

    /// An embedder of 64 to 4096 dimensions.
    ///
    /// # Errors
    /// [`Error::Parameter`] outside this range.
    pub fn new(dimensions: usize) -> Result<Self> {
        if !(Self::LEAST_DIMENSIONS..=Self::MOST_DIMENSIONS).contains(&dimensions) {
            return Err(Error::Parameter {
                name: "dimensions",
                value: dimensions as u64,
                least: Self::LEAST_DIMENSIONS as u64,
                most: Self::MOST_DIMENSIONS as u64,
            });
        }
        let model = match dimensions {
            Self::DEFAULT_DIMENSIONS => super::DEFAULT_MODEL.to_owned(),
            _ => format!("{}:{dimensions}", super::DEFAULT_MODEL),
        };
        Ok(Self { dimensions, model })
    }
}

impl Embedder for HashEmbedder {
    fn model(&self) -> &str {
        &self.model
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, text: &str, out: &mut [f32]) -> Result<()> {
        if out.len() != self.dimensions {
            return Err(Error::Dimensions { expected: self.dimensions, found: out.len() });
        }
        SCRATCH.with_borrow_mut(|scratch| scratch.embed(text, out));
        Ok(())
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// What one thread needs to embed a text, kept for the next.
#[derive(Debug, Default)]
struct Scratch {
    words: Words,
    joined: Vec<u8>,
    counts: Counts,
    sums: Vec<i64>,
}

impl Scratch {
    fn embed(&mut self, text: &str, out: &mut [f32]) {
        self.words.fill(text);
        self.counts.clear();
        features::visit(&self.words, &mut self.joined, |family, hash| self.counts.add(family, hash));
        self.sums.clear();
        self.sums.resize(out.len(), 0);
        for entry in &self.counts.entries {
            add(&mut self.sums, entry.key, weight(entry.key, entry.count));
        }
        if self.sums.iter().all(|&sum| sum == 0) {
            add(&mut self.sums, EMPTY, 1);
        }
        // The sums are far below 2^53, so exact as f64; added in the order of the dimensions.
        let length = self.sums.iter().map(|&sum| (sum as f64) * (sum as f64)).sum::<f64>().sqrt();
        for (out, &sum) in out.iter_mut().zip(&self.sums) {
            *out = (sum as f64 / length) as f32;
        }
        self.words.shrink(KEPT);
        self.counts.shrink(KEPT);
    }
}

/// Adds a feature's weight to its dimension, with its sign.
fn add(sums: &mut [i64], hash: u64, weight: i64) {
    let dimension = ((u128::from(hash) * sums.len() as u128) >> 64) as usize;
    let sign = if hash & SIGN == 0 { 1 } else { -1 };
    if let Some(sum) = sums.get_mut(dimension) {
        *sum += sign * weight;
    }
}

/// The bits of a key that name the family; a hash gives them up.
const FAMILY: u64 = 0b111;
/// The bit of a key that says the sign.
const SIGN: u64 = 0b1000;

/// A feature's weight: its family's, times `1 + ln(count)`, both in binary fractions.
fn weight(key: u64, count: u32) -> i64 {
    // In 256ths, by trial on real job titles: n-grams must weigh enough that 'fork lift driver' is nearer to
    // 'Forklift Driver', whose n-grams it has all, than to 'Lift Driver', which is two of its words.
    let family = match key & FAMILY {
        it if it == Family::Word as u64 => 256,
        it if it == Family::StopWord as u64 => 48,
        it if it == Family::Pair as u64 => 192,
        _ => 128,
    };
    family * sublinear(count)
}

/// `1 + ln(count)` in 65536ths, the logarithm to base 2 drawn straight between powers of two.
fn sublinear(count: u32) -> i64 {
    let count = count.max(1);
    let whole = count.ilog2();
    let fraction = ((u64::from(count) << 16) >> whole) - (1 << 16);
    let log2 = (u64::from(whole) << 16) + fraction;
    // 45426 is ln(2) in 65536ths.
    (65_536 + ((45_426 * log2) >> 16)) as i64
}

/// How often each feature occurs: a hash table of indices into a list, cleared in time of what it held.
#[derive(Debug, Default)]
struct Counts {
    entries: Vec<Entry>,
    /// Positions in `entries` plus one; 0 is free. Its length is a power of two, at least twice the entries.
    slots: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    count: u32,
}

impl Counts {
    fn add(&mut self, family: Family, hash: u64) {
        if self.entries.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let key = (hash & !FAMILY) | family as u64;
        let mask = self.slots.len() - 1;
        // The top bits choose the dimension; the middle ones choose the slot. Families are spread apart.
        let mut at = ((hash >> 8) as usize).wrapping_add(family as usize * 0x9e37) & mask;
        loop {
            let Some(slot) = self.slots.get_mut(at) else { return };
            match self.entries.get_mut((*slot as usize).wrapping_sub(1)) {
                Some(entry) if entry.key == key => {
                    entry.count = entry.count.saturating_add(1);
                    return;
                }
                Some(_) => at = (at + 1) & mask,
                None => {
                    self.entries.push(Entry { key, count: 1 });
                    *slot = self.entries.len() as u32;
                    return;
                }
            }
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.slots.fill(0);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        self.slots.clear();
        self.slots.resize(size, 0);
        let entries = std::mem::take(&mut self.entries);
        let mask = size - 1;
        for (index, entry) in entries.iter().enumerate() {
            let family = (entry.key & FAMILY) as usize;
            let mut at = ((entry.key >> 8) as usize).wrapping_add(family * 0x9e37) & mask;
            while self.slots.get(at).is_some_and(|&slot| slot != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = index as u32 + 1;
            }
        }
        self.entries = entries;
    }

    fn shrink(&mut self, most: usize) {
        if self.slots.len() > most {
            *self = Self::default();
        }
    }
}
