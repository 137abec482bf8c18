//! Vectors for tests, the same each time, and the measure of a search.

use muster_engine::{
    Graph, Hit, HnswParams, Metric, Part, SearchOptions, SearchStats, Vectors, build_graph, search,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// `rows` vectors around `clusters` centres, the last of them as far from their centre as the first.
pub(crate) fn clustered(rows: usize, dimensions: usize, clusters: usize, spread: f32, seed: u64) -> Vec<f32> {
    let mut rng = rng(seed);
    let centres: Vec<f32> = (0..clusters * dimensions).map(|_| normal(&mut rng)).collect();
    let mut values = Vec::with_capacity(rows * dimensions);
    for _ in 0..rows {
        let cluster = rng.random_range(0..clusters);
        let centre = &centres[cluster * dimensions..(cluster + 1) * dimensions];
        values.extend(centre.iter().map(|c| c + spread * normal(&mut rng)));
    }
    values
}

fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let (a, b): (f32, f32) = (rng.random_range(1e-7..1.0), rng.random());
    (-2.0 * a.ln()).sqrt() * (b * std::f32::consts::TAU).cos()
}

pub(crate) fn graph(vectors: &Vectors<'_>, metric: Metric) -> Graph {
    graph_of(vectors, metric, &HnswParams::default())
}

pub(crate) fn graph_of(vectors: &Vectors<'_>, metric: Metric, params: &HnswParams) -> Graph {
    let bytes = build_graph(vectors, metric, params, &|_, _| true).unwrap().to_bytes();
    Graph::open(bytes.into()).unwrap()
}

pub(crate) fn find(part: Part<'_>, query: &[f32], options: SearchOptions) -> (Vec<Hit>, SearchStats) {
    search(&[part], query, &options).unwrap()
}

/// The share of hits that are as near as the exact answer's last. Equal distances count, whatever their row.
pub(crate) fn recall(found: &[Hit], exact: &[Hit]) -> f64 {
    let Some(last) = exact.last() else { return 1.0 };
    let limit = last.distance + last.distance.abs() * 1e-6 + 1e-6;
    found.iter().filter(|hit| hit.distance <= limit).count() as f64 / exact.len() as f64
}
