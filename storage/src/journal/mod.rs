//! The journal: one redb file that holds the manifest and the rows that are in no segment yet.
//!
//! It stores and returns; what the contents mean is the store's. A write is one redb transaction and one fsync.
//! Invariant: after [`Journal::write`] returned, its edits survive any crash; before, all or none of them do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{Database, TableDefinition as RedbTable, WriteTransaction};

use crate::journal::file::JournalFile;
use crate::snapshot::Counters;
use crate::{Backend, Error, Result, SegmentId, TableId};

pub(crate) mod contents;
pub(crate) mod entry;
pub(crate) mod extent;
pub(crate) mod file;
pub(crate) mod frame;
pub(crate) mod manifest;

pub(crate) use contents::Contents;
use extent::Extent;

/// The newest version of the directory's format that this code reads, and the one it writes.
pub(crate) const FORMAT_VERSION: u32 = 3;

/// The oldest version that this code reads.
const OLDEST_FORMAT: u32 = 1;

/// Bytes of pages that redb may keep in memory: values are written once and read once.
const CACHE: usize = 8 << 20;

const META: RedbTable<&str, &[u8]> = RedbTable::new("meta");
const TABLES: RedbTable<u64, &[u8]> = RedbTable::new("tables");
const SEGMENTS: RedbTable<(u64, u64), &[u8]> = RedbTable::new("segments");
const DELETIONS: RedbTable<(u64, u64), &[u8]> = RedbTable::new("deletions");
const ENTRIES: RedbTable<(u64, u64), &[u8]> = RedbTable::new("entries");
const ROW_IDS: RedbTable<(u64, u64), &[u8]> = RedbTable::new("row_ids");
const SEALED: RedbTable<u64, &[u8]> = RedbTable::new("sealed");
const OBJECTS: RedbTable<(&str, &str), &[u8]> = RedbTable::new("objects");
const MARKS: RedbTable<&str, &[u8]> = RedbTable::new("marks");

const FORMAT_KEY: &str = "format_version";
const STATE_KEY: &str = "state";

/// One change to what the journal holds.
#[derive(Debug)]
pub(crate) enum Edit {
    /// Stores a table's definition.
    Table { id: TableId, bytes: Vec<u8> },
    /// Removes a table with all that belongs to it.
    DropTable { id: TableId },
    /// Stores a segment's record.
    Segment { table: TableId, id: SegmentId, bytes: Vec<u8> },
    /// Stores which rows of a segment are deleted.
    Deletions { table: TableId, id: SegmentId, bytes: Vec<u8> },
    /// Stores the row ids of a segment where they have gaps.
    RowIds { table: TableId, id: SegmentId, bytes: Vec<u8> },
    /// Removes a segment's record, deletions and row ids.
    DropSegment { table: TableId, id: SegmentId },
    /// Says that a table's entries up to and including this version are in its segments: they are not replayed, and
    /// may be trimmed at any time.
    Sealed { table: TableId, version: u64 },
    /// Stores what a commit did to a table's rows.
    Entry { table: TableId, version: u64, bytes: Vec<u8> },
    /// Removes a table's entries up to and including this version.
    Trim { table: TableId, version: u64 },
    /// Stores an object, or removes it.
    Object { kind: String, name: String, value: Option<Arc<Vec<u8>>> },
    /// Stores a mark.
    Mark { name: String, value: u64 },
}

impl Edit {
    /// Bytes that it stores.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Edit::Table { bytes, .. }
            | Edit::Segment { bytes, .. }
            | Edit::Deletions { bytes, .. }
            | Edit::RowIds { bytes, .. }
            | Edit::Entry { bytes, .. } => bytes.len() as u64,
            Edit::Object { value, .. } => value.as_ref().map_or(0, |value| value.len() as u64),
            Edit::DropTable { .. }
            | Edit::DropSegment { .. }
            | Edit::Sealed { .. }
            | Edit::Trim { .. }
            | Edit::Mark { .. } => 0,
        }
    }
}

/// The numbers that each write stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) version: u64,
    pub(crate) counters: Counters,
}

impl State {
    fn encode(self) -> Vec<u8> {
        let Counters { table, index, file } = self.counters;
        [self.version, table, index, file].iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut words =
            bytes.chunks_exact(8).map(|word| word.first_chunk::<8>().map(|word| u64::from_le_bytes(*word)));
        let mut next = || words.next().flatten();
        let (version, table, index, file) = (next()?, next()?, next()?, next()?);
        (bytes.len() == 32).then_some(Self { version, counters: Counters { table, index, file } })
    }
}

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    /// `None` once it was closed.
    database: Option<Database>,
    path: PathBuf,
    file: JournalFile,
    /// The format version in the file; `None` before the first write.
    format: Option<u32>,
    extent: Extent,
    repaired: bool,
}

