//! What a session has of its own beside its settings: a number, which its temporary schema is named after, and what
//! it drew from sequences.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::Backend;
use super::settings::playbooks::MAX_DISTANCE;
use crate::Options;
use crate::privileges::LastSubject;
use crate::roles::Identity;
use crate::sequence::Drawn;

/// See the module. It stays the same over RESET and DISCARD.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) number: u64,
    /// Who has begun the session.
    pub(crate) identity: Identity,
    /// What is known of whoever runs it.
    pub(crate) subject: LastSubject,
    /// The farthest that the playbooks' queries may be, which a session may lower and not raise.
    pub(crate) playbook_max_distance: f64,
    /// What `log_min_duration_statement` is unless the session says otherwise.
    pub(crate) log_min_duration: i64,
    pub(crate) drawn: Mutex<Drawn>,
    backend: Mutex<Backend>,
    /// How many sessions there may be at once; 0 when nobody counts them.
    max_connections: AtomicUsize,
    /// Grows with each temporary relation that the session makes.
    temporary: AtomicU64,
}

impl Own {
    /// With a number that no other session of the process has.
    pub(crate) fn new(options: &Options, identity: Identity) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Process ids have 31 bits.
        let process = i32::try_from(number & 0x7fff_ffff).unwrap_or(i32::MAX);
        Self {
            playbook_max_distance: options.playbook_max_distance.unwrap_or(MAX_DISTANCE),
            log_min_duration: options
                .log_min_duration
                .map_or(-1, |least| i64::try_from(least.as_millis()).unwrap_or(i64::MAX)),
            number,
            backend: Mutex::new(Backend { process, server: None, client: None }),
            identity,
            subject: LastSubject::default(),
            drawn: Mutex::default(),
            max_connections: AtomicUsize::new(0),
            temporary: AtomicU64::new(0),
        }
    }

    /// What the session is to its server.
    pub(crate) fn backend(&self) -> Backend {
        *self.backend.lock()
    }

    pub(super) fn set_backend(&self, backend: Backend) {
        *self.backend.lock() = backend;
    }

    pub(crate) fn max_connections(&self) -> usize {
        self.max_connections.load(Ordering::Relaxed)
    }

    pub(crate) fn set_max_connections(&self, limit: usize) {
        self.max_connections.store(limit, Ordering::Relaxed);
    }

    /// The session makes a temporary relation.
    pub(crate) fn make_temporary(&self) {
        self.temporary.fetch_add(1, Ordering::Relaxed);
    }

    /// How many temporary relations the session has made.
    pub(crate) fn temporary(&self) -> u64 {
        self.temporary.load(Ordering::Relaxed)
    }
}
