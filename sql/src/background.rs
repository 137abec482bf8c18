//! What a database does by itself: one thread keeps the storage in shape, another builds graphs.
//!
//! What is due in storage (sealing, compaction) is storage's to say; here is when it is asked, and whose time it takes.
//! The thread that builds graphs also compacts: a new segment gets its graph before it is seen.
//! Both threads are woken by commits and at open, and look by themselves now and then, for rows also grow old. There are
//! two because a build takes minutes, and sealing must not wait for it. Building and compacting give way to statements
//! ([`priority`]); sealing does not, for it bounds what searches compare one by one. Closing the database cancels what they
//! are at and waits for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::database::Shared;
use crate::index::{Command, vector_indexes};
use crate::priority;
use crate::progress::Silent;

/// How long a thread sleeps when nobody wakes it.
const LOOK: Duration = Duration::from_secs(10);

/// The least time between two rounds: a flood of commits is one reason to look, not thousands.
const REST: Duration = Duration::from_millis(20);

/// Wakes the threads.
#[derive(Clone)]
pub(crate) struct Wake {
    storage: SyncSender<()>,
    graphs: SyncSender<()>,
}

/// What a thread does when it is woken.
type Round = fn(&Shared);

/// What the threads wait for.
pub(crate) struct Woken {
    storage: Receiver<()>,
    graphs: Receiver<()>,
}

impl Wake {
    /// A way to wake threads that are still to be started, and what those wait for.
    pub(crate) fn channel() -> (Self, Woken) {
        let (storage, storage_woken) = sync_channel(1);
        let (graphs, graphs_woken) = sync_channel(1);
        (Self { storage, graphs }, Woken { storage: storage_woken, graphs: graphs_woken })
    }

    /// There may be something to do.
    pub(crate) fn wake(&self) {
        for thread in [&self.storage, &self.graphs] {
            match thread.try_send(()) {
                // A wake that waits already covers this one.
                Ok(()) | Err(TrySendError::Full(())) => {}
                Err(TrySendError::Disconnected(())) => tracing::warn!("a background thread has ended"),
            }
        }
    }
}

/// The threads, from the outside.
pub(crate) struct Background {
    wake: Wake,
    threads: Vec<JoinHandle<()>>,
    closing: Arc<AtomicBool>,
}

impl Background {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(shared: &Arc<Shared>, woken: Woken) -> std::io::Result<Self> {
        let (wake, closing) = (shared.wake.clone(), shared.closing.clone());
        let mut background = Self { wake, threads: Vec::new(), closing };
        let rounds: [(&str, Round, bool); 2] =
            [("muster-storage", seal, false), ("muster-graphs", compact_and_build, true)];
        for ((name, round, gives_way), woken) in rounds.into_iter().zip([woken.storage, woken.graphs]) {
            let weak = Arc::downgrade(shared);
            let thread = std::thread::Builder::new().name(name.to_string());
            background.threads.push(thread.spawn(move || run(&weak, &woken, round, gives_way))?);
        }
        Ok(background)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        self.wake.wake();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a background thread panicked");
            }
        }
    }
}

fn run(shared: &Weak<Shared>, woken: &Receiver<()>, round: Round, gives_way: bool) {
    let pool = if gives_way {
        priority::lower();
        priority::pool()
    } else {
        None
    };
    while !matches!(woken.recv_timeout(LOOK), Err(RecvTimeoutError::Disconnected)) {
        let Some(shared) = shared.upgrade() else { return };
        if shared.closing.load(Ordering::Acquire) {
            return;
        }
        match &pool {
            Some(pool) => pool.install(|| round(&shared)),
            None => round(&shared),
        }
        drop(shared);
        std::thread::sleep(REST);
    }
}

fn seal(shared: &Shared) {
    let before = shared.store.activity().checkpoints;
    told(shared.store.seal_due(&|| !shared.closing.load(Ordering::Acquire)), "sealing");
    if shared.store.activity().checkpoints != before {
        tracing::debug!("sealed rows");
        // New segments have no graphs yet, and may be one too many.
        shared.wake.wake();
    }
}

fn compact_and_build(shared: &Shared) {
    let before = shared.store.activity().compactions;
    told(shared.store.compact_due(&|| !shared.closing.load(Ordering::Acquire)), "compacting");
    let after = shared.store.activity();
    if after.compactions != before {
        tracing::debug!(?after, "compacted");
    }
    build(shared);
}

fn told(outcome: muster_storage::Result<()>, what: &str) {
    match outcome {
        Ok(()) | Err(muster_storage::Error::Cancelled) => {}
        Err(error) => tracing::warn!(%error, "{what} failed; nothing is lost, it is tried again"),
    }
}

fn build(shared: &Shared) {
    for table in shared.store.snapshot().tables() {
        for index in vector_indexes(table.definition()) {
            if shared.indexes.missing(table, index).is_empty() {
                continue;
            }
            let name = &table.definition().name;
            tracing::info!(table = %name, index = %index.name, "building missing graphs");
            let continues = || !shared.closing.load(Ordering::Acquire);
            match shared.indexes.build(name, index, Command::Complete, &Silent, &continues) {
                Ok(()) => {}
                Err(crate::Error::Engine(muster_engine::Error::Cancelled)) => return,
                Err(error) => {
                    tracing::warn!(table = %name, index = %index.name, %error, "building an index failed");
                }
            }
        }
    }
    shared.indexes.forget_dropped();
}
