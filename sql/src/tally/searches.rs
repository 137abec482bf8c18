//! Nearest rows that were looked for: how often, in which way, how many rows that visited.
//!
//! One is one vector compared with the rows of one table; `matrix_search` over three corpora is three of them. What the
//! result cache answers is none.

use std::sync::atomic::{AtomicU64, Ordering};

use muster_engine::{SearchStats, Strategy};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Searches {
    graph: AtomicU64,
    mixed: AtomicU64,
    exact: AtomicU64,
    visited: AtomicU64,
}

impl Searches {
    /// Counts a search.
    pub(crate) fn add(&self, stats: &SearchStats) {
        let count = match stats.strategy {
            Strategy::Graph => &self.graph,
            Strategy::Mixed => &self.mixed,
            Strategy::Exact => &self.exact,
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.visited.fetch_add(stats.visited, Ordering::Relaxed);
    }

    /// Those by graph, those by graph and comparison, those that compared every row; the rows that they visited.
    pub(crate) fn read(&self) -> [u64; 4] {
        [&self.graph, &self.mixed, &self.exact, &self.visited].map(|count| count.load(Ordering::Relaxed))
    }
}
