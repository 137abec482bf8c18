//! The counts as Prometheus reads them.
//!
//! Everything is read once for an answer and written from that: the counters themselves are in [`crate::wire::meter`] and in
//! the database, where counting costs an addition. Invariant: what is not known is left out, and no name changes its meaning.

use std::fmt;
use std::sync::Arc;

use muster::Statistics;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet, prometheus_text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::process::Usage;
use crate::wire::meter::{BOUNDS, Meter};

pub(super) use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// What is written.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) process: Option<Usage>,
    pub(super) ready: bool,
    /// While the server serves.
    pub(super) meter: Option<Arc<Meter>>,
    pub(super) statistics: Option<Statistics>,
}

/// The text.
///
/// # Errors
/// None in practice: memory is written to.
pub(super) fn write(scrape: Scrape) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        page.gauges(
            "muster_build_info",
            "The version that runs",
            [([("version", env!("CARGO_PKG_VERSION"))], 1)],
        )?;
        page.gauge(
            "muster_ready",
            "Whether the database is open and clients are let in",
            u64::from(self.ready),
        )?;
        if let Some(process) = &self.process {
            process_metrics(&mut page, process)?;
        }
        if let Some(meter) = &self.meter {
            server_metrics(&mut page, meter)?;
        }
        if let Some(statistics) = &self.statistics {
            database_metrics(&mut page, statistics)?;
            table_metrics(&mut page, statistics)?;
        }
        Ok(())
    }
}

/// A label, whose name is known.
type Label<'a> = (&'static str, &'a str);

struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn metric(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        fill: impl FnOnce(MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        fill(self.0.encode_descriptor(name, help, None, kind)?)
    }

    fn gauge<V: EncodeGaugeValue>(&mut self, name: &str, help: &str, value: V) -> fmt::Result {
        self.metric(name, help, MetricType::Gauge, |mut metric| metric.encode_gauge(&value))
    }

    fn gauges<S: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (S, u64)>,
    ) -> fmt::Result {
        self.metric(name, help, MetricType::Gauge, |mut metric| {
            for (labels, value) in values {
                metric.encode_family(&labels)?.encode_gauge(&value)?;
            }
            Ok(())
        })
    }

    /// A counter, whose name gets the ending `_total`.
    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.metric(name, help, MetricType::Counter, |mut metric| {
            metric.encode_counter::<NoLabelSet, _, u64>(&value, None)
        })
    }

    fn counters<S: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (S, u64)>,
    ) -> fmt::Result {
        self.metric(name, help, MetricType::Counter, |mut metric| {
            for (labels, value) in values {
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
            }
            Ok(())
        })
    }
}

/// The names that all programs have for these.
fn process_metrics(page: &mut Page<'_>, process: &Usage) -> fmt::Result {
    let seconds = "Processor time since the process began";
    page.metric("process_cpu_seconds", seconds, MetricType::Counter, |mut metric| {
        metric.encode_counter::<NoLabelSet, _, u64>(&process.cpu_seconds, None)
    })?;
    page.gauge("process_resident_memory_bytes", "Memory that is resident", process.resident_bytes)?;
    page.gauge("process_virtual_memory_bytes", "Address space", process.virtual_bytes)?;
    page.gauge("process_threads", "Threads", process.threads)?;
    page.gauge("process_open_fds", "Files and sockets that are open", process.open_files)?;
    if let Some(most) = process.max_files {
        page.gauge("process_max_fds", "Files and sockets that may be open", most)?;
    }
    page.gauge("process_start_time_seconds", "When the process began, since 1970", process.started)
}

fn server_metrics(page: &mut Page<'_>, meter: &Meter) -> fmt::Result {
    let [accepted, refused, open] = meter.connections();
    let [received, sent] = meter.bytes();
    page.gauge("muster_connections", "Clients that have a session", open)?;
    page.gauge("muster_connections_limit", "Clients that may have one at once", meter.limit as u64)?;
    page.counter("muster_connections_accepted", "Connections that were made", accepted)?;
    page.counter("muster_connections_refused", "Connections that were turned away", refused)?;
    page.counter("muster_received_bytes", "Bytes of clients' messages after they came in", received)?;
    page.counter("muster_sent_bytes", "Bytes of messages to clients", sent)?;
    let times: Vec<_> = meter.times().collect();
    let counts = times.iter().map(|(kind, times)| ([("kind", kind.name())], times.count()));
    page.counters("muster_statements", "Statements that have ended, well or not", counts)?;
    let help = "How long statements took, until their last row was sent, in seconds";
    page.metric("muster_statement_duration_seconds", help, MetricType::Histogram, |mut metric| {
        for (kind, times) in &times {
            let bounds = BOUNDS.iter().map(|bound| *bound as f64 / 1e6).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(times.buckets).collect();
            let labels = [("kind", kind.name())];
            metric.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                times.seconds,
                times.count(),
                &buckets,
                None,
            )?;
        }
        Ok(())
    })?;
    let errors = meter.errors().map(|(class, count)| ([("class", class)], count));
    page.counters("muster_errors", "Errors that clients were told of, by the class of their SQLSTATE", errors)
}

