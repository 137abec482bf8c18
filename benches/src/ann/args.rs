//! The options of `muster-benches ann`.

use std::path::PathBuf;

use clap::ValueEnum;

/// Threads that build an index: each system gets as many.
pub const BUILD_THREADS: usize = 2;
/// Links of a node, of every system.
pub const M: usize = 16;
/// Candidates while a graph is built, of every system.
pub const EF_CONSTRUCTION: usize = 200;
/// Neighbours that a search is to find.
pub const K: usize = 10;
/// Connections that searches come over, one measurement each.
pub const CONNECTIONS: [usize; 3] = [1, 8, 50];

/// The vectors that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dataset {
    /// Vectors of 768 dimensions around random centres
    Synthetic,
    /// 52,754 titles of 384 dimensions, from the folder that MUSTER_TEST_DATA names or ../shared/data
    Titles,
}

/// Systems that Muster is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PeerName {
    /// hnswlib
    Hnswlib,
    /// faiss-cpu, HNSWFlat
    Faiss,
    /// usearch, vectors as f32
    UsearchF32,
    /// usearch, vectors as f16
    UsearchF16,
    /// LanceDB, IVF_HNSW_FLAT of one partition
    Lancedb,
    /// DuckDB, exact
    Duckdb,
    /// sqlite-vec, exact
    SqliteVec,
    /// PostgreSQL with pgvector
    Pgvector,
}

/// Arguments of `muster-benches ann`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The vectors to search, comma-separated
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["synthetic", "titles"])]
    pub dataset: Vec<Dataset>,
    /// Vectors of the synthetic data set
    #[arg(long, default_value_t = 100_000)]
    pub rows: usize,
    /// Peers to measure, comma-separated; all unless given
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = PeerName::value_variants().to_vec())]
    pub peers: Vec<PeerName>,
    /// Leaves all peers out
    #[arg(long, conflicts_with = "peers")]
    pub no_peers: bool,
    /// Where ann.json and the pictures go
    #[arg(long, default_value = "ann-results")]
    pub out: PathBuf,
    /// An interpreter that has the peers' packages; unless given, a virtual environment is made in the user's
    /// cache folder and filled from benches/peers/requirements.txt
    #[arg(long)]
    pub python: Option<PathBuf>,
    /// The command `muster`; unless given, it is built, or taken from beside this program
    #[arg(long)]
    pub muster: Option<PathBuf>,
    /// How often each measurement is made; medians are shown
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Widths of the beam to search with, comma-separated
    #[arg(long, value_delimiter = ',', default_values_t = [10, 16, 24, 32, 40, 48, 64, 96, 128, 200, 400])]
    pub ef: Vec<usize>,
    /// Least seconds of a measurement over the wire
    #[arg(long, default_value_t = 1.0)]
    pub seconds: f64,
    /// Workers to generate and load; 0 leaves that out
    #[arg(long, default_value_t = 100_000)]
    pub workers: usize,
    /// Where indexes and databases are kept while it runs; the system's folder for temporary files unless given
    #[arg(long)]
    pub temp: Option<PathBuf>,
}

impl Args {
    /// The peers that are asked for.
    #[must_use]
    pub fn peers(&self) -> &[PeerName] {
        if self.no_peers { &[] } else { &self.peers }
    }
}
