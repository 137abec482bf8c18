//! Takes a backup of an open store.
//!
//! Readers and commits go on meanwhile: the snapshot keeps the files that it names. Invariant: a folder that is not a
//! backup is never written to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::BACKUP;
use super::copy::{CopyProgress, CopyReport, Way, bring};
use crate::cache::ColumnCache;
use crate::journal::{Journal, State};
use crate::segment::folder::Folder;
use crate::segment::name;
use crate::segment::stored_file::Sums;
use crate::store::{JOURNAL, LOCK, SEGMENTS, create_folders, edits, load};
use crate::{Backend, Error, Result, Snapshot};

/// Makes the folder `to` a backup of the snapshot, whose database is in `dir`.
pub(crate) fn take(
    backend: &Arc<dyn Backend>,
    dir: &Path,
    snapshot: &Snapshot,
    to: &Path,
    progress: &dyn Fn(CopyProgress) -> bool,
) -> Result<CopyReport> {
    if to.starts_with(dir) || dir.starts_with(to) {
        let detail = "a backup cannot be in the folder of its database, nor the other way round".into();
        return Err(Error::Folder { path: to.into(), detail });
    }
    create_folders(backend, to)?;
    check_target(backend, to)?;
    let lock = crate::store::lock(backend, to, LOCK)?;
    let segments = to.join(SEGMENTS);
    backend.create_folder(&segments).map_err(|error| Error::io(&segments, "create", error))?;

    let before = previous(backend, to);
    let has = |file: &crate::segment::stored_file::StoredFile<'_>| {
        let same = before.get(file.name()) == Some(&(file.length, file.sums.clone()));
        let there =
            || backend.map(&segments.join(file.name())).is_ok_and(|bytes| bytes.len() as u64 == file.length);
        same && there()
    };
    let report = bring(backend, snapshot, &segments, Way::LinkOrCopy, has, progress)?;

    let mut whole = snapshot.clone();
    let edits = edits::whole(&mut whole)?;
    // The name of the folder of segments before what relies on it.
    backend.sync_folder(to).map_err(|error| Error::io(to, "sync", error))?;
    let state = State { version: whole.version, counters: whole.counters };
    Journal::create(backend, &to.join(BACKUP), state, &edits)?;
    remove_others(backend, &segments, snapshot);
    drop(lock);
    Ok(report)
}

/// Whether a folder is a backup, or has nothing in it but what an attempt at one left.
fn check_target(backend: &Arc<dyn Backend>, to: &Path) -> Result<()> {
    let exists = |path: &Path| backend.exists(path).map_err(|error| Error::io(path, "look for", error));
    let refused = |detail: &str| Err(Error::Folder { path: to.into(), detail: detail.into() });
    if exists(&to.join(JOURNAL))? {
        return refused("there is a database in this folder, which a backup would replace");
    }
    let files = backend.list(to).map_err(|error| Error::io(to, "list", error))?;
    let beside = Path::new(BACKUP).with_extension("redb.new");
    let known = |path: &PathBuf| {
        let name = path.file_name().map(Path::new);
        name.is_some_and(|name| name == Path::new(BACKUP) || name == beside || name == Path::new(LOCK))
    };
    if exists(&to.join(BACKUP))? || files.iter().all(known) {
        return Ok(());
    }
    refused("there are files in this folder, and it is no backup")
}

/// The files that the backup in the folder names, with their checksums. One that cannot be read has none: all files are
/// brought again then.
fn previous(backend: &Arc<dyn Backend>, to: &Path) -> BTreeMap<String, (u64, Sums)> {
    let Ok(snapshot) = read(backend, to) else { return BTreeMap::new() };
    let parts = snapshot.all_tables().flat_map(|table| table.segments());
    let files = parts.flat_map(|part| part.stored_files());
    files.map(|file| (file.name().to_owned(), (file.length, file.sums.clone()))).collect()
}

/// What a backup's journal describes. The backup is left as it is.
pub(super) fn read(backend: &Arc<dyn Backend>, from: &Path) -> Result<Snapshot> {
    let path = from.join(BACKUP);
    let contents = Journal::contents(backend, &path)?;
    let folder = Folder::new(backend.clone(), from.join(SEGMENTS));
    load::snapshot(contents, &path, &folder, &ColumnCache::new(0))
}

/// Removes what an older backup had and this one does not. What cannot be removed takes space and does no harm.
fn remove_others(backend: &Arc<dyn Backend>, segments: &Path, snapshot: &Snapshot) {
    let parts = snapshot.all_tables().flat_map(|table| table.segments());
    let files: Vec<_> = parts.flat_map(|part| part.stored_files()).collect();
    let listed = backend.list(segments).unwrap_or_default();
    for path in listed {
        let Some(found) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name::is_ours(found)
            && !files.iter().any(|file| file.name() == found)
            && let Err(error) = backend.remove(&path)
        {
            tracing::warn!("could not remove {} of an older backup: {error}", path.display());
        }
    }
}
