//! Brings the files that a manifest names into another folder.
//!
//! Each file that is brought is read and checked whole: damage is found here, not when the backup is needed. Invariant:
//! what is counted as done is durable but for its name, which the folder's sync makes so.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::segment::stored_file::StoredFile;
use crate::{Backend, Error, Result, Snapshot};

/// Bytes that are written at a time.
const STEP: usize = 4 << 20;

/// How far a backup or restore is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyProgress {
    /// Files done.
    pub files: u64,
    /// Files in all.
    pub all_files: u64,
    /// Bytes of the files done.
    pub bytes: u64,
    /// Bytes of all files.
    pub all_bytes: u64,
}

/// What a backup or restore did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyReport {
    /// The commit that it is of.
    pub version: u64,
    /// Files that were in the folder already.
    pub kept: u64,
    /// Files that got a second name.
    pub linked: u64,
    /// Files whose bytes were copied.
    pub copied: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
    /// Bytes of all files of segments and indexes.
    pub bytes: u64,
    /// Index files that were damaged or gone, and were left out: they are made again from the rows.
    pub without_index_files: u64,
}

/// How a file may be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a second name for the same bytes, where that is possible.
    LinkOrCopy,
    Copy,
}

/// Brings the files of a snapshot into a folder. `has` says which are there already.
pub(super) fn bring(
    backend: &Arc<dyn Backend>,
    snapshot: &Snapshot,
    folder: &Path,
    way: Way,
    has: impl Fn(&StoredFile<'_>) -> bool,
    progress: &dyn Fn(CopyProgress) -> bool,
) -> Result<CopyReport> {
    let files: Vec<_> = snapshot
        .all_tables()
        .flat_map(|table| table.segments())
        .flat_map(|part| part.stored_files())
        .collect();
    let mut report = CopyReport { version: snapshot.version(), ..CopyReport::default() };
    report.bytes = files.iter().map(|file| file.length).sum();
    let mut done =
        CopyProgress { all_files: files.len() as u64, all_bytes: report.bytes, ..Default::default() };
    for file in &files {
        if !progress(done) {
            return Err(Error::Cancelled);
        }
        if has(file) {
            report.kept += 1;
        } else {
            match bring_file(backend, file, &folder.join(file.name()), way) {
                Ok(Way::LinkOrCopy) => report.linked += 1,
                Ok(Way::Copy) => {
                    report.copied += 1;
                    report.copied_bytes += file.length;
                }
                // What cannot be read, or only by a newer version, is made again from the rows.
                Err(error @ (Error::Corrupt { .. } | Error::NewerFormat { .. })) if file.is_index() => {
                    tracing::warn!("left out an index file: {error}");
                    report.without_index_files += 1;
                }
                Err(error) => return Err(error),
            }
        }
        done.files += 1;
        done.bytes += file.length;
    }
    progress(done);
    backend.sync_folder(folder).map_err(|error| Error::io(folder, "sync", error))?;
    Ok(report)
}

fn bring_file(backend: &Arc<dyn Backend>, file: &StoredFile<'_>, to: &Path, way: Way) -> Result<Way> {
    let bytes = file.read()?;
    // What an earlier backup that was cut off left under this name.
    if backend.exists(to).map_err(|error| Error::io(to, "look for", error))? {
        backend.remove(to).map_err(|error| Error::io(to, "remove", error))?;
    }
    if way == Way::LinkOrCopy {
        match backend.link(file.file.path(), to) {
            Ok(()) => return Ok(Way::LinkOrCopy),
            Err(error) if cannot_link(&error) => {}
            Err(error) => return Err(Error::io(to, "link", error)),
        }
    }
    write(backend, to, &bytes)?;
    Ok(Way::Copy)
}

/// Whether the two places, or the file system, cannot share a file: then its bytes are copied.
fn cannot_link(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::Unsupported | Kind::CrossesDevices | Kind::PermissionDenied | Kind::TooManyLinks
    )
}

fn write(backend: &Arc<dyn Backend>, to: &Path, bytes: &Bytes) -> Result<()> {
    let failed = |operation| move |error| Error::io(to, operation, error);
    let file = backend.create(to).map_err(failed("create"))?;
    let mut offset = 0;
    for step in bytes.chunks(STEP) {
        file.write_at(step, offset).map_err(failed("write"))?;
        offset += step.len() as u64;
    }
    file.sync().map_err(failed("sync"))
}
