//! What a server counts of its connections and statements while it works.
//!
//! It is read by [`crate::http`]. Invariant: to count costs a few atomic additions, whoever reads meanwhile; nothing is
//! looked up and nothing is locked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use muster::StatementKind;

/// The upper bounds of the buckets of times, in microseconds; what takes longer than the last is in one more.
pub(crate) const BOUNDS: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000, 30_000_000,
];

/// The classes of SQLSTATEs that are counted apart; others, which there should be none of, are `other`.
pub(crate) const CLASSES: [&str; 24] = [
    "08", "0A", "0L", "0P", "21", "22", "23", "24", "25", "26", "28", "2B", "34", "3B", "3D", "3F", "40",
    "42", "53", "54", "55", "57", "58", "XX",
];

const KINDS: usize = StatementKind::ALL.len();

/// See the module.
#[derive(Debug)]
pub(crate) struct Meter {
    /// How many clients may be connected.
    pub(crate) limit: usize,
    accepted: AtomicU64,
    refused: AtomicU64,
    open: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    /// By class, and of others.
    errors: [AtomicU64; CLASSES.len() + 1],
    /// By kind.
    times: [Times; KINDS],
}

/// How long statements of one kind took.
#[derive(Debug)]
struct Times {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Debug)]
pub(crate) struct TimesRead {
    pub(crate) buckets: [u64; BOUNDS.len() + 1],
    pub(crate) seconds: f64,
}

impl TimesRead {
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

/// A session that is open, until this is dropped.
#[derive(Debug)]
pub(super) struct Open(std::sync::Arc<Meter>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Meter {
    pub(super) fn new(limit: usize) -> Self {
        let times = || Times { buckets: zeros(), nanoseconds: AtomicU64::new(0) };
        let [accepted, refused, open, sent, received] = zeros();
        let times = std::array::from_fn(|_| times());
        Self { limit, accepted, refused, open, sent, received, errors: zeros(), times }
    }

    /// Somebody connects.
    pub(super) fn accept(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// He is not let in.
    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// He is let in.
    pub(super) fn open(self: &std::sync::Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }

    /// Bytes went to a client.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes came from a client.
    pub(super) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A client is told of an error.
    pub(super) fn error(&self, sqlstate: &str) {
        let class = sqlstate.get(..2).unwrap_or_default();
        let place = CLASSES.iter().position(|known| *known == class).unwrap_or(CLASSES.len());
        if let Some(counter) = self.errors.get(place) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A statement has ended, well or not.
    pub(super) fn statement(&self, kind: StatementKind, took: Duration) {
        let Some(times) = self.times.get(kind as usize) else { return };
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < microseconds);
        if let Some(bucket) = times.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        times.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Connections that were accepted, turned away, and have a session.
    pub(crate) fn connections(&self) -> [u64; 3] {
        [&self.accepted, &self.refused, &self.open].map(get)
    }

    /// Bytes received and sent.
    pub(crate) fn bytes(&self) -> [u64; 2] {
        [&self.received, &self.sent].map(get)
    }

    /// Errors by class.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        CLASSES.into_iter().chain(["other"]).zip(self.errors.iter().map(get))
    }

    /// How long statements took, by kind.
    pub(crate) fn times(&self) -> impl Iterator<Item = (StatementKind, TimesRead)> + '_ {
        let read = |times: &Times| TimesRead {
            buckets: times.buckets.each_ref().map(get),
            seconds: get(&times.nanoseconds) as f64 / 1e9,
        };
        StatementKind::ALL.into_iter().zip(self.times.iter().map(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_the_bucket_that_bounds_them() {
        let meter = Meter::new(1);
        for (microseconds, bucket) in [(0, 0), (100, 0), (101, 1), (1_000, 3), (30_000_001, 15)] {
            meter.statement(StatementKind::Merge, Duration::from_micros(microseconds));
            let (_, times) = meter.times().find(|(kind, _)| *kind == StatementKind::Merge).unwrap();
            assert!(times.buckets[bucket] > 0, "{microseconds}");
        }
        let (_, times) = meter.times().find(|(kind, _)| *kind == StatementKind::Merge).unwrap();
        assert_eq!((times.count(), times.seconds > 30.0), (5, true));
    }

    #[test]
    fn kinds_are_where_they_say_that_they_are() {
        for (place, kind) in StatementKind::ALL.into_iter().enumerate() {
            assert_eq!(place, kind as usize);
        }
    }

    #[test]
    fn errors_are_counted_by_class() {
        let meter = Meter::new(1);
        for state in ["42601", "42P01", "23505", "99999", ""] {
            meter.error(state);
        }
        let count = |class: &str| meter.errors().find(|(known, _)| *known == class).unwrap().1;
        assert_eq!([count("42"), count("23"), count("other"), count("08")], [2, 1, 2, 0]);
    }
}
