//! Beam search: all nodes of a small upper layer, a narrow beam in each layer below, then the `ef` best of the
//! lowest from all that it found. The same walk links new nodes while a graph is built (see [`lowest`](super::lowest)).
//!
//! It sees codes alone; distances come later, from the vectors (see [`rerank`](super::rerank)). It takes
//! no lock, and allocates nothing once its [`Scratch`] has grown. Invariant: a beam scores each node at most once, so
//! every search ends.

use std::cmp::Reverse;

use super::{
    Graph,
    distance::Score,
    visited::{Scratch, Slot, key, node, rank},
};

/// Nodes of an upper layer that a search of the layer below begins from, at least. A single one may lie in the wrong
/// cluster, with no way out that gets nearer.
pub(super) const ENTRIES: usize = 16;

/// The same at most: in a thousand clusters of a hundred vectors the right one is missed half as often as from 16, and a wide
/// beam in the lowest layer does not make up for that.
const MOST_ENTRIES: usize = 32;

/// How many a search has that keeps `ef` nodes in the lowest layer.
pub(super) fn entries(ef: usize) -> usize {
    ef.clamp(ENTRIES, MOST_ENTRIES)
}

/// Nodes of a layer that are all scored, rather than walked through: one after the other in memory, they cost what
/// some dozens cost that are far apart, and none is missed.
pub(super) const SCANNED: u32 = 512;

/// How wide to search, and what to keep.
pub(super) struct Beam<'a> {
    /// Nodes to keep.
    pub(super) ef: usize,
    /// Which nodes may be kept; all are walked through.
    pub(super) accept: Option<&'a dyn Fn(u32) -> bool>,
    /// The share of all nodes that may be kept.
    pub(super) share: f64,
    /// Scores after which to give up.
    pub(super) budget: u64,
}

/// Accepted nodes to expect before their number says anything: that chance alone leaves a third of them has odds of one
/// in ten thousand.
const EXPECTED: f64 = 24.0;

/// How many times fewer nodes than elsewhere may be accepted near the query. With fewer, the nearest of them lie in a shell
/// where distances hardly differ and links lead nowhere: of 20,000 rows, a beam of 40 found two thirds of the nearest in
/// the farther half.
const SCARCE: f64 = 3.0;

/// What a beam search did. What it found is in [`Scratch::found`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked {
    /// Nodes scored.
    pub(super) visited: u64,
    /// Nodes that were near enough and not accepted.
    pub(super) refused: u64,
    /// Whether the budget sufficed, and enough nodes near the query were accepted. If not, what was found is no answer.
    pub(super) complete: bool,
}

/// Nodes with links between them, as a beam sees them.
pub(super) trait Layer {
    /// Nodes there are, in all layers: their numbers are below this.
    fn nodes(&self) -> usize;
    /// The nodes that a node links to.
    fn neighbours(&self, node: u32) -> impl Iterator<Item = u32>;
    /// Asks for them to be fetched into the cache.
    fn prefetch(&self, node: u32);
    /// Appends the scores of some nodes; `dots` is working memory.
    fn score(&self, nodes: &[u32], dots: &mut Vec<i32>, scores: &mut Vec<f32>);
}

/// One layer of a graph, seen from a query.
struct Frozen<'a> {
    graph: &'a Graph,
    score: &'a Score<'a>,
    layer: usize,
}

impl Layer for Frozen<'_> {
    fn nodes(&self) -> usize {
        self.graph.nodes()
    }

    #[inline]
    fn neighbours(&self, node: u32) -> impl Iterator<Item = u32> {
        self.graph.neighbours(self.layer, node)
    }

    #[inline]
    fn prefetch(&self, node: u32) {
        self.graph.prefetch_neighbours(self.layer, node);
    }

    #[inline]
    fn score(&self, nodes: &[u32], dots: &mut Vec<i32>, scores: &mut Vec<f32>) {
        self.score.of(self.graph, nodes, dots, scores);
    }
}

/// Finds the nodes nearest to what `score` measures from; they are in [`Scratch::found`] then, best first.
pub(super) fn search(graph: &Graph, score: &Score<'_>, beam: &Beam<'_>, scratch: &mut Scratch) -> Walked {
    scratch.found.clear();
    if graph.nodes() == 0 {
        return Walked { visited: 0, refused: 0, complete: true };
    }
    let of_layer = |layer| Frozen { graph, score, layer };
    let lowest_scanned = (1..=graph.top_layer()).find(|&layer| graph.nodes_of(layer) <= SCANNED);
    let start = lowest_scanned.unwrap_or(graph.top_layer());
    let entries = entries(beam.ef);
    let mut visited = scan(&of_layer(start), 0..graph.nodes_of(start).min(SCANNED), entries, scratch);
    for layer in (1..start).rev() {
        visited += walk(&of_layer(layer), entries, scratch);
    }
    let mut walked = match beam.accept {
        None => Walked { visited: walk(&of_layer(0), beam.ef, scratch), refused: 0, complete: true },
        Some(accept) => walk_filtered(graph, score, beam, accept, scratch),
    };
    walked.visited += visited;
    walked
}

