//! The sessions of a database, and how many transactions they have ended.
//!
//! It keeps none of them alive. Invariant: a session is in it from its first moment to its last.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Live;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// By their numbers.
    open: Mutex<BTreeMap<u64, Weak<Live>>>,
    pub(crate) counts: Counts,
}

/// What there was since the database was opened.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    sessions: AtomicU64,
    terminated: AtomicU64,
    commits: AtomicU64,
    rollbacks: AtomicU64,
}

impl Sessions {
    pub(super) fn enter(&self, number: u64, session: &Arc<Live>) {
        self.counts.sessions.fetch_add(1, Ordering::Relaxed);
        self.open.lock().insert(number, Arc::downgrade(session));
    }

    pub(super) fn leave(&self, number: u64) {
        self.open.lock().remove(&number);
    }

    /// All of them, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        self.open.lock().values().filter_map(Weak::upgrade).collect()
    }

    /// The one of a process id.
    pub(crate) fn of_process(&self, process: i64) -> Option<Arc<Live>> {
        self.all().into_iter().find(|session| i64::from(session.process()) == process)
    }
}

impl Counts {
    /// A transaction has ended; one statement alone is one, too.
    pub(super) fn ended(&self, committed: bool) {
        let count = if committed { &self.commits } else { &self.rollbacks };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// A session was told to end by another.
    pub(crate) fn terminated(&self) {
        self.terminated.fetch_add(1, Ordering::Relaxed);
    }

    /// Sessions, those of them that others ended, commits, rollbacks.
    pub(crate) fn read(&self) -> [i64; 4] {
        let counts = [&self.sessions, &self.terminated, &self.commits, &self.rollbacks];
        counts.map(|count| i64::try_from(count.load(Ordering::Relaxed)).unwrap_or(i64::MAX))
    }
}
