//! From a beam's nodes to rows with true distances.
//!
//! It decides nothing about strategy. Invariant: every row returned is allowed, not NULL, and has the
//! distance that an exact search would give it.

use roaring::RoaringBitmap;

use super::{
    Graph,
    beam::{self, Beam},
};
use crate::{Hit, Vectors, distance::QueryDistance, hit::TopK};

/// Rows compared for one node beyond `k`. Rows of a node have the same codes and nearly always the same
/// vector, so its first rows are as good as any; this bounds what thousands of equal rows cost.
const ROWS_OF_A_NODE: usize = 1024;

/// What a graph search found and did.
#[derive(Debug)]
pub(crate) struct GraphHits {
    pub(crate) top: TopK,
    /// Nodes scored.
    pub(crate) visited: u64,
    /// Nodes that a filter kept out.
    pub(crate) refused: u64,
    /// Rows whose true distance was computed.
    pub(crate) reranked: u64,
    /// Whether the budget sufficed. If not, the hits are no answer.
    pub(crate) complete: bool,
}

/// The `k` nearest allowed rows that a beam of width `ef` finds, scoring about `budget` nodes at most.
#[expect(clippy::too_many_arguments, reason = "called from one place, which has them all at hand")]
pub(crate) fn search_graph(
    part: u32,
    graph: &Graph,
    vectors: &Vectors<'_>,
    allowed: Option<&RoaringBitmap>,
    query: &[f32],
    distance: &QueryDistance<'_>,
    k: usize,
    ef: usize,
    budget: u64,
) -> GraphHits {
    let is_allowed = |row| allowed.is_none_or(|allowed| allowed.contains(row));
    let accept = |node| graph.rows(node).any(is_allowed);
    let accept: Option<&dyn Fn(u32) -> bool> = if allowed.is_some() { Some(&accept) } else { None };
    let found = beam::search(graph, query, &Beam { ef: ef.max(k), accept, budget });
    let mut hits = GraphHits {
        top: TopK::new(k),
        visited: found.visited,
        refused: found.refused,
        reranked: 0,
        complete: found.complete,
    };
    for node in found.nodes {
        let rows = graph.rows(node).filter(|&row| is_allowed(row)).take(ROWS_OF_A_NODE.max(k));
        for row in rows {
            if let Some(values) = vectors.get(row as usize) {
                hits.reranked += 1;
                hits.top.push(Hit { part, row, distance: distance.to(values) });
            }
        }
    }
    hits
}
