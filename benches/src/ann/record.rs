//! What a run found: written as JSON, and what tables and pictures are drawn from.

use serde::Serialize;

use super::memory::Resident;
use super::opening::Opening;
use super::point::Point;
use super::system::Built;
use super::target::Target;
use super::workforce::Workforce;

/// A run.
#[derive(Debug, Serialize)]
pub struct Record {
    /// The processor.
    pub processor: String,
    /// How many of them.
    pub cores: usize,
    /// How often each measurement was made.
    pub rounds: usize,
    /// Links of a node, of every graph.
    pub m: usize,
    /// Candidates while a graph was built.
    pub ef_construction: usize,
    /// Threads that each graph was built by.
    pub build_threads: usize,
    /// One for each data set.
    pub sets: Vec<SetRecord>,
    /// The workforce, where it was loaded.
    pub workforce: Option<Workforce>,
    /// The workforce's target.
    pub targets: Vec<Target>,
}

/// What was found on one data set.
#[derive(Debug, Serialize)]
pub struct SetRecord {
    /// Its short name.
    pub name: &'static str,
    /// What it is.
    pub title: String,
    /// Vectors.
    pub rows: usize,
    /// Elements of a vector.
    pub dimensions: usize,
    /// Queries.
    pub queries: usize,
    /// The systems, as they were built.
    pub built: Vec<Built>,
    /// The peers that could not be measured.
    pub missing: Vec<Missing>,
    /// Every measurement.
    pub points: Vec<Point>,
    /// The server's memory after all queries.
    pub memory: Resident,
    /// Opening the database.
    pub opening: Opening,
    /// What was promised.
    pub targets: Vec<Target>,
}

/// A peer that could not be measured.
#[derive(Debug, Serialize)]
pub struct Missing {
    /// The peer.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The processor's name, as Linux has it.
#[must_use]
pub fn processor() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "unknown".to_string(), |(_, name)| name.to_string())
}
