//! Writes a file from front to back, buffered, with the checksums of its blocks.
//!
//! It is for files that are written once. Invariant: what [`FileWriter::finish`] returns describes bytes that are
//! synced; the file's name is not, until its folder is.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::checksum::{BLOCK, BlockChecksums};
use crate::segment::folder::{Folder, OwnedFile};
use crate::{BackendFile, Error, Result};

/// Bytes after which a file is synced while it is written: a commit's sync that comes meanwhile waits for so much, not
/// for hundreds of megabytes.
const SYNC_EVERY: u64 = 4 << 20;

/// A file being written.
#[derive(Debug)]
pub(crate) struct FileWriter {
    owned: Arc<OwnedFile>,
    file: Arc<dyn BackendFile>,
    buffer: Vec<u8>,
    written: u64,
    synced: u64,
    sums: BlockChecksums,
    /// The first failure as it came from the backend; libraries in between may not pass it on whole.
    failure: Option<Error>,
}

/// A file that was written: its length and the checksums of its blocks.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) owned: Arc<OwnedFile>,
    pub(crate) length: u64,
    pub(crate) sums: Vec<u64>,
}

impl FileWriter {
    pub(crate) fn create(folder: &Folder, name: &str) -> Result<Self> {
        let (owned, file) = folder.create(name)?;
        let buffer = Vec::with_capacity(BLOCK);
        Ok(Self {
            owned,
            file,
            buffer,
            written: 0,
            synced: 0,
            sums: BlockChecksums::default(),
            failure: None,
        })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.owned.path().into()
    }

    /// Bytes so far.
    pub(crate) fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Appends bytes.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|error| self.failure(error))
    }

    /// The failure behind an error that came back through a library.
    pub(crate) fn failure(&self, error: io::Error) -> Error {
        self.failure.clone().unwrap_or_else(|| Error::io(self.owned.path(), "write", error))
    }

    /// The failure that this file met, if any.
    pub(crate) fn met_failure(&self) -> Option<Error> {
        self.failure.clone()
    }

    /// The checksums of all blocks so far, as if the file ended here.
    pub(crate) fn take_sums(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.sums).finish()
    }

    /// Writes what is buffered and syncs.
    pub(crate) fn finish(mut self) -> Result<Finished> {
        self.flush().map_err(|error| self.failure(error))?;
        self.file.sync().map_err(|error| Error::io(self.owned.path(), "sync", error))?;
        Ok(Finished { owned: self.owned, length: self.written, sums: self.sums.finish() })
    }
}

impl Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BLOCK {
            self.flush()?;
        }
        self.sums.update(bytes);
        if bytes.len() < BLOCK {
            self.buffer.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        self.write_through(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            self.write_through(&buffer)?;
        }
        self.buffer = buffer;
        self.buffer.clear();
        Ok(())
    }
}

impl FileWriter {
    fn write_through(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.failure.is_some() {
            return Err(io::Error::other("an earlier write failed"));
        }
        if let Err(error) = self.file.write_at(bytes, self.written) {
            let kind = error.kind();
            self.failure = Some(Error::io(self.owned.path(), "write", error));
            return Err(kind.into());
        }
        self.written += bytes.len() as u64;
        if self.written - self.synced >= SYNC_EVERY {
            self.synced = self.written;
            if let Err(error) = self.file.sync() {
                let kind = error.kind();
                self.failure = Some(Error::io(self.owned.path(), "sync", error));
                return Err(kind.into());
            }
        }
        Ok(())
    }
}
