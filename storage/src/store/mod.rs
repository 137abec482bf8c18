//! The store: one database directory, its current snapshot, and the way to the next.
//!
//! Readers take the snapshot and go. Writers queue up behind one lock, and those that wait share one fsync (`commit`).
//! Bulk loads (`bulk_load`) and checkpoints (`checkpoint`) write segment files first, without the lock, and then name
//! them in the manifest by one commit. After a failed commit, `recover` finds out what is durable. Invariant: the
//! snapshot that readers see is always one that the journal holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::cache::ColumnCache;
use crate::journal::{Edit, Journal, State};
use crate::segment::folder::Folder;
use crate::{Changes, Error, LockGuard, MemoryBackend, Options, Result, SegmentId, Snapshot};

mod apply;
mod bulk_load;
mod checkpoint;
mod commit;
mod edits;
mod index_files;
mod load;
mod open;
mod prepared;
mod recover;
mod transaction;

pub use bulk_load::BulkLoad;
pub use transaction::{Savepoint, Transaction};

/// A database's tables. Clones share it; the last one to go closes the directory.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    /// What is visible.
    snapshot: ArcSwap<Snapshot>,
    /// Held by whoever makes the next snapshot.
    writer: Mutex<Writer>,
    /// Commits that wait for the writer's lock.
    queue: Mutex<Vec<Arc<commit::Request>>>,
    /// Held by a checkpoint, of which there is one at a time.
    checkpointing: Mutex<()>,
    next_table: AtomicU64,
    next_index: AtomicU64,
    /// The next number of a segment or of a generation of an index file.
    next_file: AtomicU64,
    folder: Folder,
    cache: ColumnCache,
    segment_rows: usize,
    dir: PathBuf,
    on_disk: bool,
    /// After the writer, so that the journal is closed before somebody else may open it.
    _lock: LockGuard,
}

/// What only the holder of the writer's lock may touch.
#[derive(Debug)]
struct Writer {
    journal: Journal,
    /// The failure after which nobody knows what the journal holds.
    failure: Option<Error>,
}

impl Store {
    /// Opens a database directory, making it when it is not there.
    pub fn open(dir: impl AsRef<Path>) -> Result<Store> {
        Self::open_with(dir, Options::default())
    }

    /// Opens a database directory, making it when it is not there.
    pub fn open_with(dir: impl AsRef<Path>, options: Options) -> Result<Store> {
        open::open(dir.as_ref(), options, true)
    }

    /// A database in memory, which ends with its last clone.
    pub fn in_memory() -> Result<Store> {
        let options = Options { backend: Arc::new(MemoryBackend::new()), ..Options::default() };
        open::open(Path::new("memory"), options, false)
    }

    /// Everything there is now. It never waits.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot.load_full()
    }

    /// Makes all of the changes, or none. When it returns they are durable, and the snapshot shows them.
    ///
    /// It blocks for an fsync, which commits that come at the same time share.
    pub fn commit(&self, changes: Changes) -> Result<Arc<Snapshot>> {
        // What needs no lock is done before it is taken.
        self.inner.commit(prepared::Prepared::commit(&self.inner, changes)?)
    }

    /// Starts to load rows straight into segments, without writing them to the journal first.
    pub fn bulk_load(&self, table: &str) -> Result<BulkLoad> {
        BulkLoad::start(self.inner.clone(), table)
    }

    /// Seals the unsealed rows of every table into segments and trims the journal.
    pub fn checkpoint(&self) -> Result<()> {
        for name in self.snapshot().tables.keys() {
            match self.checkpoint_table(name) {
                // Dropped meanwhile.
                Err(Error::NoSuchTable { .. }) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Seals the unsealed rows of one table into segments and trims its part of the journal.
    pub fn checkpoint_table(&self, table: &str) -> Result<()> {
        self.inner.checkpoint(table)
    }

    /// Gives a segment a file for an index, replacing an older one. It is durable when this returns.
    pub fn put_index_file(
        &self,
        table: &str,
        segment: SegmentId,
        index: crate::IndexId,
        bytes: &[u8],
    ) -> Result<()> {
        self.inner.put_index_file(table, segment, index, bytes)
    }

    /// The directory; `None` for a database in memory.
    pub fn path(&self) -> Option<&Path> {
        self.inner.on_disk.then_some(&*self.inner.dir)
    }

    /// How many rows of all tables are in the journal and in no segment yet.
    pub fn journal_rows(&self) -> u64 {
        self.snapshot().tables().map(|table| table.unsealed_rows()).sum()
    }
}

impl Inner {
    /// A number for a new file.
    fn new_file(&self) -> u64 {
        self.next_file.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes edits durable and the snapshot that has them visible.
    fn publish(&self, writer: &mut Writer, mut next: Snapshot, edits: &[Edit]) -> Result<Arc<Snapshot>> {
        next.counters.file = self.next_file.load(Ordering::Relaxed);
        let state = State { version: next.version, counters: next.counters };
        if let Err(error) = writer.journal.write(state, edits) {
            writer.failure = Some(error.clone());
            // At once, so that what the caller is told has failed cannot come to life at the next start.
            if let Err(recovery) = self.make_writable(writer) {
                tracing::warn!("a commit failed ({error}), and so did the recovery: {recovery}");
            }
            return Err(error);
        }
        let next = Arc::new(next);
        self.snapshot.store(next.clone());
        Ok(next)
    }
}
