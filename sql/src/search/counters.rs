//! What EXPLAIN ANALYZE shows of searches.

use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use muster_engine::Strategy;

use super::Found;

/// See the module.
pub(crate) struct Counters {
    searches: Count,
    graph: Count,
    mixed: Count,
    exact: Count,
    visited: Count,
    filtered_out: Count,
    reranked: Count,
    parts_kept: Count,
    evaluated: Count,
    rows: Count,
}

impl Counters {
    pub(crate) fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let counter = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
        Self {
            searches: counter("searches"),
            graph: counter("graph_searches"),
            mixed: counter("mixed_searches"),
            exact: counter("exact_searches"),
            visited: counter("rows_visited"),
            filtered_out: counter("rows_filtered_out"),
            reranked: counter("rows_reranked"),
            parts_kept: counter("parts_kept"),
            evaluated: counter("filter_evaluations"),
            rows: MetricBuilder::new(metrics).output_rows(partition),
        }
    }

    /// Adds a search that gave so many rows.
    pub(crate) fn add(&self, Found { stats, parts_kept, .. }: &Found, rows: usize) {
        self.searches.add(1);
        match stats.strategy {
            Strategy::Graph => self.graph.add(1),
            Strategy::Mixed => self.mixed.add(1),
            Strategy::Exact => self.exact.add(1),
        }
        add(&self.visited, stats.visited);
        add(&self.filtered_out, stats.filtered_out);
        add(&self.reranked, stats.reranked);
        self.parts_kept.add(*parts_kept);
        self.rows.add(rows);
    }

    /// Adds rows that a filter was evaluated for.
    pub(crate) fn evaluated(&self, rows: u64) {
        add(&self.evaluated, rows);
    }
}

fn add(count: &Count, value: u64) {
    count.add(usize::try_from(value).unwrap_or(usize::MAX));
}
