//! One query over the parts of a table: which way to search each part, and the best rows of all.
//!
//! It plans per part and per query; it knows no segments, deletions or SQL, only vectors, bitmaps of
//! allowed rows, and graphs. Invariant: `k` rows come back while `k` allowed rows with a distance exist;
//! where a graph cannot promise that, the part is scanned exactly.

use roaring::RoaringBitmap;

use crate::{
    Error, Graph, Hit, Metric, Result, Vectors, check_vector,
    distance::QueryDistance,
    exact,
    hit::TopK,
    hnsw::{GraphSearch, compared, search_lists},
};

/// One slice of a table: a segment, or the rows not yet in one.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its vectors.
    pub vectors: Vectors<'a>,
    /// Row positions that may be returned; `None`: all.
    pub allowed: Option<&'a RoaringBitmap>,
    /// Its index, if there is one: built over exactly these vectors, for the query's metric.
    pub graph: Option<&'a Graph>,
}

/// What a search is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SearchOptions {
    /// How distance is measured.
    pub metric: Metric,
    /// Rows to find, at least 1.
    pub k: usize,
    /// Candidates to keep while walking a graph, at least 1; never fewer than `k` are kept.
    pub ef: usize,
    /// Whether to leave graphs aside.
    pub exact: bool,
}

/// Which way a search went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Every part through its graph.
    Graph,
    /// Every part by comparing all allowed rows, by their codes where there is a graph.
    #[default]
    Exact,
    /// Some parts this way, some that.
    Mixed,
}

impl Strategy {
    /// The name, as EXPLAIN shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::Graph => "graph",
            Strategy::Exact => "exact",
            Strategy::Mixed => "mixed",
        }
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a search did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SearchStats {
    /// Which way it went.
    pub strategy: Strategy,
    /// Graph nodes scored, and rows compared in exact scans.
    pub visited: u64,
    /// Graph nodes that were near enough and that the filter refused, and rows that exact scans left out for it.
    pub filtered_out: u64,
    /// Rows whose distance was computed again from the full vector after a graph search.
    pub reranked: u64,
}

