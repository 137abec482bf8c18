//! Time of a search in the process against recall, for each width of the beam: `beam titles|clustered [ef ...]`.
//!
//! The peers read the same vectors: `MUSTER_EXPORT=FOLDER` writes them there as raw little-endian `f32`
//! (`base.f32`, `queries.f32`).

use std::time::Instant;

use anyhow::{Result, bail};
use muster_benches::{data, measure};
use muster_engine::{Graph, HnswParams, Metric, SearchOptions};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let data = match name.as_str() {
        "titles" => data::titles()?,
        "clustered" => data::clustered(100_000, 768, 1000, 1.0),
        "tight" => data::clustered(100_000, 768, 1000, 0.5),
        _ => bail!("titles or clustered?"),
    };
    let widths: Vec<usize> = arguments.map(|it| it.parse()).collect::<Result<_, _>>()?;
    let widths = if widths.is_empty() { vec![10, 16, 24, 32, 40, 48, 64, 96, 128, 200] } else { widths };
    if let Some(folder) = std::env::var_os("MUSTER_EXPORT") {
        for (file, values) in [("base.f32", &data.base), ("queries.f32", &data.queries)] {
            let bytes: Vec<u8> = values.iter().flat_map(|it| it.to_le_bytes()).collect();
            std::fs::write(std::path::Path::new(&folder).join(file), bytes)?;
        }
    }
    let kept = std::env::var_os("MUSTER_GRAPH");
    let graph = match kept.as_ref().map(std::fs::read) {
        Some(Ok(bytes)) => Graph::open(bytes.into())?,
        _ => {
            let start = Instant::now();
            let vectors = measure::vectors(&data)?;
            let bytes =
                muster_engine::build_graph(&vectors, Metric::Cosine, &HnswParams::default(), &|_, _| true)?;
            println!("built in {:.1} s, {} MB", start.elapsed().as_secs_f64(), bytes.len() / 1_000_000);
            if let Some(kept) = &kept {
                std::fs::write(kept, &bytes)?;
            }
            Graph::open(bytes.into())?
        }
    };
    println!("{}: {} nodes, cosine, k = 10, one thread", data.name, graph.nodes());
    println!("{:>5} {:>10} {:>9} {:>9} {:>9}", "ef", "recall@10", "us/query", "visited", "reranked");
    let truth = measure::truth(&data, Metric::Cosine, 10, None)?;
    for ef in widths {
        let options = SearchOptions { metric: Metric::Cosine, k: 10, ef, exact: false };
        let mut best: Option<measure::Measured> = None;
        for _ in 0..5 {
            let measured = measure::run(&data, Some(&graph), None, &options, &truth)?;
            if best.is_none_or(|best| measured.time < best.time) {
                best = Some(measured);
            }
        }
        let Some(best) = best else { continue };
        let micros = best.time.as_secs_f64() * 1e6;
        println!("{ef:>5} {:>10.4} {micros:>9.1} {:>9} {:>9}", best.recall, best.visited, best.reranked);
    }
    Ok(())
}
