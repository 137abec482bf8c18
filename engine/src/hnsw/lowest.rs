//! Linking the lowest layer: every node searches for its neighbours among those linked before, on all cores.
//!
//! Lists have a fixed place each and are read without a lock, by the beam that also serves queries. A list may be read while it
//! is written: whatever mixture of old and new is seen, each of its numbers is a node. Lists grow beyond what they
//! may have in the end, so that they are pruned once for several links. Invariant: no list holds its own node, or a node twice.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use rayon::prelude::*;

use super::{
    HnswParams,
    beam::{Layer, SCANNED, entries, scan, walk},
    distance::{BuildDistance, Origin},
    freeze::Links,
    layout::NONE,
    nodes::Nodes,
    refine::{Near, select},
    visited::{Scratch, node, score},
};
use crate::Result;

/// Nodes linked between two reports of progress, for each thread: less than a tenth of a second's work.
const CHUNK: usize = 128;

/// Locks that the lists share. Two threads seldom want the same one.
const LOCKS: usize = 1024;

/// Links all nodes in layer 0, in this order. The layers above are linked already.
///
/// `after` is told how many nodes are linked, some times a second.
pub(super) fn link(
    nodes: &Nodes,
    order: &[usize],
    links: &mut [Links],
    params: &HnswParams,
    after: &dyn Fn(usize) -> Result<()>,
) -> Result<()> {
    let lowest = Lowest::new(nodes, params);
    let upper = Upper::new(links);
    let mut done = 0;
    for chunk in order.chunks(CHUNK * rayon::current_num_threads().max(1)) {
        after(done)?;
        chunk.par_iter().for_each(|&node| lowest.insert(node as u32, &upper));
        done += chunk.len();
    }
    for (node, links) in (0u32..).zip(links) {
        if let Some(list) = links.layers.first_mut() {
            *list = lowest.list(node).collect();
        }
    }
    Ok(())
}

/// The layers above, through which the lowest is entered.
pub(super) struct Upper<'a> {
    links: &'a [Links],
    /// The layer that is entered by looking at all of its nodes, and those.
    start: usize,
    scanned: Vec<u32>,
}

impl<'a> Upper<'a> {
    pub(super) fn new(links: &'a [Links]) -> Self {
        let reaching = |layer: usize| {
            let reaches = move |(_, links): &(u32, &Links)| links.layers.len() > layer;
            (0u32..).zip(links).filter(reaches).map(|(node, _)| node)
        };
        let mut start = 1;
        while reaching(start).count() > SCANNED as usize && reaching(start + 1).next().is_some() {
            start += 1;
        }
        let scanned = reaching(start).take(SCANNED as usize).collect();
        Self { links, start, scanned }
    }

    /// The layer that is entered by looking at all of its nodes.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Those nodes.
    pub(super) fn scanned(&self) -> &[u32] {
        &self.scanned
    }
}

/// A layer that is linked, seen from a node.
pub(super) struct ListLayer<'a> {
    links: &'a [Links],
    layer: usize,
    from: &'a Origin<'a>,
}

impl<'a> ListLayer<'a> {
    pub(super) fn new(links: &'a [Links], layer: usize, from: &'a Origin<'a>) -> Self {
        Self { links, layer, from }
    }
}

impl Layer for ListLayer<'_> {
    fn nodes(&self) -> usize {
        self.links.len()
    }

    fn neighbours(&self, node: u32) -> impl Iterator<Item = u32> {
        let list = self.links.get(node as usize).and_then(|links| links.layers.get(self.layer));
        list.map_or(&[][..], Vec::as_slice).iter().copied()
    }

    fn prefetch(&self, _node: u32) {}

    fn score(&self, nodes: &[u32], dots: &mut Vec<i32>, scores: &mut Vec<f32>) {
        self.from.to(nodes, dots, scores);
    }
}