/// The `k` rows of all parts that are nearest to `query`, nearest first.
///
/// # Errors
/// What [`check_vector`] says of the query; [`Error::Parameter`] for `k` or `ef` of 0;
/// [`Error::Dimensions`] for a part of other dimensions; [`Error::GraphMismatch`] and
/// [`Error::GraphMetric`] for a graph that is not of its part's vectors or of the query's metric; [`Error::Read`].
pub fn search(parts: &[Part<'_>], query: &[f32], options: &SearchOptions) -> Result<(Vec<Hit>, SearchStats)> {
    search_within(parts, query, options, f64::INFINITY)
}

/// The same, but for rows that are farther than `distance`.
///
/// # Errors
/// As [`search`].
pub fn search_within(
    parts: &[Part<'_>],
    query: &[f32],
    options: &SearchOptions,
    distance: f64,
) -> Result<(Vec<Hit>, SearchStats)> {
    let within = distance;
    let &SearchOptions { metric, k, ef, exact } = options;
    check_vector(query, query.len(), Some(metric))?;
    at_least_one("k", k)?;
    at_least_one("ef", ef)?;
    for part in parts {
        if part.vectors.dimensions() != query.len() {
            return Err(Error::Dimensions { expected: part.vectors.dimensions(), found: query.len() });
        }
        if let Some(graph) = part.graph.filter(|_| !exact) {
            graph.check_fits(part.vectors.len(), part.vectors.dimensions(), metric)?;
        }
    }
    let distance = QueryDistance::new(metric, query);
    let mut stats = SearchStats::default();
    let (mut through_graph, mut scanned) = (0, 0);
    let rows = parts.iter().map(|part| part.vectors.len()).sum();
    let mut top = TopK::new(k, rows).within(within);
    // Those whose graphs have lists, and how many rows match in each.
    let (mut with_lists, mut matching) = (Vec::new(), Vec::new());
    // Vectors::new bounds rows, not parts; a part's number has to fit into a hit.
    for (number, part) in (0u32..).zip(parts).filter(|(_, part)| !part.vectors.is_empty()) {
        let matches = matches(part);
        // A filter that refuses nothing costs as much as another.
        let allowed = part.allowed.filter(|_| matches < part.vectors.len());
        let Some(graph) = part.graph.filter(|_| !exact) else {
            scanned += 1;
            let (hits, compared) = exact::scan(number, &part.vectors, allowed, &distance, k);
            stats.visited += compared;
            stats.filtered_out += (part.vectors.len() - matches) as u64;
            top.merge(hits);
            continue;
        };
        let search = GraphSearch {
            part: number,
            graph,
            vectors: &part.vectors,
            allowed,
            query,
            distance: &distance,
            k,
            ef,
            share: matches as f64 / part.vectors.len() as f64,
            budget: 0,
        };
        if graph.has_lists() {
            match matches {
                0 => stats.filtered_out += part.vectors.len() as u64,
                _ => {
                    with_lists.push(search);
                    matching.push(matches);
                }
            }
        } else if try_graph(&search, matches, &mut top, &mut stats)? {
            through_graph += 1;
        } else {
            scanned += 1;
            scan(&search, matches, &mut top, &mut stats)?;
        }
    }
    if try_lists(&with_lists, &matching, &mut top, &mut stats)? {
        through_graph += with_lists.len();
    } else {
        scanned += with_lists.len();
        for (search, &matches) in with_lists.iter().zip(&matching) {
            scan(search, matches, &mut top, &mut stats)?;
        }
    }
    stats.strategy = match (through_graph, scanned) {
        (0, _) => Strategy::Exact,
        (_, 0) => Strategy::Graph,
        _ => Strategy::Mixed,
    };
    Ok((top.into_sorted(), stats))
}

/// Compares all rows of a part that match, by their codes.
fn scan(search: &GraphSearch<'_>, matches: usize, top: &mut TopK, stats: &mut SearchStats) -> Result<()> {
    let searched = search.scan(top)?;
    stats.visited += searched.visited;
    stats.reranked += searched.reranked;
    stats.filtered_out += (search.vectors.len() - matches) as u64;
    Ok(())
}

/// Searches parts together through the lists of their graphs, where that is the cheaper way and finds what there is to find.
/// If not, `top` has nothing of them.
fn try_lists(
    searches: &[GraphSearch<'_>],
    matching: &[usize],
    top: &mut TopK,
    stats: &mut SearchStats,
) -> Result<bool> {
    let Some(&GraphSearch { ef, k, .. }) = searches.first() else { return Ok(false) };
    let kept = ef.max(k);
    // All that match, where those near the query would be half of them.
    if kept > WIDEST || compared(kept) >= matching.iter().sum::<usize>() / 2 {
        return Ok(false);
    }
    let searched = search_lists(searches, top)?;
    stats.visited += searched.visited;
    stats.reranked += searched.reranked;
    stats.filtered_out += searched.refused;
    let all: usize = searches
        .iter()
        .zip(matching)
        .map(|(search, &matches)| matches.min(search.graph.indexed_rows()))
        .sum();
    let found = searched.reranked >= k.min(all) as u64;
    if !found {
        searches.iter().for_each(|search| top.forget(search.part));
    }
    Ok(found)
}

/// Searches a part through its graph, where that is the cheaper way and finds what there is to find. If not, `top` has
/// nothing of the part.
fn try_graph(
    search: &GraphSearch<'_>,
    matches: usize,
    top: &mut TopK,
    stats: &mut SearchStats,
) -> Result<bool> {
    let share = search.share;
    let ef = if share < UNFILTERED { search.ef.saturating_mul(3) / 2 } else { search.ef };
    let Some(budget) = budget(search.graph.points(), matches, ef.max(search.k)) else {
        return Ok(false);
    };
    let search = GraphSearch { ef, budget, ..*search };
    let searched = search.run(top)?;
    stats.visited += searched.visited;
    stats.reranked += searched.reranked;
    stats.filtered_out += searched.refused;
    // Fewer than k is an answer only if there are no more; matches may include rows that have no distance.
    let all = matches.min(search.graph.indexed_rows());
    let found = searched.complete && searched.reranked >= search.k.min(all) as u64;
    if !found {
        top.forget(search.part);
    }
    Ok(found)
}

/// The widest beam over heads: what it keeps is in one order, and more of it costs more than comparing all.
const WIDEST: usize = 10_000;

/// The share of rows that match from which on a filter is none. Below it the beam is half as wide again: of the rows of a
/// layer that links lead to, a part is only passed through, and a beam of 40 found 0.933 of the nearest in a random half of
/// 20,000 uniformly random vectors.
const UNFILTERED: f64 = 0.98;

/// The node scores that a graph search may cost, or `None` where comparing all matches is cheaper from the start.
///
/// Measured (the bench program `filters`): a walk that keeps `ef` nodes scores some `25 * ef` of them, and
/// under a filter `share^-0.7` times as many, where `share` of the rows match.
fn budget(points: usize, matches: usize, ef: usize) -> Option<u64> {
    const SCORES: f64 = 25.0;
    /// What comparing a row costs, in scores of nodes, as it was measured when the rows themselves were compared; by their
    /// codes it is less.
    const ROW: f64 = 1.6;
    let share = (matches as f64 / points.max(1) as f64).clamp(f64::MIN_POSITIVE, 1.0);
    let walk = SCORES * ef as f64 / share.powf(0.7);
    if walk >= ROW * matches as f64 {
        return None;
    }
    // Where the matches lie far from the query a walk can cost many times that: then scan after all.
    Some(3 * matches as u64)
}

/// Rows of a part that may be returned.
fn matches(part: &Part<'_>) -> usize {
    let len = part.vectors.len();
    // Vectors::new keeps the number of rows below u32::MAX.
    part.allowed.map_or(len, |allowed| allowed.range_cardinality(..len as u32) as usize)
}

fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value > 0 { Ok(()) } else { Err(Error::Parameter { name, value: 0, least: 1, most: u64::MAX }) }
}
