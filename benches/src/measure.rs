//! One graph, searched with each query: recall, time and work.
//!
//! Recall compares distances, not rows: of equally distant rows any will do.

use std::time::{Duration, Instant};

use anyhow::Result;
use muster_engine::{
    Graph, Hit, HnswParams, Metric, Part, SearchOptions, SearchStats, Strategy, Vectors, build_graph, search,
};
use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::data::DataSet;

/// What searching with all queries gave.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Mean share of the true neighbours found.
    pub recall: f64,
    /// Mean time of a search, one thread searching.
    pub time: Duration,
    /// Mean number of nodes scored or rows compared.
    pub visited: u64,
    /// Mean number of rows compared again after a graph search.
    pub reranked: u64,
    /// Searches that did not go through the graph alone.
    pub exact: usize,
}

/// Builds a graph and says how long it took.
///
/// # Errors
/// The engine's.
pub fn build(data: &DataSet, metric: Metric, params: &HnswParams) -> Result<(Graph, usize, Duration)> {
    let start = Instant::now();
    let bytes = build_graph(&vectors(data)?, metric, params, &|_, _| true)?.to_bytes();
    let (time, size) = (start.elapsed(), bytes.len());
    Ok((Graph::open(bytes.into())?, size, time))
}

/// The data set's vectors.
///
/// # Errors
/// The engine's.
pub fn vectors(data: &DataSet) -> Result<Vectors<'_>> {
    Ok(Vectors::new(&data.base, data.dimensions, None)?)
}

/// The exact answers, against which recall is measured.
///
/// # Errors
/// The engine's.
pub fn truth(
    data: &DataSet,
    metric: Metric,
    k: usize,
    allowed: Option<&RoaringBitmap>,
) -> Result<Vec<Vec<Hit>>> {
    let part = Part { vectors: vectors(data)?, allowed, graph: None };
    let options = SearchOptions { metric, k, ef: k, exact: true };
    let queries: Vec<&[f32]> = data.queries.chunks_exact(data.dimensions).collect();
    queries.par_iter().map(|query| Ok(search(&[part], query, &options)?.0)).collect()
}

/// One search, and how long it took.
///
/// # Errors
/// The engine's.
pub fn timed(
    part: &Part<'_>,
    query: &[f32],
    options: &SearchOptions,
) -> Result<(Vec<Hit>, Duration, SearchStats)> {
    let start = Instant::now();
    let (hits, stats) = search(&[*part], query, options)?;
    Ok((hits, start.elapsed(), stats))
}

/// The share of an answer that is as near as the true one's last. Of equally distant rows any will do.
pub fn recall(found: &[Hit], truth: &[Hit]) -> f64 {
    let Some(last) = truth.last() else { return 1.0 };
    let limit = last.distance + last.distance.abs() * 1e-6 + 1e-6;
    found.iter().filter(|hit| hit.distance <= limit).count() as f64 / truth.len() as f64
}

/// Searches with every query, one after the other.
///
/// # Errors
/// The engine's.
pub fn run(
    data: &DataSet,
    graph: Option<&Graph>,
    allowed: Option<&RoaringBitmap>,
    options: &SearchOptions,
    truth: &[Vec<Hit>],
) -> Result<Measured> {
    let part = Part { vectors: vectors(data)?, allowed, graph };
    let (mut recall, mut visited, mut reranked, mut exact, mut time) = (0.0, 0, 0, 0, Duration::ZERO);
    for (query, truth) in data.queries.chunks_exact(data.dimensions).zip(truth) {
        let (hits, took, stats) = timed(&part, query, options)?;
        time += took;
        visited += stats.visited;
        reranked += stats.reranked;
        exact += usize::from(stats.strategy != Strategy::Graph);
        recall += self::recall(&hits, truth);
    }
    let count = truth.len().max(1);
    Ok(Measured {
        recall: recall / count as f64,
        time: time / count as u32,
        visited: visited / count as u64,
        reranked: reranked / count as u64,
        exact,
    })
}
