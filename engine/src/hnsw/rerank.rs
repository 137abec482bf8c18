//! From what a beam found to rows with true distances.
//!
//! It decides nothing about strategy. Invariant: every row offered is allowed, not NULL, and has the
//! distance that an exact search would give it.

use roaring::RoaringBitmap;

use super::{
    CodeBits, Graph,
    beam::{self, Beam},
    distance::Score,
    expand,
    visited::{Key, Scratch, key, node, score},
};
use crate::{Hit, Result, Vectors, distance::QueryDistance, hit::TopK, row::RowBuffer};

/// Rows compared for one node beyond `k`. Rows of a node have the same codes and nearly always the same
/// vector, so its first rows are as good as any; this bounds what thousands of equal rows cost.
const ROWS_OF_A_NODE: usize = 1024;

/// The same where codes have four bits: of few dimensions, or of vectors that hardly differ, many that are not the same have the
/// same codes.
const ROWS_OF_A_COARSE_NODE: usize = 16 * 1024;

/// How far a node may lie beyond the `k`th row and still be looked at, by the errors of the codes seen so far: so many times the
/// greatest, but not more than so many times their deviation. The greatest of ten errors is about 1.5 times their deviation,
/// so few rows in a thousand lie farther out; the greatest of many more than that says too much.
pub(super) const REACH: Reach = Reach { greatest: 2.0, deviations: 3.5 };

/// The same where all allowed rows are compared by their codes, which is to be as good as comparing the rows.
const SCAN_REACH: Reach = Reach { greatest: 4.0, deviations: 6.0 };

/// Rows of parts before that say enough of how far codes are wrong, for a part of which none was compared.
const ENOUGH: u64 = 8;

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
    pub(super) fn is_allowed(&self, row: u32) -> bool {
        self.allowed.is_none_or(|allowed| allowed.contains(row))
    }

    /// Whether a row of this point is allowed.
    pub(super) fn has_allowed(&self, point: u32) -> bool {
        self.graph.rows(point).any(|row| self.is_allowed(row))
    }

    /// The points of a head's list that have an allowed row.
    pub(super) fn allowed_points(&self, head: u32) -> usize {
        let list = self.graph.list(head);
        match self.allowed {
            Some(_) => list.filter(|&point| self.has_allowed(point)).count(),
            None => list.len(),
        }
    }

    /// Offers `top` the `k` nearest allowed rows that a beam of width `ef` finds. Graphs with lists are not walked alone.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read).
    pub(crate) fn run(&self, top: &mut TopK) -> Result<Searched> {
        with_score(self.graph, self.query, |score, scratch| self.search(score, top, scratch))
    }

    /// Offers `top` the `k` nearest allowed rows by comparing the codes of all of them: a quarter or an eighth of the bytes, which
    /// are in memory anyway.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read).
    pub(crate) fn scan(&self, top: &mut TopK) -> Result<Searched> {
        with_score(self.graph, self.query, |score, scratch| {
            scratch.begin(self.graph.points());
            let Scratch { marks, pending, .. } = scratch;
            pending.clear();
            match self.allowed {
                Some(allowed) => {
                    // Vectors::new keeps the number of rows below u32::MAX.
                    let points =
                        allowed.range(..self.vectors.len() as u32).filter_map(|row| self.graph.point_of(row));
                    pending.extend(points.filter(|&point| marks.visit(point)));
                }
                None => pending.extend(0..self.graph.points() as u32),
            }
            if self.graph.has_lists() {
                expand::points(self.graph, score, scratch)?;
            } else {
                let Scratch { pending, dots, scores, found, .. } = scratch;
                scores.clear();
                score.of(self.graph, pending, dots, scores);
                found.clear();
                found.extend(scores.iter().zip(pending.iter()).map(|(&score, &node)| key(score, node)));
            }
            let Scratch { found, row: buffer, .. } = scratch;
            let visited = found.len() as u64;
            let mut rerank = Rerank::new(self, score, SCAN_REACH);
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

    fn search(&self, score: &Score<'_>, top: &mut TopK, scratch: &mut Scratch) -> Result<Searched> {
        let accept = |node| self.has_allowed(node);
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
            let mut rerank = Rerank::new(self, score, REACH);
            rerank.offer(top, found, row)?;
            searched.reranked = rerank.reranked;
        }
        Ok(searched)
    }
}

/// Calls `search` with a query's codes, ready to be compared with a graph's.
pub(super) fn with_score<T>(
    graph: &Graph,
    query: &[f32],
    search: impl FnOnce(&Score<'_>, &mut Scratch) -> T,
) -> T {
    Scratch::with(|scratch| {
        let mut codes = std::mem::take(&mut scratch.codes);
        codes.clear();
        codes.resize(graph.padded_dimensions(), 0);
        let own = codes.get_mut(..graph.dimensions()).unwrap_or_default();
        let scale = graph.quantizer().encode(query, own);
        let score = Score::new(graph, &codes, scale);
        let searched = search(&score, scratch);
        scratch.codes = codes;
        searched
    })
}

/// Computes true distances, of the best nodes first, until none can be among the `k` nearest.
pub(super) struct Rerank<'a> {
    search: &'a GraphSearch<'a>,
    score: &'a Score<'a>,
    reach: Reach,
    pub(super) errors: Errors,
    /// Rows that were known before.
    before: u64,
    pub(super) reranked: u64,
}

/// See [`REACH`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    greatest: f64,
    deviations: f64,
}

