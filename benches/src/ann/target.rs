//! What is promised, as ratios of one run, and whether it is kept.

use serde::Serialize;

use super::args::CONNECTIONS;
use super::point::Point;
use super::record::SetRecord;
use super::system::{GRAPH, HNSWLIB, LIBRARIES, LIBRARY, MUSTER, PGVECTOR, WIRE};
use super::workforce::Workforce;

/// Recall that searches in process are compared at.
const IN_PROCESS: f64 = 0.999;
/// Recall that searches over the wire are compared at.
const OVER_THE_WIRE: f64 = 0.99;

/// What a value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// A promise, and what the run found.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// What is promised.
    pub promise: String,
    /// What it is held against.
    pub bound: Bound,
    /// What was found; `None` where what it takes was not measured.
    pub value: Option<f64>,
    /// What the value was made of.
    pub of: String,
    /// Whether it is kept.
    pub met: Option<bool>,
}

impl Target {
    fn new(promise: impl Into<String>, bound: Bound, found: Option<(f64, String)>) -> Self {
        let (value, of) = found.map_or((None, "not measured".into()), |(value, of)| (Some(value), of));
        let met = value.map(|value| match bound {
            Bound::AtMost(most) => value <= most,
            Bound::AtLeast(least) => value >= least,
        });
        Self { promise: promise.into(), bound, value, of, met }
    }
}

/// The measurement of a line's smallest beam that reaches a recall.
#[must_use]
pub fn at_recall<'a>(
    points: &'a [Point],
    line: &str,
    connections: Option<usize>,
    recall: f64,
) -> Option<&'a Point> {
    points
        .iter()
        .filter(|point| point.line.name == line && point.line.connections == connections)
        .filter(|point| point.recall >= recall)
        .min_by_key(|point| point.ef)
}

/// Those of one data set.
#[must_use]
pub fn of_set(set: &SetRecord) -> Vec<Target> {
    let mut targets = vec![in_process(set, LIBRARY), in_process(set, GRAPH)];
    targets.extend(CONNECTIONS.map(|connections| over_the_wire(set, connections)));
    targets.push(wire_against_process(set));
    targets.push(build(set, PGVECTOR, 0.6));
    targets.push(build(set, HNSWLIB, 1.0));
    // These were promised of the synthetic data set.
    if set.name == "synthetic" {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let memory = set.memory;
        targets.push(Target::new(
            "resident memory of the server after the queries, MB",
            Bound::AtMost(350.0),
            Some((
                megabytes(memory.all),
                format!(
                    "{:.0} its own, {:.0} of files",
                    megabytes(memory.anonymous),
                    megabytes(memory.files)
                ),
            )),
        ));
        let opening = set.opening;
        targets.push(Target::new(
            "opening, from the start of a process to the first answer, s",
            Bound::AtMost(0.3),
            Some((
                opening.process,
                format!(
                    "Database::open {:.3}, until the first answer {:.3}; a served client {:.3}",
                    opening.open, opening.answer, opening.served
                ),
            )),
        ));
    }
    targets
}

/// That of the workforce.
#[must_use]
pub fn of_workforce(workforce: &Workforce) -> Target {
    Target::new(
        format!("{} workers loaded, embedded, indexed, durable, s", workforce.rows),
        Bound::AtMost(120.0),
        Some((workforce.load, format!("generated in {:.1}; {}", workforce.generate, workforce.summary))),
    )
}

