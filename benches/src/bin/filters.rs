//! Where walking the graph under a filter stops paying: time of the engine's own choice and of exact search,
//! for filters that allow from a thousandth of the rows to all.

use anyhow::Result;
use muster_benches::{data, measure};
use muster_engine::{HnswParams, Metric, SearchOptions};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use roaring::RoaringBitmap;

fn main() -> Result<()> {
    let data = data::titles()?;
    let rows = measure::vectors(&data)?.len() as u32;
    let (graph, _, _) = measure::build(&data, Metric::Cosine, &HnswParams::default())?;
    println!("{}: {rows} rows, {} nodes", data.name, graph.nodes());
    println!(
        "{:>8} {:>10} {:>10} {:>9} {:>7} {:>12}",
        "share", "recall@10", "us/query", "visited", "exact", "us if exact"
    );
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for share in [0.001, 0.003, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0] {
        let allowed: RoaringBitmap = (0..rows).filter(|_| rng.random_bool(share)).collect();
        let options = SearchOptions { metric: Metric::Cosine, k: 10, ef: 40, exact: false };
        let truth = measure::truth(&data, Metric::Cosine, 10, Some(&allowed))?;
        let chosen = measure::run(&data, Some(&graph), Some(&allowed), &options, &truth)?;
        let exact = SearchOptions { exact: true, ..options };
        let exact = measure::run(&data, None, Some(&allowed), &exact, &truth)?;
        let micros = |time: std::time::Duration| time.as_secs_f64() * 1e6;
        println!(
            "{share:>8} {:>10.4} {:>10.1} {:>9} {:>7} {:>12.1}",
            chosen.recall,
            micros(chosen.time),
            chosen.visited,
            chosen.exact,
            micros(exact.time)
        );
    }
    Ok(())
}
