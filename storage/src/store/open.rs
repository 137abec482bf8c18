//! Opens a database directory.
//!
//! It decides whether there is one, and whether it is ours to open. Invariant: the lock is held before anything is read,
//! and nothing is removed before the manifest has been read whole.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::{Inner, Store, Writer, load};
use crate::backup::BACKUP;
use crate::cache::ColumnCache;
use crate::journal::{Journal, State};
use crate::segment::folder::Folder;
use crate::segment::name;
use crate::{Backend, Error, LockGuard, Options, Result, Snapshot};

/// The journal's file in the directory.
pub(crate) const JOURNAL: &str = "journal.redb";
/// The folder of segment and index files.
pub(crate) const SEGMENTS: &str = "segments";
/// Held by whoever owns the directory.
pub(crate) const LOCK: &str = "LOCK";

/// Opens a directory, making it when it is not there.
pub(super) fn open(dir: &Path, options: Options, on_disk: bool) -> Result<Store> {
    let Options { backend, cache_bytes, segment_rows, checkpoint, compaction_bytes_per_second } = options;
    let (journal_path, segments) = (dir.join(JOURNAL), dir.join(SEGMENTS));
    let exists = |path: &Path| backend.exists(path).map_err(|error| Error::io(path, "look for", error));
    // A journal is made in a folder that is durable.
    if !exists(&journal_path)? {
        create_folders(&backend, dir)?;
    }
    let lock = lock(&backend, dir, LOCK)?;

    // A rewrite of the journal that a crash cut off.
    let beside = journal_path.with_extension("redb.new");
    if backend.exists(&beside).is_ok_and(|exists| exists)
        && let Err(error) = backend.remove(&beside)
    {
        tracing::warn!("could not remove {}: {error}", beside.display());
    }
    if !exists(&journal_path)? {
        if exists(&dir.join(BACKUP))? {
            let detail = "this is a backup, which is restored before it is opened".into();
            return Err(Error::Folder { path: dir.into(), detail });
        }
        // The folder of segments is made after the journal: one without the other is a loss, not a new database.
        if exists(&segments)? {
            return Err(Error::corrupt(&journal_path, 0, "the journal is missing, but there are segments"));
        }
        Journal::create(&backend, &journal_path, State::default(), &[])?;
    }
    backend.create_folder(&segments).map_err(|error| Error::io(&segments, "create", error))?;
    backend.sync_folder(dir).map_err(|error| Error::io(dir, "sync", error))?;

    let folder = Folder::new(backend, segments);
    let cache = ColumnCache::new(cache_bytes);
    let (journal, contents) = Journal::open(folder.backend(), &journal_path)?;
    let snapshot = load::snapshot(contents, &journal_path, &folder, &cache)?;
    remove_strays(&folder, &snapshot);

    let inner = Inner {
        next_table: AtomicU64::new(snapshot.counters.table),
        next_index: AtomicU64::new(snapshot.counters.index),
        next_file: AtomicU64::new(snapshot.counters.file),
        snapshot: ArcSwap::from_pointee(snapshot),
        writer: Mutex::new(Writer { journal, failure: None }),
        committer: Default::default(),
        checkpointing: Mutex::default(),
        compacting: Mutex::default(),
        untrimmed: true.into(),
        hurried: Default::default(),
        indexer: Default::default(),
        counts: Default::default(),
        folder,
        cache,
        segment_rows: segment_rows.clamp(1, u32::MAX as usize),
        checkpoint_policy: checkpoint,
        compaction_rate: compaction_bytes_per_second,
        dir: dir.into(),
        on_disk,
        _lock: lock,
    };
    inner.renew();
    let inner = Arc::new(inner);
    inner
        .committer
        .start(&inner)
        .map_err(|error| Error::io(dir, "start the thread for commits of", error))?;
    Ok(Store { inner })
}

/// Makes a folder and those above it that are not there, durably, from the top down.
///
/// A folder that is there may be one that an earlier attempt made and could not sync: its name is synced, too.
pub(crate) fn create_folders(backend: &Arc<dyn Backend>, dir: &Path) -> Result<()> {
    let sync = |folder: &Path| {
        let Some(above) = folder.parent() else { return Ok(()) };
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        backend.sync_folder(above).map_err(|error| (above.to_path_buf(), error))
    };
    let is_there = |path: &Path| backend.exists(path).map_err(|error| Error::io(path, "look for", error));
    let mut missing = Vec::new();
    for folder in dir.ancestors().filter(|path| !path.as_os_str().is_empty()) {
        if is_there(folder)? {
            match sync(folder) {
                // Where nobody may read, we made nothing.
                Err((_, error)) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
                Err((above, error)) => return Err(Error::io(&above, "sync", error)),
                Ok(()) => {}
            }
            break;
        }
        missing.push(folder);
    }
    for folder in missing.into_iter().rev() {
        backend.create_folder(folder).map_err(|error| Error::io(folder, "create", error))?;
        sync(folder).map_err(|(above, error)| Error::io(&above, "sync", error))?;
    }
    Ok(())
}

/// Takes the lock file of a directory, or says who has it.
pub(crate) fn lock(backend: &Arc<dyn Backend>, dir: &Path, name: &str) -> Result<LockGuard> {
    /// More than any process id takes.
    const HOLDER: u64 = 32;
    let path = dir.join(name);
    let own = std::process::id().to_string();
    if let Some(guard) = backend.lock(&path, &own).map_err(|error| Error::io(&path, "lock", error))? {
        return Ok(guard);
    }
    let holder = backend.open(&path).and_then(|file| {
        let mut holder = vec![0; file.len()?.min(HOLDER) as usize];
        file.read_at(&mut holder, 0)?;
        Ok(String::from_utf8_lossy(&holder).trim().to_string())
    });
    let holder = holder.ok().filter(|holder| !holder.is_empty()).unwrap_or_else(|| "unknown".into());
    Err(Error::Locked { path: dir.into(), holder })
}

/// Removes segment files that a crash left behind.
fn remove_strays(folder: &Folder, snapshot: &Snapshot) {
    let mut named = BTreeSet::new();
    for part in snapshot.all_tables().flat_map(|table| table.segments()) {
        let segment = part.as_segment().into_iter().flat_map(|segment| segment.files());
        let indexes = part.indexes().iter().map(|file| file.file());
        named.extend(segment.chain(indexes).map(|file| file.path().to_path_buf()));
    }
    let files = folder.backend().list(folder.path()).unwrap_or_else(|error| {
        tracing::warn!("could not list {}: {error}", folder.path().display());
        Vec::new()
    });
    for file in files {
        let is_ours = file.file_name().and_then(|name| name.to_str()).is_some_and(name::is_ours);
        if !is_ours || named.contains(&file) {
            continue;
        }
        match folder.backend().remove(&file) {
            Ok(()) => tracing::debug!("removed {}, which no table names", file.display()),
            Err(error) => tracing::warn!("could not remove {}: {error}", file.display()),
        }
    }
}
