//! Recall against latency of the engine's graphs: `recall [name ...]`, all data sets when none is named.
//!
//! Real titles come from `../shared/data`, or the folder that `MUSTER_TEST_DATA` names.

use anyhow::{Result, bail};
use muster_benches::{
    data::{self, DataSet},
    measure,
};
use muster_engine::{HnswParams, Metric, SearchOptions};

const NAMES: [&str; 8] = ["titles", "hashed", "tasks", "profiles", "clustered", "tight", "random", "ip"];

fn main() -> Result<()> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let names = if named.is_empty() { NAMES.map(str::to_owned).to_vec() } else { named };
    for name in names {
        let (data, metrics): (DataSet, &[Metric]) = match name.as_str() {
            "titles" => (data::titles()?, &Metric::ALL),
            "hashed" => (data::hashed_titles()?, &[Metric::Cosine]),
            "tasks" => (data::hashed_tasks()?, &[Metric::Cosine]),
            "profiles" => (data::hashed_profiles(20_000)?, &[Metric::Cosine]),
            "clustered" => (data::clustered(20_000, 128, 200, 0.3), &Metric::ALL),
            "tight" => (data::clustered(20_000, 64, 100, 0.1), &[Metric::L2, Metric::InnerProduct]),
            "random" => (data::clustered(20_000, 768, 1, 1.0), &[Metric::Cosine]),
            "ip" => (data::clustered(20_000, 32, 20, 0.5), &[Metric::InnerProduct]),
            _ => bail!("no data set {name}; there are {}", NAMES.join(", ")),
        };
        for &metric in metrics {
            report(&data, metric)?;
        }
    }
    Ok(())
}

fn report(data: &DataSet, metric: Metric) -> Result<()> {
    let k = 10;
    let truth = measure::truth(data, metric, k, None)?;
    let (graph, bytes, time) = measure::build(data, metric, &HnswParams::default())?;
    println!("\n{} ({metric}): {} nodes, {bytes} bytes, built in {time:.1?}", data.name, graph.nodes());
    println!("{:>6} {:>10} {:>10} {:>9} {:>7}", "ef", "recall@10", "us/query", "visited", "exact");
    for ef in [10, 20, 40, 80, 160, 320] {
        let options = SearchOptions { metric, k, ef, exact: false };
        let it = measure::run(data, Some(&graph), None, &options, &truth)?;
        let micros = it.time.as_secs_f64() * 1e6;
        println!("{ef:>6} {:>10.4} {micros:>10.1} {:>9} {:>7}", it.recall, it.visited, it.exact);
    }
    Ok(())
}