/// The lowest layer while it is linked.
struct Lowest<'a> {
    nodes: &'a Nodes,
    distance: BuildDistance,
    /// The list of each node, `capacity` long; [`NONE`] ends a shorter one.
    lists: Vec<AtomicU32>,
    capacity: usize,
    locks: Vec<Mutex<()>>,
    m: usize,
    ef: usize,
}

/// The lowest layer, seen from a node.
struct LowestLayer<'a> {
    lowest: &'a Lowest<'a>,
    from: &'a Origin<'a>,
}

impl Layer for LowestLayer<'_> {
    fn nodes(&self) -> usize {
        self.lowest.nodes.len()
    }

    #[inline]
    fn neighbours(&self, node: u32) -> impl Iterator<Item = u32> {
        self.lowest.list(node)
    }

    #[inline]
    fn prefetch(&self, node: u32) {
        crate::kernels::prefetch(self.lowest.slots(node));
    }

    #[inline]
    fn score(&self, nodes: &[u32], dots: &mut Vec<i32>, scores: &mut Vec<f32>) {
        self.from.to(nodes, dots, scores);
    }
}

impl<'a> Lowest<'a> {
    fn new(nodes: &'a Nodes, params: &HnswParams) -> Self {
        let capacity = 3 * params.m;
        let lists = (0..nodes.len() * capacity).map(|_| AtomicU32::new(NONE)).collect();
        let locks = (0..LOCKS).map(|_| Mutex::new(())).collect();
        let (distance, m, ef) = (nodes.distance(), params.m, params.ef_construction);
        Self { nodes, distance, lists, capacity, locks, m, ef }
    }

    fn slots(&self, node: u32) -> &[AtomicU32] {
        let start = node as usize * self.capacity;
        self.lists.get(start..start + self.capacity).unwrap_or_default()
    }

    #[inline]
    fn list(&self, node: u32) -> impl Iterator<Item = u32> {
        self.slots(node).iter().map(|slot| slot.load(Relaxed)).take_while(|&it| it != NONE)
    }

    /// Links a node with the best that a beam finds, both ways.
    fn insert(&self, of: u32, upper: &Upper<'_>) {
        let from = Origin::new(self.nodes, &self.distance, of);
        let near = Scratch::with(|scratch| {
            let of_layer = |layer| ListLayer::new(upper.links, layer, &from);
            let entries = entries(self.ef);
            scan(&of_layer(upper.start), upper.scanned.iter().copied(), entries, scratch);
            for layer in (1..upper.start).rev() {
                walk(&of_layer(layer), entries, scratch);
            }
            walk(&LowestLayer { lowest: self, from: &from }, self.ef, scratch);
            let others = scratch.found.iter().filter(|&&key| node(key) != of);
            others.map(|&key| Near { distance: score(key), node: node(key) }).collect::<Vec<_>>()
        });
        let chosen = select(self.nodes, &self.distance, &near, self.m);
        self.add(of, &chosen);
        for it in chosen {
            self.add(it.node, &[Near { distance: it.distance, node: of }]);
        }
    }

    /// Adds links to a list. One that has no more room gives up those that the heuristic does not choose.
    fn add(&self, of: u32, new: &[Near]) {
        let Some(lock) = self.locks.get(of as usize % LOCKS) else { return };
        // A thread that panicked left a list of nodes, as any other.
        let _alone = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let own: Vec<u32> = self.list(of).collect();
        let new = new.iter().filter(|it| it.node != of && !own.contains(&it.node));
        let slots = self.slots(of);
        if let Some(room) = slots.get(own.len()..).filter(|room| room.len() >= new.clone().count()) {
            room.iter().zip(new).for_each(|(slot, it)| slot.store(it.node, Relaxed));
            return;
        }
        let mut near = Near::all(&Origin::new(self.nodes, &self.distance, of), &own);
        near.extend(new);
        near.sort_unstable_by(Near::order);
        let kept = select(self.nodes, &self.distance, &near, 2 * self.m);
        let filled = kept.iter().map(|it| it.node).chain(std::iter::repeat(NONE));
        slots.iter().zip(filled).for_each(|(slot, node)| slot.store(node, Relaxed));
    }
}
