//! How long it takes until a database that was closed answers: always in a process of its own, started for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use muster::Database;
use serde::{Deserialize, Serialize};

use super::library::{Searcher, ids, parameter};
use super::percentile::median;
use super::problem::Files;
use super::process::output;
use super::sql;
use super::vectors::Encoded;
use super::{server, wire};

/// How often each is tried.
const TIMES: usize = 5;

/// Arguments of `muster-benches open`.
#[derive(Debug, clap::Args)]
pub struct OpenArgs {
    /// The database's folder
    #[arg(long)]
    data: PathBuf,
    /// Queries, little-endian f32; the first is asked
    #[arg(long)]
    queries: PathBuf,
    /// Elements of a query
    #[arg(long)]
    dimensions: usize,
}

/// What one process found; seconds.
#[derive(Debug, Serialize, Deserialize)]
struct Opened {
    open: f64,
    answer: f64,
}

/// Seconds until a closed database answers, the medians of some fresh processes.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Opening {
    /// `Database::open` alone.
    pub open: f64,
    /// `Database::open`, a session, a prepared search and its rows.
    pub answer: f64,
    /// All of that with the start and end of its process.
    pub process: f64,
    /// From the start of `muster serve` until a client that connects has its first rows.
    pub served: f64,
}

/// Opens, searches once, and prints both times.
///
/// # Errors
/// The database's.
pub fn open(args: &OpenArgs) -> Result<()> {
    let query = parameter(&first(&args.queries, args.dimensions)?)?;
    let start = Instant::now();
    let database = Database::open(&args.data)?;
    let open = start.elapsed().as_secs_f64();
    let found = ids(&Searcher::new(database, args.dimensions)?.search(&query)?)?;
    let opened = Opened { open, answer: start.elapsed().as_secs_f64() };
    found.first().context("nothing was found")?;
    println!("{}", serde_json::to_string(&opened)?);
    Ok(())
}

/// Measures the opening of a folder that nobody has open.
pub(super) fn measure(muster: &Path, data: &Path, files: &Files, dimensions: usize) -> Result<Opening> {
    let (mut opens, mut answers, mut processes, mut served) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TIMES {
        let start = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("open").arg("--data").arg(data).arg("--queries").arg(&files.queries);
        let line = output(command.arg("--dimensions").arg(dimensions.to_string()))?;
        processes.push(start.elapsed().as_secs_f64());
        let opened: Opened = serde_json::from_str(&line)?;
        opens.push(opened.open);
        answers.push(opened.answer);
        served.push(until_served(muster, data, &first(&files.queries, dimensions)?)?);
    }
    let middle = |samples: &[f64]| median(samples).context("nothing was measured");
    Ok(Opening {
        open: middle(&opens)?,
        answer: middle(&answers)?,
        process: middle(&processes)?,
        served: middle(&served)?,
    })
}

fn until_served(muster: &Path, data: &Path, query: &[f32]) -> Result<f64> {
    let query = Encoded::vector(query);
    let runtime = wire::runtime()?;
    let start = Instant::now();
    let (_process, endpoint) = server::start(muster, data)?;
    runtime.block_on(async {
        let client = wire::connect(&endpoint).await?;
        let vector = wire::vector_type(&client).await?;
        let search = client.prepare_typed(&sql::search(), &[vector]).await?;
        client.query(&search, &[&query]).await?.first().context("nothing was found")?;
        Ok(start.elapsed().as_secs_f64())
    })
}

/// The first query of a file.
fn first(queries: &Path, dimensions: usize) -> Result<Vec<f32>> {
    let bytes = std::fs::read(queries)?;
    let floats = bytes.as_chunks::<4>().0.iter().take(dimensions);
    Ok(floats.map(|bytes| f32::from_le_bytes(*bytes)).collect())
}
