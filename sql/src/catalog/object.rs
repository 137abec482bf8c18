//! Numbers of objects that storage does not number itself: schemas, views, sequences. The catalogs show them as ids.

use std::sync::atomic::{AtomicU64, Ordering};

use muster_storage::{Changes, Snapshot};

/// The mark that keeps the highest number given out.
pub(crate) const MARK: &str = "object";

/// The next number, kept by the same changes that use it.
pub(crate) fn number(changes: Changes, snapshot: &Snapshot) -> (Changes, u64) {
    let number = next(snapshot);
    (changes.raise_mark(MARK, number), number)
}

/// The next number. The changes that use it raise the mark [`MARK`] to it.
pub(crate) fn next(snapshot: &Snapshot) -> u64 {
    // Changes that are not committed yet have their numbers already: the process knows them, a later one need not.
    static HIGHEST: AtomicU64 = AtomicU64::new(0);
    HIGHEST.fetch_max(snapshot.mark(MARK), Ordering::Relaxed);
    HIGHEST.fetch_add(1, Ordering::Relaxed) + 1
}
