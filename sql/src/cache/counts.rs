//! How often a cache had what it was asked for.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts as they go on.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Counts as they are, and what the cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CacheCounts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// `None` where each statement has its own.
    pub(crate) entries: Option<u64>,
    /// `None` where a cache is bounded by its entries and does not measure them.
    pub(crate) bytes: Option<u64>,
}

impl Counts {
    /// Counts a question, and passes its answer on.
    pub(crate) fn count<T>(&self, found: Option<T>) -> Option<T> {
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.with(None, None)
    }

    pub(crate) fn with(&self, entries: Option<u64>, bytes: Option<u64>) -> CacheCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheCounts { hits: of(&self.hits), misses: of(&self.misses), entries, bytes }
    }
}