/// Finds the `keep` best of some nodes by scoring all of them; they are in [`Scratch::found`] then. Returns how many were
/// scored.
pub(super) fn scan(
    layer: &impl Layer,
    nodes: impl Iterator<Item = u32>,
    keep: usize,
    scratch: &mut Scratch,
) -> u64 {
    let Scratch { pending, dots, scores, found, .. } = scratch;
    pending.clear();
    pending.extend(nodes);
    scores.clear();
    layer.score(pending, dots, scores);
    found.clear();
    found.extend(scores.iter().zip(pending.iter()).map(|(&score, &node)| key(score, node)));
    if found.len() > keep {
        found.select_nth_unstable(keep);
        found.truncate(keep);
    }
    pending.len() as u64
}

/// Finds the `ef` best nodes of a layer, from [`Scratch::found`] on, which they replace, best first. Returns how many were
/// scored.
pub(super) fn walk(layer: &impl Layer, ef: usize, scratch: &mut Scratch) -> u64 {
    scratch.begin(layer.nodes());
    let ef = ef.max(1);
    let Scratch { marks, pool, pending, dots, scores, found, .. } = scratch;
    found.sort_unstable();
    pool.clear();
    pool.extend(
        found.iter().filter(|&&key| marks.visit(node(key))).map(|&key| Slot { key, expanded: false }),
    );
    pool.truncate(ef);
    let mut visited = 0u64;
    // All before `next` are expanded.
    let mut next = 0;
    while let Some(slot) = pool.get_mut(next) {
        next += 1;
        if std::mem::replace(&mut slot.expanded, true) {
            continue;
        }
        let candidate = node(slot.key);
        pending.clear();
        pending.extend(layer.neighbours(candidate).filter(|&neighbour| marks.visit(neighbour)));
        if let Some(after) = pool.get(next) {
            layer.prefetch(node(after.key));
        }
        visited += pending.len() as u64;
        scores.clear();
        layer.score(pending, dots, scores);
        for (&neighbour, &score) in pending.iter().zip(scores.iter()) {
            let key = key(score, neighbour);
            if pool.len() >= ef {
                if pool.last().is_some_and(|worst| key >= worst.key) {
                    continue;
                }
                pool.pop();
            }
            let place = pool.partition_point(|slot| slot.key < key);
            pool.insert(place, Slot { key, expanded: false });
            next = next.min(place);
        }
    }
    found.clear();
    found.extend(pool.iter().map(|slot| slot.key));
    visited
}

/// The `ef` best accepted nodes of the lowest layer, from [`Scratch::found`] on, which they replace.
fn walk_filtered(
    graph: &Graph,
    score: &Score<'_>,
    beam: &Beam<'_>,
    accept: &dyn Fn(u32) -> bool,
    scratch: &mut Scratch,
) -> Walked {
    scratch.begin(graph.nodes());
    let ef = beam.ef.max(1);
    let Scratch { marks, candidates, results, pending, dots, scores, found, .. } = scratch;
    let (mut visited, mut refused, mut near) = (0u64, 0u64, 0.0f64);
    for &entry in found.iter().filter(|&&key| marks.visit(node(key))) {
        candidates.push(Reverse(entry));
        near += 1.0;
        if accept(node(entry)) {
            results.push(entry);
        } else {
            refused += 1;
        }
    }
    while results.len() > ef {
        results.pop();
    }
    let mut complete = true;
    while let Some(Reverse(candidate)) = candidates.pop() {
        let full = results.len() >= ef;
        if full && results.peek().is_some_and(|&worst| rank(candidate) > rank(worst)) {
            break;
        }
        let expected = near * beam.share;
        if visited > beam.budget || expected >= EXPECTED && (near - refused as f64) * SCARCE < expected {
            complete = false;
            break;
        }
        pending.clear();
        pending.extend(graph.neighbours(0, node(candidate)).filter(|&neighbour| marks.visit(neighbour)));
        if let Some(&Reverse(after)) = candidates.peek() {
            graph.prefetch_neighbours(0, node(after));
        }
        visited += pending.len() as u64;
        scores.clear();
        score.of(graph, pending, dots, scores);
        for (&neighbour, &score) in pending.iter().zip(scores.iter()) {
            let key = key(score, neighbour);
            let full = results.len() >= ef;
            if full && results.peek().is_some_and(|&worst| key > worst) {
                continue;
            }
            candidates.push(Reverse(key));
            near += 1.0;
            if !accept(neighbour) {
                refused += 1;
                continue;
            }
            results.push(key);
            if full {
                results.pop();
            }
        }
    }
    found.clear();
    found.extend(results.drain());
    found.sort_unstable();
    Walked { visited, refused, complete }
}
