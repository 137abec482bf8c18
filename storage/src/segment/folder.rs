//! The folder of segment files, and files that go away when nobody needs them any more.
//!
//! It is where segment and index files are made and opened. It does not know what is in them. Invariant: a file is
//! removed when its last reader lets go of it and the manifest does not name it; a crash in between leaves a stray that
//! the next open removes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use crate::{Backend, BackendFile, Error, Result};

/// The folder `segments/` of a database.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    backend: Arc<dyn Backend>,
    path: PathBuf,
}

impl Folder {
    pub(crate) fn new(backend: Arc<dyn Backend>, path: PathBuf) -> Self {
        Self { backend, path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Makes an empty file that is removed unless [`OwnedFile::keep`] is called.
    pub(crate) fn create(&self, name: &str) -> Result<(Arc<OwnedFile>, Arc<dyn BackendFile>)> {
        let owned = self.owned(name, true);
        let file = self.backend.create(&owned.path).map_err(|e| Error::io(&owned.path, "create", e))?;
        Ok((owned, file))
    }

    /// A file that the manifest names.
    pub(crate) fn named(&self, name: &str) -> Arc<OwnedFile> {
        self.owned(name, false)
    }

    fn owned(&self, name: &str, doomed: bool) -> Arc<OwnedFile> {
        let doomed = AtomicBool::new(doomed);
        Arc::new(OwnedFile { backend: self.backend.clone(), path: self.path.join(name), doomed })
    }

    /// Makes the names of new files durable.
    pub(crate) fn sync(&self) -> Result<()> {
        self.backend.sync_folder(&self.path).map_err(|e| Error::io(&self.path, "sync", e))
    }
}

/// A segment or index file, removed with its last owner once it is doomed.
#[derive(Debug)]
pub(crate) struct OwnedFile {
    backend: Arc<dyn Backend>,
    path: PathBuf,
    doomed: AtomicBool,
}

impl OwnedFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The manifest names the file now, or may do so after a failure: it must stay.
    pub(crate) fn keep(&self) {
        self.doomed.store(false, Ordering::Release);
    }

    /// The manifest does not name the file any more.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// The file, for reading parts of it.
    pub(crate) fn open(&self) -> Result<Arc<dyn BackendFile>> {
        self.backend.open(&self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::corrupt(&self.path, 0, "the file is missing"),
            _ => Error::io(&self.path, "open", error),
        })
    }

    /// All bytes of the file. That it is gone or has another length than `length` is damage.
    pub(crate) fn map(&self, length: u64) -> Result<Bytes> {
        let bytes = self.backend.map(&self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::corrupt(&self.path, 0, "the file is missing"),
            _ => Error::io(&self.path, "map", error),
        })?;
        if bytes.len() as u64 != length {
            let detail = format!("the file has {} bytes where {length} were written", bytes.len());
            return Err(Error::corrupt(&self.path, length.min(bytes.len() as u64), detail));
        }
        Ok(bytes)
    }
}

impl Drop for OwnedFile {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire)
            && let Err(error) = self.backend.remove(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            let path = self.path.display();
            tracing::warn!("could not remove {path}: {error}; the next open of the database will");
        }
    }
}