/// How far from the true distances those of codes were.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Errors {
    rows: u64,
    greatest: f64,
    sum_of_squares: f64,
}

impl Errors {
    fn add(&mut self, error: f64) {
        self.rows += 1;
        self.greatest = self.greatest.max(error);
        self.sum_of_squares += error * error;
    }
}

impl<'a> Rerank<'a> {
    pub(super) fn new(search: &'a GraphSearch<'a>, score: &'a Score<'a>, reach: Reach) -> Self {
        Self::after(search, score, reach, Errors::default())
    }

    /// With what was learnt in another part, whose graph has codes of the same kind.
    pub(super) fn after(
        search: &'a GraphSearch<'a>,
        score: &'a Score<'a>,
        reach: Reach,
        errors: Errors,
    ) -> Self {
        Self { search, score, reach, errors, before: errors.rows, reranked: 0 }
    }

    /// Whether enough rows were compared to leave others out.
    fn is_judge(&self) -> bool {
        let least = if self.before == 0 { 0 } else { ENOUGH };
        self.before + self.reranked >= least.max(self.search.k as u64)
    }

    /// How far the codes may be wrong.
    fn reach(&self) -> f64 {
        let deviation = (self.errors.sum_of_squares / self.errors.rows.max(1) as f64).sqrt();
        (self.reach.greatest * self.errors.greatest).min(self.reach.deviations * deviation)
    }

    /// Offers `top` the rows of nodes, nearest first; gives whether no node behind them can have a row for it.
    pub(super) fn offer(&mut self, top: &mut TopK, found: &[Key], buffer: &mut RowBuffer) -> Result<bool> {
        let GraphSearch { part, graph, vectors, distance, k, .. } = *self.search;
        let most = match graph.params().code_bits {
            CodeBits::Eight => ROWS_OF_A_NODE,
            CodeBits::Four => ROWS_OF_A_COARSE_NODE,
        };
        for (at, &key) in found.iter().enumerate() {
            let about = f64::from(self.score.distance(score(key)));
            if self.is_judge() && about - self.reach() > top.limit() {
                return Ok(true);
            }
            if let Some(&next) = found.get(at + 1) {
                graph.rows(node(next)).take(1).for_each(|row| vectors.prefetch(row as usize));
            }
            let rows = graph.rows(node(key)).filter(|&row| self.search.is_allowed(row));
            for row in rows.take(most.max(k)) {
                let Some(values) = vectors.fetch(row as usize, buffer)? else { continue };
                let distance = distance.to(values);
                self.reranked += 1;
                self.errors.add((distance - about).abs());
                top.push(Hit { part, row, distance });
            }
        }
        Ok(false)
    }
}