fn in_process(set: &SetRecord, line: &str) -> Target {
    let ours = at_recall(&set.points, line, None, IN_PROCESS).and_then(|point| Some((point, point.time?)));
    let best = LIBRARIES
        .iter()
        .filter_map(|peer| at_recall(&set.points, peer, None, IN_PROCESS))
        .filter_map(|point| Some((point, point.time?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let found = ours.zip(best).map(|((point, ours), (peer, theirs))| {
        (ours / theirs, format!("{} / {}", described(point, ours), described(peer, theirs)))
    });
    Target::new(
        format!("in process, recall@10 >= {IN_PROCESS}: time of {line} / the best library's"),
        Bound::AtMost(0.75),
        found,
    )
}

fn described(point: &Point, micros: f64) -> String {
    format!("{micros:.0} us (ef {}, {:.4})", point.ef.unwrap_or_default(), point.recall)
        + " "
        + &point.line.name
}

fn over_the_wire(set: &SetRecord, connections: usize) -> Target {
    let at = |line| at_recall(&set.points, line, Some(connections), OVER_THE_WIRE);
    let found = at(WIRE).zip(at(PGVECTOR)).map(|(ours, theirs)| {
        let rate = |point: &Point| format!("{:.0}/s (ef {})", point.qps, point.ef.unwrap_or_default());
        (ours.qps / theirs.qps, format!("{} / {}", rate(ours), rate(theirs)))
    });
    Target::new(
        format!(
            "over the wire, recall@10 >= {OVER_THE_WIRE}, connections {connections}: searches a second / pgvector's"
        ),
        Bound::AtLeast(3.0),
        found,
    )
}

fn wire_against_process(set: &SetRecord) -> Target {
    let found = at_recall(&set.points, WIRE, Some(1), OVER_THE_WIRE).and_then(|wire| {
        let library = set.points.iter().find(|point| point.line.name == LIBRARY && point.ef == wire.ef)?;
        let of = format!("{:.0} us - {:.0} us, ef {}", wire.p50, library.p50, wire.ef.unwrap_or_default());
        Some(((wire.p50 - library.p50) / 1e3, of))
    });
    Target::new("wire against in process, one connection, p50, ms", Bound::AtMost(0.25), found)
}

fn build(set: &SetRecord, peer: &str, most: f64) -> Target {
    let seconds = |name: &str| set.built.iter().find(|built| built.name == name).map(|built| built.seconds);
    let found = seconds(MUSTER)
        .zip(seconds(peer))
        .map(|(ours, theirs)| (ours / theirs, format!("{ours:.1} s / {theirs:.1} s")));
    Target::new(format!("index build: time / {peer}'s"), Bound::AtMost(most), found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::memory::Resident;
    use crate::ann::opening::Opening;
    use crate::ann::system::{Built, Line};

    fn point(name: &str, connections: Option<usize>, ef: usize, recall: f64, micros: f64) -> Point {
        Point {
            line: Line { connections, ..Line::in_process(name) },
            ef: Some(ef),
            recall,
            qps: 1e6 / micros,
            time: connections.is_none().then_some(micros),
            p50: micros,
            p99: micros,
            searches: 1,
            short: 0,
        }
    }

    fn set() -> SetRecord {
        let built = |name: &str, seconds| Built { name: name.into(), version: String::new(), seconds };
        SetRecord {
            name: "titles",
            title: String::new(),
            rows: 1,
            dimensions: 1,
            queries: 1,
            built: vec![built(MUSTER, 60.0), built(HNSWLIB, 50.0)],
            missing: vec![],
            points: vec![
                point(LIBRARY, None, 64, 0.9999, 300.0),
                point(LIBRARY, None, 40, 0.9995, 200.0),
                point(LIBRARY, None, 20, 0.9989, 100.0),
                point(HNSWLIB, None, 40, 0.9992, 500.0),
                point("faiss HNSWFlat", None, 40, 0.9993, 400.0),
                // Faster, and not good enough.
                point("usearch f16", None, 40, 0.99, 10.0),
                point(WIRE, Some(1), 20, 0.9989, 500.0),
                point(PGVECTOR, Some(1), 20, 0.9989, 1000.0),
            ],
            memory: Resident { all: 0, anonymous: 0, files: 0 },
            opening: Opening { open: 0.0, answer: 0.0, process: 0.0, served: 0.0 },
            targets: vec![],
        }
    }

    fn found(set: &SetRecord, promise: &str) -> Target {
        of_set(set).into_iter().find(|target| target.promise.contains(promise)).unwrap()
    }

    #[test]
    fn the_smallest_beam_that_reaches_a_recall_counts() {
        let set = set();
        assert_eq!(at_recall(&set.points, LIBRARY, None, 0.999).unwrap().ef, Some(40));
        assert_eq!(at_recall(&set.points, LIBRARY, None, 0.9).unwrap().ef, Some(20));
        assert!(at_recall(&set.points, LIBRARY, None, 1.0).is_none());
        assert!(at_recall(&set.points, LIBRARY, Some(1), 0.9).is_none());
    }

    #[test]
    fn ratios_are_of_the_best_peer_that_is_good_enough() {
        let library = found(&set(), "time of Muster, library");
        assert_eq!((library.value, library.met), (Some(0.5), Some(true)));
        let graph = found(&set(), "time of Muster, graph alone");
        assert_eq!((graph.value, graph.met), (None, None));
    }

    #[test]
    fn promises_are_kept_or_not() {
        let set = set();
        let wire = found(&set, "connections 1:");
        assert_eq!((wire.value, wire.met), (Some(2.0), Some(false)));
        assert_eq!(found(&set, "connections 8:").met, None);
        let difference = found(&set, "wire against");
        assert_eq!((difference.value, difference.met), (Some(0.4), Some(false)));
        let build = found(&set, "hnswlib's");
        assert_eq!((build.value, build.met), (Some(1.2), Some(false)));
        assert_eq!(found(&set, "/ pgvector's").met, Some(false));
        assert!(of_set(&set).iter().all(|target| !target.promise.contains("opening")));
    }
}
