//! Searches under filters: time and recall by the share of rows that match and by where they lie, against exact search.
//!
//! `filters [titles|clustered]`: the real titles, or 100,000 x 128 generated vectors.

use std::time::Duration;

use anyhow::{Result, bail};
use muster_benches::{data, data::DataSet, measure};
use muster_engine::{Graph, HnswParams, Metric, SearchOptions};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use roaring::RoaringBitmap;

/// Queries of each line: the exact answers take most of the time.
const QUERIES: usize = 100;

const OPTIONS: SearchOptions = SearchOptions { metric: Metric::Cosine, k: 10, ef: 40, exact: false };

fn main() -> Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "titles".to_owned());
    let mut data = match name.as_str() {
        "titles" => data::titles()?,
        "clustered" => data::clustered(100_000, 128, 1000, 0.5),
        _ => bail!("titles or clustered?"),
    };
    data.queries.truncate(QUERIES * data.dimensions);
    let rows = measure::vectors(&data)?.len() as u32;
    let (graph, _, _) = measure::build(&data, Metric::Cosine, &HnswParams::default())?;
    println!("{}: {rows} rows, {} nodes, k = 10, ef = 40, one thread", data.name, graph.nodes());
    println!(
        "{:>8} {:>9} {:>10} {:>10} {:>9} {:>7} {:>12}",
        "share", "matches", "recall@10", "us/query", "visited", "exact", "us if exact"
    );
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for share in [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.9, 0.99] {
        let random: RoaringBitmap = (0..rows).filter(|_| rng.random_bool(share)).collect();
        let count = (f64::from(rows) * share).max(1.0) as usize;
        let farthest = |query: &[f32]| -> Result<RoaringBitmap> {
            let mut by_distance = ordered(&data, query)?;
            by_distance.reverse();
            Ok(by_distance.into_iter().take(count).collect())
        };
        line(&data, &graph, share, "random", |_| Ok(random.clone()))?;
        line(&data, &graph, share, "farthest", farthest)?;
    }
    Ok(())
}

/// All rows, by their distance from a query.
fn ordered(data: &DataSet, query: &[f32]) -> Result<Vec<u32>> {
    let vectors = measure::vectors(data)?;
    let part = muster_engine::Part { vectors, allowed: None, graph: None };
    let options = SearchOptions { k: vectors.len(), exact: true, ..OPTIONS };
    Ok(muster_engine::search(&[part], query, &options)?.0.into_iter().map(|hit| hit.row).collect())
}

fn line(
    data: &DataSet,
    graph: &Graph,
    share: f64,
    matches: &str,
    filter: impl Fn(&[f32]) -> Result<RoaringBitmap>,
) -> Result<()> {
    let (mut recall, mut time, mut visited, mut exact, mut scan) =
        (0.0, Duration::ZERO, 0, 0, Duration::ZERO);
    let queries: Vec<&[f32]> = data.queries.chunks_exact(data.dimensions).collect();
    for query in &queries {
        let allowed = filter(query)?;
        let part = muster_engine::Part {
            vectors: measure::vectors(data)?,
            allowed: Some(&allowed),
            graph: Some(graph),
        };
        let (truth, scanned, _) = measure::timed(&part, query, &SearchOptions { exact: true, ..OPTIONS })?;
        let (found, took, stats) = measure::timed(&part, query, &OPTIONS)?;
        recall += measure::recall(&found, &truth);
        time += took;
        scan += scanned;
        visited += stats.visited;
        exact += usize::from(stats.strategy != muster_engine::Strategy::Graph);
    }
    let count = queries.len().max(1);
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    println!(
        "{share:>8} {matches:>9} {:>10.4} {:>10.1} {:>9} {exact:>7} {:>12.1}",
        recall / count as f64,
        micros(time),
        visited / count as u64,
        micros(scan)
    );
    Ok(())
}
