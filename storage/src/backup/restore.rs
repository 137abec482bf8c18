//! Makes a database of a backup.
//!
//! Files are copied, not linked: what happens to the database must not happen to the backup. Invariant: the folder is a
//! database only when all of it has been checked and is durable.

use std::path::Path;
use std::sync::Arc;

use super::BACKUP;
use super::copy::{CopyProgress, CopyReport, Way, bring};
use super::take::read;
use crate::journal::{Journal, State};
use crate::store::{JOURNAL, LOCK, SEGMENTS, create_folders, edits, lock};
use crate::{Backend, Error, Result};

/// Restores the backup in the folder `from` into `to`, which is made, or is there and empty.
///
/// All files are checked on the way. `progress` is told how far it is; when it says no, the work ends with
/// [`Error::Cancelled`].
///
/// # Errors
/// [`Error::Folder`] when `from` is no backup or `to` is not empty, [`Error::Corrupt`] when rows are damaged.
pub fn restore(
    backend: &Arc<dyn Backend>,
    from: &Path,
    to: &Path,
    progress: &dyn Fn(CopyProgress) -> bool,
) -> Result<CopyReport> {
    let exists = |path: &Path| backend.exists(path).map_err(|error| Error::io(path, "look for", error));
    if !exists(&from.join(BACKUP))? {
        let detail = format!("there is no backup in this folder: it has no {BACKUP}");
        return Err(Error::Folder { path: from.into(), detail });
    }
    let _taken_by_nobody = lock(backend, from, LOCK)?;
    let snapshot = read(backend, from)?;
    let segments = to.join(SEGMENTS);
    if exists(&to.join(JOURNAL))? || exists(&segments)? {
        let detail = "there is a database in this folder already".into();
        return Err(Error::Folder { path: to.into(), detail });
    }
    create_folders(backend, to)?;
    let files = backend.list(to).map_err(|error| Error::io(to, "list", error))?;
    if !files.is_empty() {
        let detail = "a backup is restored into an empty folder, and this one has files in it".into();
        return Err(Error::Folder { path: to.into(), detail });
    }
    let _ours = lock(backend, to, LOCK)?;
    backend.create_folder(&segments).map_err(|error| Error::io(&segments, "create", error))?;
    let brought = bring(backend, &snapshot, &segments, Way::Copy, |_| false, progress).and_then(|report| {
        let mut whole = snapshot.clone();
        let edits = edits::whole(&mut whole)?;
        // The name of the folder of segments before what relies on it.
        backend.sync_folder(to).map_err(|error| Error::io(to, "sync", error))?;
        let state = State { version: whole.version, counters: whole.counters };
        Journal::create(backend, &to.join(JOURNAL), state, &edits)?;
        Ok(report)
    });
    if brought.is_err() {
        // What was brought is of no use without a journal.
        for file in backend.list(&segments).unwrap_or_default() {
            if let Err(error) = backend.remove(&file) {
                tracing::warn!("could not remove {}: {error}", file.display());
            }
        }
    }
    brought
}
