//! Beam search over a frozen graph: greedy down the upper layers, a narrow beam in layer 1, then the `ef`
//! best of the lowest from all that it found.
//!
//! It sees codes alone; distances come later, from the vectors (see [`rerank`](super::rerank)). It takes
//! no lock. Invariant: a beam scores each node at most once, and a greedy step always lowers the
//! score, so every search ends.

use std::cmp::Reverse;

use super::{
    Graph,
    distance::{DotScore, L1Score, Score},
    visited::{Scratch, key, node, rank},
};
use crate::Metric;

/// Nodes of layer 1 that the search of the lowest layer begins from. A single one may lie in the wrong
/// cluster, with no way out that gets nearer; eight cost about 100 more scores.
const ENTRIES: usize = 8;

/// How wide to search, and what to keep.
pub(super) struct Beam<'a> {
    /// Nodes to keep.
    pub(super) ef: usize,
    /// Which nodes may be kept; all are walked through.
    pub(super) accept: Option<&'a dyn Fn(u32) -> bool>,
    /// Scores after which to give up.
    pub(super) budget: u64,
}

/// What a beam search found.
#[derive(Debug)]
pub(super) struct Found {
    /// The nodes kept, best first.
    pub(super) nodes: Vec<u32>,
    /// Nodes scored.
    pub(super) visited: u64,
    /// Nodes that were near enough and not accepted.
    pub(super) refused: u64,
    /// Whether the budget sufficed.
    pub(super) complete: bool,
}

/// The nodes nearest to `query`.
pub(super) fn search(graph: &Graph, query: &[f32], beam: &Beam<'_>) -> Found {
    let mut codes = vec![0i8; graph.dimensions()];
    let scale = graph.quantizer().encode(query, &mut codes);
    match graph.metric() {
        Metric::L1 => run(graph, &L1Score { codes: &codes, scale: scale.scale }, beam),
        metric => run(graph, &DotScore::new(metric, &codes, scale), beam),
    }
}

fn run<S: Score>(graph: &Graph, score: &S, beam: &Beam<'_>) -> Found {
    if graph.nodes() == 0 {
        return Found { nodes: Vec::new(), visited: 0, refused: 0, complete: true };
    }
    let (entry, mut scored) = descend(graph, score);
    Scratch::with(|scratch| {
        let mut entries = vec![entry];
        if graph.top_layer() > 0 {
            let wide = Beam { ef: ENTRIES, accept: None, budget: u64::MAX };
            let found = walk(graph, score, 1, &wide, &entries, scratch);
            scored += found.visited;
            entries = found.nodes;
        }
        let mut found = walk(graph, score, 0, beam, &entries, scratch);
        found.visited += scored;
        found
    })
}

/// From the top to layer 2, each time to the best neighbour while there is a better one.
fn descend<S: Score>(graph: &Graph, score: &S) -> (u32, u64) {
    let of = |node| score.score(graph.codes(node), graph.scale(node));
    let mut scored = 1;
    let (mut best, mut best_score) = (0, of(0));
    for layer in (2..=graph.top_layer()).rev() {
        loop {
            let before = best;
            for neighbour in graph.neighbours(layer, before) {
                let score = of(neighbour);
                scored += 1;
                if score < best_score {
                    (best, best_score) = (neighbour, score);
                }
            }
            if best == before {
                break;
            }
        }
    }
    (best, scored)
}

/// The `ef` best nodes of a layer, from `entries` on.
fn walk<S: Score>(
    graph: &Graph,
    score: &S,
    layer: usize,
    beam: &Beam<'_>,
    entries: &[u32],
    scratch: &mut Scratch,
) -> Found {
    scratch.begin(graph.nodes());
    let accepts = |node| beam.accept.is_none_or(|accept| accept(node));
    let ef = beam.ef.max(1);
    let (mut visited, mut refused) = (0, 0);
    for &entry in entries {
        if !scratch.visit(entry) {
            continue;
        }
        visited += 1;
        let entry_key = key(score.score(graph.codes(entry), graph.scale(entry)), entry);
        scratch.candidates.push(Reverse(entry_key));
        if accepts(entry) {
            scratch.results.push(entry_key);
        } else {
            refused += 1;
        }
    }
    while scratch.results.len() > ef {
        scratch.results.pop();
    }
    let mut complete = true;
    while let Some(Reverse(candidate)) = scratch.candidates.pop() {
        let full = scratch.results.len() >= ef;
        if full && scratch.results.peek().is_some_and(|&worst| rank(candidate) > rank(worst)) {
            break;
        }
        if visited > beam.budget {
            complete = false;
            break;
        }
        let mut pending = std::mem::take(&mut scratch.pending);
        pending.clear();
        for neighbour in graph.neighbours(layer, node(candidate)) {
            if scratch.visit(neighbour) {
                graph.prefetch(neighbour);
                pending.push(neighbour);
            }
        }
        visited += pending.len() as u64;
        for &neighbour in &pending {
            let neighbour_key = key(score.score(graph.codes(neighbour), graph.scale(neighbour)), neighbour);
            let full = scratch.results.len() >= ef;
            if full && scratch.results.peek().is_some_and(|&worst| neighbour_key > worst) {
                continue;
            }
            scratch.candidates.push(Reverse(neighbour_key));
            if !accepts(neighbour) {
                refused += 1;
                continue;
            }
            scratch.results.push(neighbour_key);
            if full {
                scratch.results.pop();
            }
        }
        scratch.pending = pending;
    }
    let mut kept: Vec<u64> = scratch.results.drain().collect();
    kept.sort_unstable();
    Found { nodes: kept.into_iter().map(node).collect(), visited, refused, complete }
}
