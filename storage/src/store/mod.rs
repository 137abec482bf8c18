//! The store: one database directory, its current snapshot, and the way to the next.
//!
//! Readers take the snapshot and go. Commits queue up for one thread, and those that wait share one fsync (`committer`).
//! Bulk loads (`bulk_load`) and checkpoints (`checkpoint`) write segment files first, without the lock, and then name
//! them in the manifest by one commit. After a failed commit, `recover` finds out what is durable. Invariant: the
//! snapshot that readers see is always one that the journal holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::cache::ColumnCache;
use crate::journal::{Edit, Journal, State};
use crate::segment::folder::Folder;
use crate::segment::index_file::IndexContent;
use crate::{
    Changes, CopyProgress, CopyReport, Error, Finding, LockGuard, MemoryBackend, Options, Result, SegmentId,
    Snapshot,
};

mod activity;
mod apply;
mod bulk_load;
mod checkpoint;
mod commit;
mod committer;
mod compaction;
pub(crate) mod edits;
mod index_files;
mod indexer;
pub(crate) mod load;
mod maintain;
mod open;
mod pace;
mod policy;
mod prepared;
mod recover;
mod shrink;
mod transaction;

pub use activity::Activity;
pub use bulk_load::BulkLoad;
pub use committer::Commit;
pub use compaction::Effort;
pub use indexer::{MakeIndexes, PutIndex};
pub(crate) use open::{JOURNAL, LOCK, SEGMENTS, create_folders, lock};
pub use policy::CheckpointPolicy;
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
    /// Commits for all who wait.
    committer: Arc<committer::Committer>,
    /// Held by a checkpoint, of which there is one at a time.
    checkpointing: Mutex<()>,
    /// Held by a compaction, of which there is one at a time; a checkpoint may go on meanwhile.
    compacting: Mutex<()>,
    /// Whether the journal may have sealed entries that a crash or a failure left untrimmed.
    untrimmed: AtomicBool,
    /// How many wait for a compaction to end as soon as it can.
    hurried: AtomicUsize,
    next_table: AtomicU64,
    next_index: AtomicU64,
    /// The next number of a segment or of a generation of an index file.
    next_file: AtomicU64,
    indexer: indexer::Indexer,
    counts: activity::Counts,
    folder: Folder,
    cache: ColumnCache,
    segment_rows: usize,
    checkpoint_policy: CheckpointPolicy,
    /// Bytes a second that a compaction in the background writes at most.
    compaction_rate: Option<u64>,
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
        Self::in_memory_with(Options::default())
    }

    /// A database in memory, with options; their backend does not count.
    pub fn in_memory_with(options: Options) -> Result<Store> {
        let options = Options { backend: Arc::new(MemoryBackend::new()), ..options };
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
        self.submit(changes)?.wait()
    }

    /// As [`Store::commit`], without waiting: what it gives is waited for, on a thread or as a future.
    ///
    /// It works on the calling thread for as long as it takes to encode the rows and, at times, to read the keys of the
    /// table that they go to; see [`Store::is_quick`].
    pub fn submit(&self, changes: Changes) -> Result<Commit> {
        Ok(self.inner.commit(prepared::Prepared::commit(&self.inner, changes)?))
    }

    /// Whether these changes can be submitted in no time: few rows, and nothing to be read from files.
    pub fn is_quick(&self, changes: &Changes) -> bool {
        self.inner.ready_rows(changes).is_some_and(|rows| rows <= commit::FEW_ROWS)
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

    /// Merges neighbouring segments of a table and drops deleted rows, as far as the effort says.
    ///
    /// Readers and commits go on meanwhile. `continues` is asked now and then; when it says no, the run of segments that
    /// is being written is left as it was: [`Error::Cancelled`].
    pub fn compact(&self, table: &str, effort: Effort, continues: &dyn Fn() -> bool) -> Result<()> {
        self.inner.compact(table, effort, continues)
    }

    /// Does what is due in the background: checkpoints by [`CheckpointPolicy`], and compactions.
    ///
    /// It goes on with the other tables after an error, and returns the first one.
    pub fn maintain(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        self.seal_due(continues).and(self.compact_due(continues))
    }

    /// Seals the rows of the tables where that is due; otherwise as [`Store::maintain`].
    pub fn seal_due(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        self.inner.seal_due(continues)
    }

    /// Compacts the tables where that is due; otherwise as [`Store::maintain`].
    pub fn compact_due(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        self.inner.compact_due(continues)
    }

    /// Says who makes the index files of segments that compactions write. They are there once readers see the segment.
    pub fn set_indexer(&self, make: Box<MakeIndexes>) {
        self.inner.indexer.set(make);
    }

    /// Makes the folder `to` a backup of the database as it is now; readers and commits go on meanwhile.
    ///
    /// The folder is made, or is a backup already: then the files that it has are taken over. Files are shared by hard
    /// links where the file system can, else copied. `progress` is told how far it is; when it says no, the work ends
    /// with [`Error::Cancelled`], and the folder is the backup that it was.
    pub fn backup(&self, to: &Path, progress: &dyn Fn(CopyProgress) -> bool) -> Result<CopyReport> {
        let snapshot = self.snapshot();
        crate::backup::take(self.inner.folder.backend(), &self.inner.dir, &snapshot, to, progress)
    }

    /// Checks every byte of every segment and index file, every row and every key. The journal was checked at open.
    ///
    /// `progress` gets the files done and all files; when it says no, the work ends with [`Error::Cancelled`].
    pub fn check(&self, progress: &dyn Fn(u64, u64) -> bool) -> Result<Vec<Finding>> {
        let (folder, snapshot) = (&self.inner.folder, self.snapshot());
        crate::check::check(folder.backend().as_ref(), folder.path(), &snapshot, progress)
    }

    /// Gives a segment a file for an index, with what `content` writes, replacing an older one. It is durable when this returns.
    pub fn put_index_file(
        &self,
        table: &str,
        segment: SegmentId,
        index: crate::IndexId,
        content: &IndexContent<'_>,
    ) -> Result<()> {
        self.inner.put_index_file(table, segment, index, content)
    }

    /// What it has done since it was opened.
    pub fn activity(&self) -> Activity {
        self.inner.counts.read()
    }

    /// The directory; `None` for a database in memory.
    pub fn path(&self) -> Option<&Path> {
        self.inner.on_disk.then_some(&*self.inner.dir)
    }

    /// Bytes of the journal's file. It waits for no commit.
    pub fn journal_bytes(&self) -> Result<u64> {
        let path = self.inner.dir.join(JOURNAL);
        let file = self.inner.folder.backend().open(&path);
        file.and_then(|file| file.len()).map_err(|error| Error::io(&path, "measure", error))
    }

    /// How many rows of all tables are in the journal and in no segment yet.
    pub fn journal_rows(&self) -> u64 {
        self.snapshot().all_tables().map(|table| table.unsealed_rows()).sum()
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
