//! The database's background thread: seals unsealed rows and builds missing graphs.
//!
//! It is woken by commits and at open. Closing the database cancels what it is at and waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use crate::database::Shared;
use crate::progress::Silent;

/// Unsealed rows of a table at which they are sealed into a segment. They are searched exactly
/// until then, so this bounds what a search compares beside the graphs: 10,000 vectors of 768
/// dimensions are 30 MB, some 3 ms.
const SEAL_ROWS: u64 = 10_000;

/// Wakes the thread.
#[derive(Clone)]
pub(crate) struct Wake(SyncSender<()>);

impl Wake {
    /// A way to wake a thread that is still to be started, and what that thread waits for.
    pub(crate) fn channel() -> (Self, Receiver<()>) {
        let (wake, woken) = sync_channel(1);
        (Self(wake), woken)
    }

    /// There may be something to do.
    pub(crate) fn wake(&self) {
        match self.0.try_send(()) {
            // A wake that waits already covers this one.
            Ok(()) | Err(TrySendError::Full(())) => {}
            Err(TrySendError::Disconnected(())) => tracing::warn!("the background thread has ended"),
        }
    }
}

/// The thread, from the outside.
pub(crate) struct Worker {
    wake: Wake,
    thread: Option<JoinHandle<()>>,
    closing: Arc<AtomicBool>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(shared: &Arc<Shared>, woken: Receiver<()>) -> std::io::Result<Self> {
        let weak = Arc::downgrade(shared);
        let thread = std::thread::Builder::new()
            .name("muster-background".to_string())
            .spawn(move || run(&weak, &woken))?;
        Ok(Self { wake: shared.wake.clone(), thread: Some(thread), closing: shared.closing.clone() })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        self.wake.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the background thread panicked");
        }
    }
}

fn run(shared: &Weak<Shared>, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let Some(shared) = shared.upgrade() else { return };
        if shared.closing.load(Ordering::Acquire) {
            return;
        }
        seal(&shared);
        build(&shared);
        shared.indexes.forget_dropped();
    }
}

fn seal(shared: &Shared) {
    for table in shared.store.snapshot().tables() {
        if table.unsealed_rows() < SEAL_ROWS {
            continue;
        }
        let name = &table.definition().name;
        if let Err(error) = shared.store.checkpoint_table(name) {
            tracing::warn!(table = %name, %error, "sealing rows failed; they stay in the journal");
        }
    }
}

fn build(shared: &Shared) {
    for table in shared.store.snapshot().tables() {
        for index in &table.definition().indexes {
            if shared.indexes.missing(table, index).is_empty() {
                continue;
            }
            let name = &table.definition().name;
            tracing::info!(table = %name, index = %index.name, "building missing graphs");
            let continues = || !shared.closing.load(Ordering::Acquire);
            match shared.indexes.build(name, index, &Silent, &continues) {
                Ok(()) => {}
                Err(crate::Error::Engine(muster_engine::Error::Cancelled)) => return,
                Err(error) => {
                    tracing::warn!(table = %name, index = %index.name, %error, "building an index failed");
                }
            }
        }
    }
}
