//! From heads to the points of their lists: how a graph with lists is searched.
//!
//! The beam sees heads alone; this reads lists, and scores the points in them. It decides which lists are read, and no distance.
//! Invariant: what it leaves in [`Scratch::found`] are points with a row that is allowed.

use std::ops::Range;

use super::{
    Graph,
    beam::{self, Beam, Walked},
    distance::Score,
    lists::WIDTH,
    rerank::GraphSearch,
    visited::{Scratch, key, node},
};
use crate::Result;

/// Points with an allowed row that are compared, of the nearest lists, for each candidate that a search keeps.
const FOR_A_CANDIDATE: usize = 24;

/// Lists that are read at least: a head that is a little nearer is no reason to leave out the one whose point is asked for.
const FEWEST: usize = 2;

/// Times that twice as many lists are looked for where those that were found have too few points with an allowed row.
const WIDENED: usize = 3;

/// The points that a search compares which keeps so many candidates, if there are as many.
pub(crate) fn compared(kept: usize) -> usize {
    kept.saturating_mul(FOR_A_CANDIDATE)
}

/// Finds the best points in the lists of the heads that are nearest, best first.
///
/// # Errors
/// [`Error::ReadIndex`](crate::Error::ReadIndex).
pub(super) fn search(
    search: &GraphSearch<'_>,
    score: &Score<'_>,
    is_allowed: &dyn Fn(u32) -> bool,
    scratch: &mut Scratch,
) -> Result<Walked> {
    let graph = search.graph;
    let kept = search.ef.max(search.k);
    let points_of_a_list = graph.points().div_ceil(graph.nodes().max(1)).max(1);
    let mut width = compared(kept).div_ceil(points_of_a_list).max(WIDTH);
    let any_allowed = |head| graph.rows_of(graph.list(head)).any(is_allowed);
    let accept: Option<&dyn Fn(u32) -> bool> =
        if search.allowed.is_some() { Some(&any_allowed) } else { None };
    let mut walked = Walked { visited: 0, refused: 0, complete: true };
    for widened in 0..=WIDENED {
        // Heads are few: however few are accepted, the walk to them costs less than comparing all points.
        let beam = Beam { ef: width, accept, share: 0.0, budget: u64::MAX };
        let of_heads = beam::search(graph, score, &beam, scratch);
        walked.visited += of_heads.visited;
        walked.refused += of_heads.refused;
        let Scratch { heads, found, .. } = scratch;
        heads.clear();
        heads.extend(found.iter().map(|&head| node(head)));
        let points = |&head: &u32| match search.allowed {
            Some(_) => graph.list(head).filter(|&point| graph.rows(point).any(is_allowed)).count(),
            None => graph.list(head).len(),
        };
        // The lists that are needed; the others of the beam were for finding these.
        let mut enough = 0;
        let needed = heads.iter().take_while(|head| {
            let more = enough < compared(kept);
            enough += points(head);
            more
        });
        let needed = needed.count().max(FEWEST);
        if enough >= compared(kept) || heads.len() < width || widened == WIDENED {
            heads.truncate(needed);
            break;
        }
        width = width.saturating_mul(2);
    }
    scratch.found.clear();
    for at in 0..scratch.heads.len() {
        let Some(&head) = scratch.heads.get(at) else { break };
        let list = graph.list(head);
        scratch.pending.clear();
        let positions = 0..list.len() as u32;
        match search.allowed {
            Some(_) => scratch
                .pending
                .extend(positions.filter(|position| graph.rows(list.start + position).any(is_allowed))),
            None => scratch.pending.extend(positions),
        }
        walked.visited += scratch.pending.len() as u64;
        read(graph, score, &list, scratch)?;
    }
    let found = &mut scratch.found;
    if found.len() > kept {
        found.select_nth_unstable(kept);
        found.truncate(kept);
    }
    found.sort_unstable();
    Ok(walked)
}

/// Scores the points in [`Scratch::pending`].
///
/// # Errors
/// [`Error::ReadIndex`](crate::Error::ReadIndex).
pub(super) fn points(graph: &Graph, score: &Score<'_>, scratch: &mut Scratch) -> Result<()> {
    scratch.found.clear();
    let mut points = std::mem::take(&mut scratch.pending);
    points.sort_unstable();
    let mut rest = points.as_slice();
    while let Some(&first) = rest.first() {
        let list = graph.list(graph.node_of_point(first));
        let (own, others) = rest.split_at(rest.partition_point(|&point| point < list.end).max(1));
        scratch.pending.clear();
        scratch.pending.extend(own.iter().map(|point| point.saturating_sub(list.start)));
        read(graph, score, &list, scratch)?;
        rest = others;
    }
    Ok(())
}

/// Reads a list, and adds those of its points to [`Scratch::found`] whose positions in it are in [`Scratch::pending`].
fn read(graph: &Graph, score: &Score<'_>, list: &Range<u32>, scratch: &mut Scratch) -> Result<()> {
    let Scratch { list: buffer, pending, dots, scores, found, .. } = scratch;
    if pending.is_empty() {
        return Ok(());
    }
    let points = graph.read_list(list, buffer)?;
    scores.clear();
    score.of_codes(points.codes, graph.code_stride(), |at| points.scale(at), pending, dots, scores);
    found.extend(
        scores.iter().zip(pending.iter()).map(|(&score, position)| key(score, list.start + position)),
    );
    Ok(())
}
