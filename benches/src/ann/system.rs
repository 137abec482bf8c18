//! What is measured, as a run sees it: a system that was built, and the lines that it can be measured on.

use anyhow::Result;
use serde::Serialize;

use super::pass::Pass;

/// Muster through its library.
pub const LIBRARY: &str = "Muster, library";
/// The engine's graph, without a database around it.
pub const GRAPH: &str = "Muster, graph alone";
/// Muster over the wire, by connections.
pub const WIRE: &str = "Muster, wire";
/// PostgreSQL with pgvector, by connections.
pub const PGVECTOR: &str = "pgvector";
/// What the build through SQL is called.
pub const MUSTER: &str = "Muster";
/// hnswlib.
pub const HNSWLIB: &str = "hnswlib";
/// The libraries that Muster in process is compared with.
pub const LIBRARIES: [&str; 4] = [HNSWLIB, "faiss HNSWFlat", "usearch f32", "usearch f16"];

/// A way to ask a system: in process, or over so many connections.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Line {
    /// What to call it.
    pub name: String,
    /// Connections; `None`: in process, one thread.
    pub connections: Option<usize>,
    /// Whether it compares with every vector, so that there is no beam.
    pub exact: bool,
}

impl Line {
    /// A graph that is searched in process.
    #[must_use]
    pub fn in_process(name: &str) -> Self {
        Self { name: name.into(), connections: None, exact: false }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.connections {
            None => f.write_str(&self.name),
            Some(1) => write!(f, "{}, 1 connection", self.name),
            Some(connections) => write!(f, "{}, {connections} connections", self.name),
        }
    }
}

/// How a system came to be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Built {
    /// The system.
    pub name: String,
    /// Its version, or what else tells one build from another.
    pub version: String,
    /// Seconds that the index took, vectors being in memory or in the table.
    pub seconds: f64,
}

/// A system whose index is built.
pub trait System {
    /// How it came to be.
    fn built(&self) -> &Built;

    /// The ways it is asked.
    fn lines(&self) -> Vec<Line>;

    /// Searches with every query (with the first few where it is exact), after a warm-up.
    ///
    /// # Errors
    /// When a search fails.
    fn measure(&mut self, line: &Line, ef: usize) -> Result<Pass>;
}
