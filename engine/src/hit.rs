//! One row that a search found, and the bounded heap that keeps the best of them.
//!
//! It knows no vectors. Invariant: hits are totally ordered by (distance, part, row), so equal distances
//! come back in the same order whatever found them.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A row that a search found.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// Which of the searched parts.
    pub part: u32,
    /// The row's position in that part.
    pub row: u32,
    /// Its distance from the query, with the digits that the sums have beyond `f32`.
    pub distance: f64,
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance
            .total_cmp(&other.distance)
            .then(self.part.cmp(&other.part))
            .then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Hit {}

/// The `k` nearest hits seen so far.
#[derive(Debug)]
pub(crate) struct TopK {
    k: usize,
    /// The greatest distance that is of interest.
    within: f64,
    heap: BinaryHeap<Hit>,
}

impl TopK {
    /// Room for `k` hits, of at most `rows`: the one allocation of a search, which becomes its result.
    pub(crate) fn new(k: usize, rows: usize) -> Self {
        Self { k, within: f64::INFINITY, heap: BinaryHeap::with_capacity(k.min(rows)) }
    }

    /// The same, where hits that are farther are none.
    pub(crate) fn within(self, distance: f64) -> Self {
        Self { within: distance, ..self }
    }

    /// Offers a hit. One whose distance is no number is no neighbour.
    #[inline]
    pub(crate) fn push(&mut self, hit: Hit) {
        if hit.distance.is_nan() || hit.distance > self.within {
            return;
        }
        if self.heap.len() < self.k {
            self.heap.push(hit);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && hit < *worst
        {
            *worst = hit;
        }
    }

    pub(crate) fn merge(&mut self, other: TopK) {
        for hit in other.heap {
            self.push(hit);
        }
    }

    /// The distance that a hit has to have to be among the `k`.
    pub(crate) fn limit(&self) -> f64 {
        let worst = self.heap.peek().filter(|_| self.heap.len() >= self.k);
        worst.map_or(self.within, |worst| worst.distance)
    }

    /// Takes back the hits of a part. Those that they drove out stay out: the part is searched again, and has
    /// hits that are as near.
    pub(crate) fn forget(&mut self, part: u32) {
        self.heap.retain(|hit| hit.part != part);
    }

    /// The hits, nearest first.
    pub(crate) fn into_sorted(self) -> Vec<Hit> {
        self.heap.into_sorted_vec()
    }
}
