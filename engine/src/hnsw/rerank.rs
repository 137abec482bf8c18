//! From a beam's nodes to rows with true distances.
//!
//! It decides nothing about strategy. Invariant: every row offered is allowed, not NULL, and has the
//! distance that an exact search would give it.

use roaring::RoaringBitmap;

use super::{
    Graph,
    beam::{self, Beam},
    distance::Score,
    visited::{Key, Scratch, key, node, score},
};
use crate::{Hit, Result, Vectors, distance::QueryDistance, hit::TopK, row::RowBuffer};

/// Rows compared for one node beyond `k`. Rows of a node have the same codes and nearly always the same
/// vector, so its first rows are as good as any; this bounds what thousands of equal rows cost.
const ROWS_OF_A_NODE: usize = 1024;

/// How many times the greatest error of the codes seen so far a node may lie beyond the `k`th row and still be looked
/// at. The greatest of ten errors is about 1.5 times their deviation, so few rows in a thousand lie farther out.
const ERRORS: f64 = 2.0;

/// The same where all allowed rows are compared by their codes, which is to be as good as comparing the rows: six
/// deviations.
const SCAN_ERRORS: f64 = 4.0;

/// Nodes of a scan that are put in order at first.
const FIRST: usize = 256;

/// What a graph search did.
#[derive(Debug)]
pub(crate) struct Searched {
    /// Nodes scored.
    pub(crate) visited: u64,
    /// Nodes that a filter kept out.
    pub(crate) refused: u64,
    /// Rows whose true distance was computed.
    pub(crate) reranked: u64,
    /// Whether the walk came to its end. If not, what was offered is no answer.
    pub(crate) complete: bool,
}

/// One query in one part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GraphSearch<'a> {
    pub(crate) part: u32,
    pub(crate) graph: &'a Graph,
    pub(crate) vectors: &'a Vectors<'a>,
    pub(crate) allowed: Option<&'a RoaringBitmap>,
    pub(crate) query: &'a [f32],
    pub(crate) distance: &'a QueryDistance<'a>,
    pub(crate) k: usize,
    pub(crate) ef: usize,
    /// The share of the rows that are allowed.
    pub(crate) share: f64,
    /// Scores after which to give up.
    pub(crate) budget: u64,
}

impl GraphSearch<'_> {
    /// Offers `top` the `k` nearest allowed rows that a beam of width `ef` finds.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read).
    pub(crate) fn run(&self, top: &mut TopK) -> Result<Searched> {
        self.with_score(|score, scratch| self.search(score, top, scratch))
    }

    /// Offers `top` the `k` nearest allowed rows by comparing the codes of all of them: a quarter of the bytes, which are
    /// in memory anyway.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read).
    pub(crate) fn scan(&self, top: &mut TopK) -> Result<Searched> {
        self.with_score(|score, scratch| {
            scratch.begin(self.graph.nodes());
            let Scratch { marks, pending, dots, scores, found, row: buffer, .. } = scratch;
            pending.clear();
            match self.allowed {
                Some(allowed) => {
                    // Vectors::new keeps the number of rows below u32::MAX.
                    let nodes =
                        allowed.range(..self.vectors.len() as u32).filter_map(|row| self.graph.node_of(row));
                    pending.extend(nodes.filter(|&node| marks.visit(node)));
                }
                None => pending.extend(0..self.graph.nodes() as u32),
            }
            scores.clear();
            score.of(self.graph, pending, dots, scores);
            found.clear();
            found.extend(scores.iter().zip(pending.iter()).map(|(&score, &node)| key(score, node)));
            let visited = found.len() as u64;
            let mut rerank =
                Rerank { search: self, score, errors: SCAN_ERRORS, greatest_error: 0.0, reranked: 0 };
            // The nearest are enough, as a rule; the others are put in order only when they are not.
            let first = FIRST.max(self.k.saturating_mul(4)).min(found.len());
            if first < found.len() {
                found.select_nth_unstable(first);
            }
            let (near, far) = found.split_at_mut(first);
            near.sort_unstable();
            if !rerank.offer(top, near, buffer)? {
                far.sort_unstable();
                rerank.offer(top, far, buffer)?;
            }
            Ok(Searched { visited, refused: 0, reranked: rerank.reranked, complete: true })
        })
    }

    /// Calls `search` with the query's codes, ready to be compared.
    fn with_score<T>(&self, search: impl FnOnce(&Score<'_>, &mut Scratch) -> T) -> T {
        Scratch::with(|scratch| {
            let mut codes = std::mem::take(&mut scratch.codes);
            codes.clear();
            codes.resize(self.graph.code_stride(), 0);
            let own = codes.get_mut(..self.graph.dimensions()).unwrap_or_default();
            let scale = self.graph.quantizer().encode(self.query, own);
            let score = Score::new(self.graph, &codes, scale);
            let searched = search(&score, scratch);
            scratch.codes = codes;
            searched
        })
    }

    fn search(&self, score: &Score<'_>, top: &mut TopK, scratch: &mut Scratch) -> Result<Searched> {
        let is_allowed = |row| self.allowed.is_none_or(|allowed| allowed.contains(row));
        let accept = |node| self.graph.rows(node).any(is_allowed);
        let accept: Option<&dyn Fn(u32) -> bool> = if self.allowed.is_some() { Some(&accept) } else { None };
        let beam = Beam { ef: self.ef.max(self.k), accept, share: self.share, budget: self.budget };
        let walked = beam::search(self.graph, score, &beam, scratch);
        let mut searched = Searched {
            visited: walked.visited,
            refused: walked.refused,
            reranked: 0,
            complete: walked.complete,
        };
        if searched.complete {
            let Scratch { found, row, .. } = scratch;
            let mut rerank = Rerank { search: self, score, errors: ERRORS, greatest_error: 0.0, reranked: 0 };
            rerank.offer(top, found, row)?;
            searched.reranked = rerank.reranked;
        }
        Ok(searched)
    }
}

/// Computes true distances, of the best nodes first, until none can be among the `k` nearest.
struct Rerank<'a> {
    search: &'a GraphSearch<'a>,
    score: &'a Score<'a>,
    /// See [`ERRORS`].
    errors: f64,
    greatest_error: f64,
    reranked: u64,
}

impl Rerank<'_> {
    /// Offers `top` the rows of nodes, nearest first; gives whether no node behind them can have a row for it.
    fn offer(&mut self, top: &mut TopK, found: &[Key], buffer: &mut RowBuffer) -> Result<bool> {
        let GraphSearch { part, graph, vectors, allowed, distance, k, .. } = *self.search;
        let is_allowed = |row| allowed.is_none_or(|allowed: &RoaringBitmap| allowed.contains(row));
        for (at, &key) in found.iter().enumerate() {
            let about = f64::from(self.score.distance(score(key)));
            if self.reranked >= k as u64 && about - self.errors * self.greatest_error > top.limit() {
                return Ok(true);
            }
            if let Some(&next) = found.get(at + 1) {
                graph.rows(node(next)).take(1).for_each(|row| vectors.prefetch(row as usize));
            }
            let rows = graph.rows(node(key)).filter(|&row| is_allowed(row));
            for row in rows.take(ROWS_OF_A_NODE.max(k)) {
                let Some(values) = vectors.fetch(row as usize, buffer)? else { continue };
                let distance = distance.to(values);
                self.reranked += 1;
                self.greatest_error = self.greatest_error.max((distance - about).abs());
                top.push(Hit { part, row, distance });
            }
        }
        Ok(false)
    }
}
