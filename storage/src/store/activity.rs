//! What a store has done in the background since it was opened, for those who watch it.
//!
//! It decides nothing. Invariant: the writer's lock is taken through [`Inner::lock_writer`] alone, so that the longest
//! time for which commits had to wait is known.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::{Inner, Writer};

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// Checkpoints that sealed something.
    pub checkpoints: u64,
    /// Compactions: each replaced one run of neighbouring segments.
    pub compactions: u64,
    /// Segments that compactions replaced.
    pub segments_replaced: u64,
    /// Rows that checkpoints wrote.
    pub rows_sealed: u64,
    /// Rows that compactions wrote.
    pub rows_compacted: u64,
    /// Deleted rows that compactions dropped.
    pub rows_dropped: u64,
    /// Bytes of segment files that checkpoints and compactions wrote.
    pub bytes_written: u64,
    /// Times that the journal's file was written anew because it had become much larger than its contents.
    pub journal_rewrites: u64,
    /// How long the last checkpoint took.
    pub last_checkpoint: Duration,
    /// How long the last compaction took, pauses included.
    pub last_compaction: Duration,
    /// The longest time for which commits had to wait for whoever held the writer's lock.
    pub longest_lock: Duration,
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) checkpoints: AtomicU64,
    pub(super) compactions: AtomicU64,
    pub(super) segments_replaced: AtomicU64,
    pub(super) rows_sealed: AtomicU64,
    pub(super) rows_compacted: AtomicU64,
    pub(super) rows_dropped: AtomicU64,
    pub(super) bytes_written: AtomicU64,
    pub(super) journal_rewrites: AtomicU64,
    pub(super) last_checkpoint: AtomicU64,
    pub(super) last_compaction: AtomicU64,
    longest_lock: AtomicU64,
}

/// Adds to a count.
pub(super) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

/// Notes a duration that began at `since`.
pub(super) fn note(counter: &AtomicU64, since: Instant) {
    counter.store(nanoseconds(since), Ordering::Relaxed);
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Counts {
    pub(super) fn read(&self) -> Activity {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let time = |counter: &AtomicU64| Duration::from_nanos(get(counter));
        Activity {
            checkpoints: get(&self.checkpoints),
            compactions: get(&self.compactions),
            segments_replaced: get(&self.segments_replaced),
            rows_sealed: get(&self.rows_sealed),
            rows_compacted: get(&self.rows_compacted),
            rows_dropped: get(&self.rows_dropped),
            bytes_written: get(&self.bytes_written),
            journal_rewrites: get(&self.journal_rewrites),
            last_checkpoint: time(&self.last_checkpoint),
            last_compaction: time(&self.last_compaction),
            longest_lock: time(&self.longest_lock),
        }
    }
}

/// The writer's lock, held.
pub(super) struct WriterGuard<'a> {
    writer: MutexGuard<'a, Writer>,
    since: Instant,
    longest: &'a AtomicU64,
}

impl Inner {
    /// Waits for the writer's lock.
    pub(super) fn lock_writer(&self) -> WriterGuard<'_> {
        let writer = self.writer.lock();
        WriterGuard { writer, since: Instant::now(), longest: &self.counts.longest_lock }
    }
}

impl Deref for WriterGuard<'_> {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        &self.writer
    }
}

impl DerefMut for WriterGuard<'_> {
    fn deref_mut(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

impl Drop for WriterGuard<'_> {
    fn drop(&mut self) {
        self.longest.fetch_max(nanoseconds(self.since), Ordering::Relaxed);
    }
}