impl Journal {
    /// Makes a journal with these contents, replacing what is there in one step.
    pub(crate) fn create(
        backend: &Arc<dyn Backend>,
        path: &Path,
        state: State,
        edits: &[Edit],
    ) -> Result<()> {
        let beside = path.with_extension("redb.new");
        let file = backend.create(&beside).map_err(|error| Error::io(&beside, "create", error))?;
        let file = JournalFile::through(file, &beside);
        let database = guarded(&beside, &file, || Ok(builder().create_with_backend(file.clone())?))?;
        let mut journal = Journal {
            database: Some(database),
            path: beside.clone(),
            file,
            format: None,
            extent: Extent::default(),
            repaired: false,
        };
        journal.write(state, edits)?;
        journal.close()?;
        backend.rename(&beside, path).map_err(|error| Error::io(path, "rename", error))?;
        let folder = path.parent().unwrap_or(path);
        backend.sync_folder(folder).map_err(|error| Error::io(folder, "sync", error))
    }

    /// Opens a journal and reads all of it. After an error its file is as it was.
    pub(crate) fn open(backend: &Arc<dyn Backend>, path: &Path) -> Result<(Self, Contents)> {
        let (mut journal, contents) = Self::held(backend, path)?;
        match journal.file.release() {
            Ok(()) => Ok((journal, contents)),
            Err(error) => {
                journal.abandon();
                Err(error)
            }
        }
    }

    /// Reads all of a journal, and leaves its file as it is.
    pub(crate) fn contents(backend: &Arc<dyn Backend>, path: &Path) -> Result<Contents> {
        let (mut journal, contents) = Self::held(backend, path)?;
        journal.abandon();
        Ok(contents)
    }

    /// A journal whose file is not changed yet.
    fn held(backend: &Arc<dyn Backend>, path: &Path) -> Result<(Self, Contents)> {
        let file = backend.open(path).map_err(|error| Error::io(path, "open", error))?;
        if file.is_empty().map_err(|error| Error::io(path, "measure", error))? {
            return Err(Error::corrupt(path, 0, "the file is empty"));
        }
        let file = JournalFile::held(file, path);
        let extent = Extent::default();
        let mut journal =
            Self { database: None, path: path.into(), file, format: None, extent, repaired: false };
        match journal.read() {
            Ok(contents) => Ok((journal, contents)),
            Err(error) => {
                journal.abandon();
                Err(error)
            }
        }
    }

    fn read(&mut self) -> Result<Contents> {
        let Self { path, file, .. } = self;
        let repaired = Arc::new(AtomicBool::new(false));
        let note = repaired.clone();
        let database = guarded(path, file, || {
            let mut builder = builder();
            builder.set_repair_callback(move |_| note.store(true, Ordering::Relaxed));
            let mut database = builder.create_with_backend(file.clone())?;
            self.repaired = repaired.load(Ordering::Relaxed);
            // What follows trusts the trees; a key that a flipped bit hides would be a row that is silently gone.
            if !database.check_integrity()? {
                return Err(redb::Error::Corrupted("its trees do not match their checksums".into()));
            }
            Ok(database)
        })?;
        let contents = guarded(path, file, || Ok(Contents::read(&database, path)));
        self.database = Some(database);
        // A read that failed is no damage.
        let contents = contents?.map_err(|error| self.file.failure().unwrap_or(error))?;
        self.format = Some(contents.format);
        self.extent = Extent::of(&contents);
        Ok(contents)
    }

    /// Makes edits durable, all or none of them. After a failure the journal is of no more use: nobody knows which.
    pub(crate) fn write(&mut self, state: State, edits: &[Edit]) -> Result<()> {
        let Some(database) = &self.database else {
            return Err(Error::ReadOnly { reason: "the journal is closed".into() });
        };
        let state = frame::seal("meta", STATE_KEY.as_bytes(), &state.encode());
        let format = frame::seal("meta", FORMAT_KEY.as_bytes(), &FORMAT_VERSION.to_le_bytes());
        let format_is_stored = self.format == Some(FORMAT_VERSION);
        guarded(&self.path, &self.file, || {
            let transaction = database.begin_write()?;
            {
                let mut meta = transaction.open_table(META)?;
                // The first write to a directory of an older version makes it one of this version.
                if !format_is_stored {
                    meta.insert(FORMAT_KEY, format.as_slice())?;
                }
                meta.insert(STATE_KEY, state.as_slice())?;
            }
            for edit in edits {
                apply(&transaction, edit)?;
            }
            transaction.commit()?;
            Ok(())
        })?;
        self.format = Some(FORMAT_VERSION);
        self.extent.apply(edits);
        Ok(())
    }

    /// What it holds.
    pub(crate) fn extent(&self) -> &Extent {
        &self.extent
    }

    /// Bytes of the file.
    pub(crate) fn file_bytes(&self) -> Result<u64> {
        self.file.measure()
    }

    /// Whether it was found as a process leaves it that did not close it.
    pub(crate) fn was_repaired(&self) -> bool {
        self.repaired
    }

