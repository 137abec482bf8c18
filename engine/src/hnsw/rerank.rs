//! From a beam's nodes to rows with true distances.
//!
//! It decides nothing about strategy. Invariant: every row offered is allowed, not NULL, and has the
//! distance that an exact search would give it.

use roaring::RoaringBitmap;

use super::{
    Graph,
    beam::{self, Beam},
    distance::Score,
    visited::{Key, Scratch, node, score},
};
use crate::{Hit, Result, Vectors, distance::QueryDistance, hit::TopK, row::RowBuffer};

/// Rows compared for one node beyond `k`. Rows of a node have the same codes and nearly always the same
/// vector, so its first rows are as good as any; this bounds what thousands of equal rows cost.
const ROWS_OF_A_NODE: usize = 1024;

/// How many times the greatest error of the codes seen so far a node may lie beyond the `k`th row and still be looked
/// at. The greatest of ten errors is about 1.5 times their deviation, so few rows in a thousand lie farther out.
const ERRORS: f64 = 2.0;

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
#[derive(Debug)]
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
        Scratch::with(|scratch| {
            let mut codes = std::mem::take(&mut scratch.codes);
            codes.clear();
            codes.resize(self.graph.code_stride(), 0);
            let own = codes.get_mut(..self.graph.dimensions()).unwrap_or_default();
            let scale = self.graph.quantizer().encode(self.query, own);
            let score = Score::new(self.graph, &codes, scale);
            let searched = self.search(&score, top, scratch);
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
            self.rerank(score, top, found, row, &mut searched)?;
        }
        Ok(searched)
    }

    /// Computes true distances, of the best nodes first, until none can be among the `k` nearest.
    fn rerank(
        &self,
        score_of: &Score<'_>,
        top: &mut TopK,
        found: &[Key],
        buffer: &mut RowBuffer,
        searched: &mut Searched,
    ) -> Result<()> {
        let is_allowed = |row| self.allowed.is_none_or(|allowed| allowed.contains(row));
        let mut greatest_error = 0.0f64;
        for (at, &key) in found.iter().enumerate() {
            let about = f64::from(score_of.distance(score(key)));
            if searched.reranked >= self.k as u64 && about - ERRORS * greatest_error > top.limit() {
                break;
            }
            if let Some(&next) = found.get(at + 1) {
                self.graph.rows(node(next)).take(1).for_each(|row| self.vectors.prefetch(row as usize));
            }
            let rows = self.graph.rows(node(key)).filter(|&row| is_allowed(row));
            for row in rows.take(ROWS_OF_A_NODE.max(self.k)) {
                let Some(values) = self.vectors.fetch(row as usize, buffer)? else { continue };
                let distance = self.distance.to(values);
                searched.reranked += 1;
                greatest_error = greatest_error.max((distance - about).abs());
                top.push(Hit { part: self.part, row, distance });
            }
        }
        Ok(())
    }
}
