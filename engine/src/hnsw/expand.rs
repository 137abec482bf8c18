//! From heads to the points of their lists: how graphs with lists are searched, all parts of a table together.
//!
//! The beam sees heads alone; this decides which lists are read, as if the heads of all parts were in one graph, and scores
//! the points in them. It decides no distance, and not whether lists are to be read at all (see [`search`](crate::search())).
//! Invariant: what it offers are rows that are allowed.

use std::ops::Range;

use super::{
    Graph,
    beam::{self, Beam},
    distance::Score,
    lists::WIDTH,
    rerank::{Errors, GraphSearch, REACH, Rerank, Searched, with_score},
    visited::{Scratch, key, node, score as score_of},
};
use crate::{Result, hit::TopK};

/// Points with an allowed row that are compared, of the nearest lists, for each candidate that a search keeps.
const FOR_A_CANDIDATE: usize = 24;

/// Lists of a part that are read at least: a head that is a little nearer is no reason to leave out the one whose point is
/// asked for.
const FEWEST: usize = 2;

/// Times that twice as many lists are looked for where those that were found have too few points with an allowed row.
const WIDENED: usize = 3;

/// The points that a search compares which keeps so many candidates, if there are as many.
pub(crate) fn compared(kept: usize) -> usize {
    kept.saturating_mul(FOR_A_CANDIDATE)
}

/// A list that a search may read.
struct Near {
    /// From the query to its head, in the unit of the metric, which the graphs have in common.
    distance: f32,
    /// Which of the searches it is of.
    search: usize,
    head: u32,
}

