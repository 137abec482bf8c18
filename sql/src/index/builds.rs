//! What is being built just now: an entry for each index that somebody builds.
//!
//! `pg_stat_progress_create_index` shows it, and bars of progress are drawn from it. It decides nothing. Invariant: an entry
//! goes when its build ends, however it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use muster_storage::{IndexDefinition, IndexId, TableDefinition, TableId};
use parking_lot::Mutex;

/// Why an index is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// A statement waits for it.
    Create,
    /// New segments, or a damaged file.
    Complete,
}

impl Command {
    /// As PostgreSQL's view has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Command::Create => "CREATE INDEX",
            Command::Complete => "REINDEX CONCURRENTLY",
        }
    }
}

/// How far a build is; the names are pgvector's.
const PHASES: [&str; 2] = ["initializing", "loading tuples"];

/// One build.
#[derive(Debug)]
pub(crate) struct Build {
    pub(crate) table: TableId,
    pub(crate) index: IndexId,
    pub(crate) command: Command,
    phase: AtomicU8,
    rows_total: AtomicU64,
    rows_done: AtomicU64,
    segments_total: AtomicU64,
    segments_done: AtomicU64,
}

impl Build {
    pub(crate) fn phase(&self) -> &'static str {
        PHASES.get(usize::from(self.phase.load(Relaxed))).copied().unwrap_or_default()
    }

    /// All rows that the build goes over, and how many of them are done.
    pub(crate) fn rows(&self) -> (u64, u64) {
        (self.rows_total.load(Relaxed), self.rows_done.load(Relaxed))
    }

    /// All segments that get a graph, and how many have theirs.
    pub(crate) fn segments(&self) -> (u64, u64) {
        (self.segments_total.load(Relaxed), self.segments_done.load(Relaxed))
    }

    /// Rows are being linked from here on.
    pub(super) fn start(&self, rows: u64, segments: u64) {
        self.rows_total.store(rows, Relaxed);
        self.segments_total.store(segments, Relaxed);
        self.phase.store(1, Relaxed);
    }

    pub(super) fn set_rows(&self, done: u64) {
        self.rows_done.store(done, Relaxed);
    }

    pub(super) fn segment_done(&self) {
        self.segments_done.fetch_add(1, Relaxed);
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Builds(Mutex<Vec<Arc<Build>>>);

impl Builds {
    /// Adds an entry, which goes with what is given back.
    pub(super) fn begin(
        self: &Arc<Self>,
        table: &TableDefinition,
        index: &IndexDefinition,
        command: Command,
    ) -> Running {
        let build = Arc::new(Build {
            table: table.id,
            index: index.id,
            command,
            phase: AtomicU8::new(0),
            rows_total: AtomicU64::new(0),
            rows_done: AtomicU64::new(0),
            segments_total: AtomicU64::new(0),
            segments_done: AtomicU64::new(0),
        });
        self.0.lock().push(build.clone());
        Running { builds: self.clone(), build }
    }

    /// All that run.
    pub(crate) fn all(&self) -> Vec<Arc<Build>> {
        self.0.lock().clone()
    }
}

/// A build's entry for as long as it runs.
pub(super) struct Running {
    builds: Arc<Builds>,
    build: Arc<Build>,
}

impl std::ops::Deref for Running {
    type Target = Build;

    fn deref(&self) -> &Build {
        &self.build
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.builds.0.lock().retain(|build| !Arc::ptr_eq(build, &self.build));
    }
}