fn database_metrics(page: &mut Page<'_>, statistics: &Statistics) -> fmt::Result {
    let opened = statistics.started.timestamp_millis() as f64 / 1e3;
    page.gauge("muster_database_open_time_seconds", "When the database was opened, since 1970", opened)?;
    let states = statistics.states.iter().map(|(state, count)| ([("state", *state)], *count));
    page.gauges(
        "muster_sessions",
        "Sessions by what they do, those of the server itself among them",
        states,
    )?;
    page.counter("muster_sessions_started", "Sessions that have begun", statistics.sessions)?;
    page.counter(
        "muster_sessions_terminated",
        "Sessions that others have ended",
        statistics.sessions_terminated,
    )?;
    let outcomes = [
        ([("outcome", "committed")], statistics.commits),
        ([("outcome", "rolled_back")], statistics.rollbacks),
    ];
    page.counters("muster_transactions", "Transactions that have ended; a statement alone is one", outcomes)?;
    let of = |cache: &muster::CacheStatistics| [("cache", cache.name)];
    let hits = statistics.caches.iter().map(|cache| (of(cache), cache.hits));
    page.counters("muster_cache_hits", "Questions that a cache had the answer to", hits)?;
    let misses = statistics.caches.iter().map(|cache| (of(cache), cache.misses));
    page.counters("muster_cache_misses", "Questions that a cache had no answer to", misses)?;
    page.gauge("muster_journal_bytes", "Size of the journal's file", statistics.journal_bytes)?;
    page.counter("muster_playbooks_recorded", "Playbooks that are new", statistics.playbooks_recorded)?;
    let searches = &statistics.searches;
    let strategies = [
        ([("strategy", "graph")], searches.graph),
        ([("strategy", "mixed")], searches.mixed),
        ([("strategy", "exact")], searches.exact),
    ];
    page.counters(
        "muster_searches",
        "Searches for nearest rows, each for one vector in one table",
        strategies,
    )?;
    page.counter("muster_search_rows_visited", "Rows that searches compared", searches.rows_visited)?;
    let storage = &statistics.storage;
    page.counter("muster_checkpoints", "Checkpoints that sealed something", storage.checkpoints)?;
    page.counter("muster_compactions", "Runs of segments that were written anew", storage.compactions)?;
    page.counter("muster_segment_bytes_written", "Bytes of segments that both wrote", storage.bytes_written)
}

/// What is told of each table.
type OfTable = fn(&muster::TableStatistics) -> u64;

fn table_metrics(page: &mut Page<'_>, statistics: &Statistics) -> fmt::Result {
    let gauges: [(&str, &str, OfTable); 7] = [
        ("muster_table_rows", "Rows that are there", |table| table.rows),
        ("muster_table_deleted_rows", "Deleted rows that are not dropped yet", |table| table.deleted_rows),
        ("muster_table_segments", "Sealed segments", |table| table.segments),
        ("muster_table_bytes", "Size of the segments' files, without indexes", |table| table.bytes),
        ("muster_table_index_bytes", "Size of the indexes' files", |table| table.index_bytes),
        ("muster_table_unsealed_rows", "Rows in the journal alone", |table| table.unsealed_rows),
        ("muster_table_journal_bytes", "Size of the table's entries in the journal", |table| {
            table.journal_bytes
        }),
    ];
    let counters: [(&str, &str, OfTable); 5] = [
        ("muster_table_rows_inserted", "Rows inserted", |table| table.inserted),
        ("muster_table_rows_updated", "Rows updated", |table| table.updated),
        ("muster_table_rows_deleted", "Rows deleted", |table| table.deleted),
        ("muster_table_scans", "Times that all rows were read", |table| table.scans),
        ("muster_table_lookups", "Times that rows were found by a key or an index", |table| table.lookups),
    ];
    for (name, help, value) in gauges {
        page.gauges(name, help, statistics.tables.iter().map(|table| (labels(table), value(table))))?;
    }
    for (name, help, value) in counters {
        page.counters(name, help, statistics.tables.iter().map(|table| (labels(table), value(table))))?;
    }
    Ok(())
}

fn labels(table: &muster::TableStatistics) -> [Label<'_>; 2] {
    [("schema", table.schema.as_str()), ("table", table.name.as_str())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_starts_says_so() {
        let scrape = Scrape { process: None, ready: false, meter: None, statistics: None };
        let text = write(scrape).unwrap();
        assert!(text.contains("muster_ready 0\n"), "{text}");
        assert!(!text.contains("muster_connections"), "{text}");
    }

    #[test]
    fn an_open_database_tells_of_its_tables() {
        let database = muster::Database::in_memory().unwrap();
        let statistics = Some(database.statistics().unwrap());
        let text = write(Scrape { process: Usage::now(), ready: true, meter: None, statistics }).unwrap();
        assert!(text.contains("muster_table_rows{schema=\"public\",table=\"workers\"} 0\n"), "{text}");
        assert!(text.contains("# TYPE muster_transactions_total counter\n"), "{text}");
        assert!(text.contains("muster_searches_total{strategy=\"graph\"} 0\n"), "{text}");
    }
}