/// One query in several parts: offers `top` the best rows of the lists whose heads are nearest.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read), [`Error::ReadIndex`](crate::Error::ReadIndex).
pub(crate) fn search(searches: &[GraphSearch<'_>], top: &mut TopK) -> Result<Searched> {
    let mut searched = Searched { visited: 0, refused: 0, reranked: 0, complete: true };
    let Some(kept) = searches.first().map(|search| search.ef.max(search.k)) else { return Ok(searched) };
    let lists = near(searches, compared(kept), &mut searched);
    // The part with the nearest list first: what it gives leaves little to look at in the others.
    let mut order: Vec<usize> = Vec::with_capacity(searches.len());
    for list in &lists {
        if !order.contains(&list.search) {
            order.push(list.search);
        }
    }
    let mut errors = Errors::default();
    let mut heads = Vec::new();
    for number in order {
        let Some(search) = searches.get(number) else { continue };
        heads.clear();
        heads.extend(lists.iter().filter(|list| list.search == number).map(|list| list.head));
        // As they lie in the file.
        heads.sort_unstable();
        with_score(search.graph, search.query, |score, scratch| -> Result<()> {
            searched.visited += compare(search, score, &heads, kept, scratch)?;
            let Scratch { found, row, .. } = scratch;
            let mut rerank = Rerank::after(search, score, REACH, errors);
            rerank.offer(top, found, row)?;
            searched.reranked += rerank.reranked;
            errors = rerank.errors;
            Ok(())
        })?;
    }
    Ok(searched)
}

/// How far the heads of a part were looked at.
struct Walk {
    width: usize,
    /// The farthest list that was found; infinite once there are no more.
    farthest: f32,
}

/// The lists to read, nearest first: those nearest in all parts that have `wanted` points with an allowed row, and a few of
/// each part.
fn near(searches: &[GraphSearch<'_>], wanted: usize, searched: &mut Searched) -> Vec<Near> {
    let matches = |search: &GraphSearch<'_>| (search.share * search.vectors.len() as f64).max(1.0);
    let all: f64 = searches.iter().map(matches).sum();
    let mut walks: Vec<Walk> = searches
        .iter()
        .map(|search| {
            let points_of_a_list = search.graph.points().div_ceil(search.graph.nodes().max(1)).max(1);
            // As much as its share of all rows lets expect, and as much again.
            let expected = 2.0 * wanted as f64 * matches(search) / all;
            let lists = wanted.min(expected as usize + 1).div_ceil(points_of_a_list);
            Walk { width: lists.max(WIDTH), farthest: 0.0 }
        })
        .collect();
    let mut lists: Vec<Near> = Vec::new();
    let mut narrow: Vec<usize> = (0..searches.len()).collect();
    let mut chosen = 0;
    for widened in 0..=WIDENED {
        lists.retain(|list| !narrow.contains(&list.search));
        for &number in &narrow {
            let (Some(search), Some(walk)) = (searches.get(number), walks.get_mut(number)) else { continue };
            walk.width <<= usize::from(widened > 0);
            let before = lists.len();
            with_score(search.graph, search.query, |score, scratch| {
                heads(search, number, score, walk.width, &mut lists, searched, scratch);
            });
            let found = lists.get(before..).unwrap_or_default();
            let last = found.last().filter(|_| found.len() >= walk.width);
            walk.farthest = last.map_or(f32::INFINITY, |last| last.distance);
        }
        lists.sort_unstable_by(|a, b| a.distance.total_cmp(&b.distance));
        let mut points = 0;
        chosen = lists
            .iter()
            .take_while(|list| {
                let needed = points < wanted;
                if needed {
                    points += searches.get(list.search).map_or(0, |search| search.allowed_points(list.head));
                }
                needed
            })
            .count();
        // Beyond the farthest list of a part may be one that is nearer than the last of those that were chosen.
        let last = lists.get(chosen.saturating_sub(1)).filter(|_| points >= wanted);
        let last = last.map_or(f32::INFINITY, |last| last.distance);
        narrow.clear();
        narrow.extend(
            (0..walks.len()).filter(|&number| walks.get(number).is_some_and(|walk| walk.farthest < last)),
        );
        if narrow.is_empty() {
            break;
        }
    }
    let mut of_part = vec![0; searches.len()];
    let mut place = 0;
    lists.retain(|list| {
        place += 1;
        let Some(of_part) = of_part.get_mut(list.search) else { return false };
        *of_part += 1;
        place <= chosen || *of_part <= FEWEST
    });
    lists
}

/// Adds the `width` nearest lists of a part that have a point with an allowed row, nearest first.
fn heads(
    search: &GraphSearch<'_>,
    number: usize,
    score: &Score<'_>,
    width: usize,
    lists: &mut Vec<Near>,
    searched: &mut Searched,
    scratch: &mut Scratch,
) {
    let graph = search.graph;
    let any_allowed = |head| graph.rows_of(graph.list(head)).any(|row| search.is_allowed(row));
    let accept: Option<&dyn Fn(u32) -> bool> =
        if search.allowed.is_some() { Some(&any_allowed) } else { None };
    // Heads are few: however few are accepted, the walk to them costs less than comparing all points.
    let walked =
        beam::search(graph, score, &Beam { ef: width, accept, share: 0.0, budget: u64::MAX }, scratch);
    searched.visited += walked.visited;
    searched.refused += walked.refused;
    lists.extend(scratch.found.iter().map(|&found| Near {
        distance: score.distance(score_of(found)),
        search: number,
        head: node(found),
    }));
}

/// Leaves the best `kept` points of these lists in [`Scratch::found`], best first; gives how many were scored.
fn compare(
    search: &GraphSearch<'_>,
    score: &Score<'_>,
    heads: &[u32],
    kept: usize,
    scratch: &mut Scratch,
) -> Result<u64> {
    let graph = search.graph;
    scratch.found.clear();
    for &head in heads {
        let list = graph.list(head);
        let positions = 0..list.len() as u32;
        scratch.pending.clear();
        match search.allowed {
            Some(_) => {
                scratch.pending.extend(positions.filter(|position| search.has_allowed(list.start + position)))
            }
            None => scratch.pending.extend(positions),
        }
        read(graph, score, &list, scratch)?;
    }
    let found = &mut scratch.found;
    let scored = found.len() as u64;
    if found.len() > kept {
        found.select_nth_unstable(kept);
        found.truncate(kept);
    }
    found.sort_unstable();
    Ok(scored)
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
