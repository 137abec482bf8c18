//! What a search needs besides the graph: the set of visited nodes and its heaps, kept for the next search.
//!
//! It is per thread, and shared by all graphs. Invariant: after [`Scratch::begin`] no node is visited.

use std::{cell::RefCell, cmp::Reverse, collections::BinaryHeap};

use crate::row::RowBuffer;

/// A score and a node in one number, ordered by score first. See [`key`].
pub(super) type Key = u64;

/// A node that a beam keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) key: Key,
    /// Whether its neighbours have been looked at.
    pub(super) expanded: bool,
}

/// The working memory of one search.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) marks: Marks,
    /// The beam of a search without a filter, best first.
    pub(super) pool: Vec<Slot>,
    /// Nodes that a search under a filter may go on from, and those that it keeps.
    pub(super) candidates: BinaryHeap<Reverse<Key>>,
    pub(super) results: BinaryHeap<Key>,
    /// Nodes to be scored, and their scores.
    pub(super) pending: Vec<u32>,
    pub(super) dots: Vec<i32>,
    pub(super) scores: Vec<f32>,
    /// The query's codes.
    pub(super) codes: Vec<i8>,
    /// What was read of a list.
    pub(super) list: Vec<u8>,
    /// What was found.
    pub(super) found: Vec<Key>,
    /// The row that is compared.
    pub(super) row: RowBuffer,
}

/// A set of nodes that is emptied by counting one further.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// The epoch in which each node was last visited.
    stamps: Vec<u16>,
    epoch: u16,
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

    /// Forgets the nodes visited and makes room for `nodes`.
    pub(super) fn begin(&mut self, nodes: usize) {
        self.candidates.clear();
        self.results.clear();
        self.marks.begin(nodes);
    }
}

impl Marks {
    fn begin(&mut self, nodes: usize) {
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

/// The score of a key.
#[inline]
pub(super) fn score(key: Key) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered ^ 1 << 31 } else { !ordered })
}

/// The part of a key that says the score: comparable with others of its kind alone.
#[inline]
pub(super) fn rank(key: Key) -> u32 {
    (key >> 32) as u32
}
