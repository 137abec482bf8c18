//! Lists: one in so many points is linked and stands for those near to it, which lie in a list of their own.
//!
//! It chooses the points that are linked, the heads, and says in whose list each point is: in that of the head which a search for
//! the point's vector finds first. Invariant: every point is in one list, so nothing is lost, however far it is from its head.

use rayon::prelude::*;

use super::{
    BuiltGraph, Graph, HnswParams,
    beam::{self, Beam},
    layout::NONE,
    nodes::Nodes,
    rerank::with_score,
    visited::node,
};
use crate::{Result, Vectors, row::RowBuffer};

/// The width of the beam that looks for a point's head. Searches are as wide at least, and so find what it found, as a rule.
pub(super) const WIDTH: usize = 16;

/// Points between two reports of progress, for each thread: less than a tenth of a second's work.
const CHUNK: usize = 256;

/// Candidates that are linked to choose a head among them.
const CANDIDATES: usize = 3;

/// Nearest of a candidate. With so many, one candidate in three or so is chosen.
const BESIDE: usize = 4;

/// How many candidates there are among points in this number.
pub(super) fn candidates(points: usize, params: &HnswParams) -> usize {
    (CANDIDATES * points).div_ceil(params.list_rows).min(points)
}

/// The candidates that become heads, one after the other: each of which none of the nearest is one. So heads are where points are,
/// in small clusters too, which chance alone would leave out.
pub(super) fn heads(candidates: &BuiltGraph) -> Vec<usize> {
    let lists = candidates.lowest();
    let mut is_head = vec![false; lists.len()];
    let mut heads = Vec::new();
    for node in super::build::shuffled(lists.len()) {
        let mut nearest = lists.get(node).into_iter().flatten().take(BESIDE);
        if nearest.any(|&near| is_head.get(near as usize).copied().unwrap_or(false)) {
            continue;
        }
        if let Some(is_head) = is_head.get_mut(node) {
            *is_head = true;
        }
        heads.extend(candidates.node(node));
    }
    heads
}

/// The points of each head's list, by the heads' numbers in `graph`, which has nothing but heads.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read), and what `after` gives, which is told how many points are done.
pub(super) fn assign(
    graph: &Graph,
    points: &Nodes,
    vectors: &Vectors<'_>,
    after: &dyn Fn(usize) -> Result<()>,
) -> Result<Vec<Vec<u32>>> {
    let all: Vec<u32> = (0..points.len() as u32).collect();
    let mut lists = vec![Vec::new(); graph.nodes()];
    let mut done = 0;
    for chunk in all.chunks(CHUNK * rayon::current_num_threads().max(1)) {
        after(done)?;
        let near = chunk.par_iter().map(|&point| head(graph, points, vectors, point));
        for (&point, head) in chunk.iter().zip(near.collect::<Result<Vec<u32>>>()?) {
            if let Some(list) = lists.get_mut(head as usize) {
                list.push(point);
            }
        }
        done += chunk.len();
    }
    Ok(lists)
}

/// The head that a search for a point finds first.
fn head(graph: &Graph, points: &Nodes, vectors: &Vectors<'_>, point: u32) -> Result<u32> {
    let first = points.rows.get(point as usize).and_then(|rows| rows.first()).copied().unwrap_or(NONE);
    let (mut row, mut widened) = (RowBuffer::default(), Vec::new());
    // All points are of rows that are there.
    let Some(values) = vectors.fetch(first as usize, &mut row)? else { return Ok(0) };
    let values = values.widen(&mut widened);
    Ok(with_score(graph, values, |score, scratch| {
        let beam = Beam { ef: WIDTH, accept: None, share: 1.0, budget: 0 };
        beam::search(graph, score, &beam, scratch);
        scratch.found.first().map_or(0, |&key| node(key))
    }))
}
