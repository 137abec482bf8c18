//! What a search needs besides the graph: the set of visited nodes and its heaps, kept for the next search.
//!
//! It is per thread, and shared by all graphs. Invariant: after [`Scratch::begin`] no node is visited.

use std::{cell::RefCell, cmp::Reverse, collections::BinaryHeap};

/// A score and a node in one number, ordered by score first. See [`key`].
pub(super) type Key = u64;

/// The working memory of one search.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The epoch in which each node was last visited: forgetting all is counting one further.
    stamps: Vec<u16>,
    epoch: u16,
    pub(super) candidates: BinaryHeap<Reverse<Key>>,
    pub(super) results: BinaryHeap<Key>,
    pub(super) pending: Vec<u32>,
}

thread_local! {
    static SCRATCH: RefCell<Option<Box<Scratch>>> = const { RefCell::new(None) };
}

impl Scratch {
    /// Runs `search` with this thread's scratch; a search within the search gets a new one.
    pub(super) fn with<T>(search: impl FnOnce(&mut Scratch) -> T) -> T {
        let mut scratch = SCRATCH.take().unwrap_or_default();
        let result = search(&mut scratch);
        SCRATCH.set(Some(scratch));
        result
    }

    /// Forgets the search before and makes room for `nodes`.
    pub(super) fn begin(&mut self, nodes: usize) {
        self.candidates.clear();
        self.results.clear();
        self.pending.clear();
        if self.stamps.len() < nodes {
            self.stamps.resize(nodes, 0);
        }
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            self.stamps.fill(0);
            self.epoch = 1;
        }
    }

    /// Whether `node` is visited for the first time. A number past the last node never is.
    #[inline]
    pub(super) fn visit(&mut self, node: u32) -> bool {
        match self.stamps.get_mut(node as usize) {
            Some(stamp) if *stamp != self.epoch => {
                *stamp = self.epoch;
                true
            }
            _ => false,
        }
    }
}

/// Score and node as one number: scores compare as [`f32::total_cmp`] does, then nodes.
#[inline]
pub(super) fn key(score: f32, node: u32) -> Key {
    let bits = score.to_bits();
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    (u64::from(ordered) << 32) | u64::from(node)
}

/// The node of a key.
#[inline]
pub(super) fn node(key: Key) -> u32 {
    (key & u64::from(u32::MAX)) as u32
}

/// The part of a key that says the score: comparable with others of its kind alone.
#[inline]
pub(super) fn rank(key: Key) -> u32 {
    (key >> 32) as u32
}
