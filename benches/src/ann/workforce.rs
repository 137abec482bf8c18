//! Workers loaded by the command line: embedded by `hash`, indexed, durable when it ends.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

use super::process::output;

/// How long a workforce took.
#[derive(Debug, Clone, Serialize)]
pub struct Workforce {
    /// Workers.
    pub rows: usize,
    /// Seconds that the file took to generate.
    pub generate: f64,
    /// Seconds that the whole process took to load it into a new database.
    pub load: f64,
    /// What it said.
    pub summary: String,
}

/// Generates and loads.
pub(super) fn measure(muster: &Path, rows: usize, folder: &Path) -> Result<Workforce> {
    let file = folder.join("workers.parquet");
    let start = Instant::now();
    let mut generate = Command::new(muster);
    generate.args(["generate", "workers", "--seed", "42", "--rows", &rows.to_string()]);
    output(generate.arg("--out").arg(&file))?;
    let generated = start.elapsed().as_secs_f64();
    let data = folder.join("workers");
    let start = Instant::now();
    let mut load = Command::new(muster);
    load.arg("load").arg(&file).args(["--table", "workers"]).arg("--data").arg(&data);
    let summary = output(&mut load)?;
    let seconds = start.elapsed().as_secs_f64();
    std::fs::remove_file(&file)?;
    std::fs::remove_dir_all(&data)?;
    Ok(Workforce { rows, generate: generated, load: seconds, summary: summary.trim().to_string() })
}