    /// Says that what was read may never have reached the disk.
    pub(crate) fn distrust(&self) {
        self.file.distrust();
    }

    /// Whether a sync of the file failed.
    pub(crate) fn sync_failed(&self) -> bool {
        self.file.sync_failed()
    }

    /// Closes the file after a failure, without writing.
    pub(crate) fn abandon(&mut self) {
        self.file.fence();
        if let Err(error) = self.close() {
            tracing::debug!("closing the failed journal: {error}");
        }
    }

    fn close(&mut self) -> Result<()> {
        let database = self.database.take();
        guarded(&self.path, &self.file, || {
            drop(database);
            Ok(())
        })?;
        // redb has no error to give when it is dropped.
        self.file.failure().map_or(Ok(()), Err)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!("closing the journal: {error}; the next open will recover it");
        }
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

/// Runs redb. A panic in it, which damaged pages can cause, becomes an error like any other damage.
fn guarded<T>(path: &Path, file: &JournalFile, run: impl FnOnce() -> Result<T, redb::Error>) -> Result<T> {
    let error = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error,
        Err(panic) => {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave up");
            redb::Error::Corrupted(message.into())
        }
    };
    // What the backend said first is the cause; what redb says may be a consequence.
    Err(match (file.failure(), error) {
        (Some(failure), _) => failure,
        (None, redb::Error::ValueTooLarge(bytes)) => {
            Error::TooLarge { table: String::new(), bytes: bytes as u64, limit: MAX_ENTRY }
        }
        (None, error) => Error::corrupt(path, 0, error.to_string()),
    })
}

/// Most bytes of one entry; redb takes up to 3 GiB.
pub(crate) const MAX_ENTRY: u64 = 2 << 30;

fn pair(table: u64, id: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&table.to_le_bytes());
    key[8..].copy_from_slice(&id.to_le_bytes());
    key
}

/// The key of an object, for its checksum.
fn names(kind: &str, name: &str) -> Vec<u8> {
    [kind.as_bytes(), &[0], name.as_bytes()].concat()
}

fn apply(transaction: &WriteTransaction, edit: &Edit) -> Result<(), redb::Error> {
    let put = |definition: RedbTable<(u64, u64), &[u8]>, name: &str, table: u64, id: u64, bytes: &[u8]| {
        let value = frame::seal(name, &pair(table, id), bytes);
        transaction.open_table(definition)?.insert((table, id), value.as_slice())?;
        Ok(())
    };
    match edit {
        Edit::Table { id, bytes } => {
            let value = frame::seal("tables", &id.0.to_le_bytes(), bytes);
            transaction.open_table(TABLES)?.insert(id.0, value.as_slice())?;
            Ok(())
        }
        Edit::DropTable { id } => {
            transaction.open_table(TABLES)?.remove(id.0)?;
            transaction.open_table(SEALED)?.remove(id.0)?;
            for definition in [SEGMENTS, DELETIONS, ROW_IDS, ENTRIES] {
                transaction.open_table(definition)?.retain_in((id.0, 0)..=(id.0, u64::MAX), |_, _| false)?;
            }
            Ok(())
        }
        Edit::Segment { table, id, bytes } => put(SEGMENTS, "segments", table.0, id.0, bytes),
        Edit::Deletions { table, id, bytes } => put(DELETIONS, "deletions", table.0, id.0, bytes),
        Edit::RowIds { table, id, bytes } => put(ROW_IDS, "row_ids", table.0, id.0, bytes),
        Edit::DropSegment { table, id } => {
            for definition in [SEGMENTS, DELETIONS, ROW_IDS] {
                transaction.open_table(definition)?.remove((table.0, id.0))?;
            }
            Ok(())
        }
        Edit::Sealed { table, version } => {
            let value = frame::seal("sealed", &table.0.to_le_bytes(), &version.to_le_bytes());
            transaction.open_table(SEALED)?.insert(table.0, value.as_slice())?;
            Ok(())
        }
        Edit::Entry { table, version, bytes } => put(ENTRIES, "entries", table.0, *version, bytes),
        Edit::Trim { table, version } => {
            let entries = (table.0, 0)..=(table.0, *version);
            transaction.open_table(ENTRIES)?.retain_in(entries, |_, _| false)?;
            Ok(())
        }
        Edit::Object { kind, name, value } => {
            let mut objects = transaction.open_table(OBJECTS)?;
            match value {
                Some(bytes) => {
                    let value = frame::seal("objects", &names(kind, name), bytes);
                    objects.insert((kind.as_str(), name.as_str()), value.as_slice())?;
                }
                None => drop(objects.remove((kind.as_str(), name.as_str()))?),
            }
            Ok(())
        }
        Edit::Mark { name, value } => {
            let value = frame::seal("marks", name.as_bytes(), &value.to_le_bytes());
            transaction.open_table(MARKS)?.insert(name.as_str(), value.as_slice())?;
            Ok(())
        }
    }
}
