//! The journal's file as redb sees it: its storage trait over our backend.
//!
//! While a journal is being opened, writes are held back: redb repairs what it opens, and a journal that turns out to be
//! damaged, or of a newer version, must stay as it was found. It remembers the first failure with its path and kind,
//! because redb reports later ones as consequences. Invariant: once fenced, the file is not touched any more, whatever
//! redb still does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::{BackendFile, Error, Result};

/// One open journal file. Clones share it: redb has one, the journal another.
#[derive(Clone, Debug)]
pub(crate) struct JournalFile {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: Arc<dyn BackendFile>,
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    failure: Option<Error>,
    sync_failed: bool,
}

#[derive(Debug)]
enum Mode {
    /// Changes wait in the order in which they were made; reads see them.
    Held(Vec<Change>),
    Through,
    Fenced,
}

#[derive(Debug)]
enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    SetLen(u64),
    Sync,
}

impl JournalFile {
    /// A file whose changes go through at once.
    pub(crate) fn through(file: Arc<dyn BackendFile>, path: &Path) -> Self {
        Self::new(file, path, Mode::Through)
    }

    /// A file whose changes are held back until [`Self::release`].
    pub(crate) fn held(file: Arc<dyn BackendFile>, path: &Path) -> Self {
        Self::new(file, path, Mode::Held(Vec::new()))
    }

    fn new(file: Arc<dyn BackendFile>, path: &Path, mode: Mode) -> Self {
        let state = Mutex::new(State { mode, failure: None, sync_failed: false });
        Self { shared: Arc::new(Shared { file, path: path.into(), state }) }
    }

    /// Makes the changes that were held back; those after them go through.
    pub(crate) fn release(&self) -> Result<()> {
        let mut state = self.shared.state.lock();
        let Mode::Held(changes) = std::mem::replace(&mut state.mode, Mode::Through) else {
            return Ok(());
        };
        for change in changes {
            if let Err((operation, error)) = self.shared.make(&change) {
                return Err(state.remember(&self.shared.path, operation, &error));
            }
        }
        Ok(())
    }

    /// The first failure.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.shared.state.lock().failure.clone()
    }

    /// Whether a sync failed: pages that the kernel dropped then may read as if they were on the disk.
    pub(crate) fn sync_failed(&self) -> bool {
        self.shared.state.lock().sync_failed
    }

    /// Says that what is read here may never have reached the disk.
    pub(crate) fn distrust(&self) {
        self.shared.state.lock().sync_failed = true;
    }

    /// Bytes of the file. A failure is the caller's alone: nothing that redb does depends on it.
    pub(crate) fn measure(&self) -> Result<u64> {
        self.shared.file.len().map_err(|error| Error::io(&self.shared.path, "measure", error))
    }

    /// Lets no more operation through, and forgets what is held back.
    pub(crate) fn fence(&self) {
        self.shared.state.lock().mode = Mode::Fenced;
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mut state = self.shared.state.lock();
        match &mut state.mode {
            Mode::Held(changes) => {
                changes.push(change);
                Ok(())
            }
            Mode::Through => self.shared.make(&change).map_err(|(operation, error)| {
                state.remember(&self.shared.path, operation, &error);
                error
            }),
            Mode::Fenced => Err(fenced()),
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Shared, &[Change]) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.shared.state.lock();
        let looked = match &state.mode {
            Mode::Held(changes) => look(&self.shared, changes),
            Mode::Through => look(&self.shared, &[]),
            Mode::Fenced => return Err(fenced()),
        };
        looked.inspect_err(|error| {
            state.remember(&self.shared.path, "read", error);
        })
    }
}

fn fenced() -> io::Error {
    io::Error::other("the journal was closed after a failure")
}

impl State {
    fn remember(&mut self, path: &Path, operation: &'static str, error: &io::Error) -> Error {
        let error = match error.raw_os_error() {
            // redb asks for what its own header says is there.
            _ if error.kind() == io::ErrorKind::UnexpectedEof => {
                Error::corrupt(path, 0, "the file ends before its contents do")
            }
            Some(code) => Error::io(path, operation, io::Error::from_raw_os_error(code)),
            None => Error::io(path, operation, io::Error::new(error.kind(), error.to_string())),
        };
        self.sync_failed |= operation == "sync";
        self.failure.get_or_insert(error).clone()
    }
}

impl Shared {
    fn make(&self, change: &Change) -> Result<(), (&'static str, io::Error)> {
        match change {
            Change::Write { offset, bytes } => {
                self.file.write_at(bytes, *offset).map_err(|error| ("write", error))
            }
            Change::SetLen(len) => self.file.set_len(*len).map_err(|error| ("resize", error)),
            Change::Sync => self.file.sync().map_err(|error| ("sync", error)),
        }
    }

    /// The length with these changes made.
    fn len(&self, changes: &[Change]) -> io::Result<u64> {
        let mut length = self.file.len()?;
        for change in changes {
            match change {
                Change::Write { offset, bytes } => {
                    length = length.max(offset.saturating_add(bytes.len() as u64))
                }
                Change::SetLen(len) => length = *len,
                Change::Sync => {}
            }
        }
        Ok(length)
    }

    /// Reads with these changes made.
    fn read(&self, changes: &[Change], offset: u64, out: &mut [u8]) -> io::Result<()> {
        if changes.is_empty() {
            return self.file.read_at(out, offset);
        }
        let end = offset.checked_add(out.len() as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
        if end > self.len(changes)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out.fill(0);
        let stored = self.file.len()?.saturating_sub(offset).min(out.len() as u64) as usize;
        if let Some(out) = out.get_mut(..stored).filter(|out| !out.is_empty()) {
            self.file.read_at(out, offset)?;
        }
        for change in changes {
            match change {
                Change::Write { offset: start, bytes } => {
                    // The part of the write that lies in the range that is read.
                    let skipped = offset.saturating_sub(*start) as usize;
                    let place = start.saturating_sub(offset) as usize;
                    let bytes = bytes.get(skipped..).unwrap_or_default();
                    let target = out.get_mut(place..).unwrap_or_default();
                    let length = bytes.len().min(target.len());
                    if let (Some(target), Some(bytes)) = (target.get_mut(..length), bytes.get(..length)) {
                        target.copy_from_slice(bytes);
                    }
                }
                Change::SetLen(len) => {
                    let kept = len.saturating_sub(offset).min(out.len() as u64) as usize;
                    out.get_mut(kept..).unwrap_or_default().fill(0);
                }
                Change::Sync => {}
            }
        }
        Ok(())
    }
}

impl redb::StorageBackend for JournalFile {
    fn len(&self) -> io::Result<u64> {
        self.look(|shared, changes| shared.len(changes))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.look(|shared, changes| shared.read(changes, offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Change::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Write { offset, bytes: data.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use redb::StorageBackend;

    use super::*;
    use crate::{Backend, MemoryBackend};

    #[test]
    fn held_changes_are_seen_by_reads_and_by_nobody_else_until_they_are_released() {
        let backend = MemoryBackend::new();
        let path = Path::new("/journal");
        let disk = backend.create(path).unwrap();
        disk.write_at(b"0123456789", 0).unwrap();
        let file = JournalFile::held(disk.clone(), path);
        file.write(3, b"abc").unwrap();
        file.set_len(5).unwrap();
        file.set_len(12).unwrap();
        file.write(10, b"yz").unwrap();
        file.sync_data().unwrap();
        let expected = b"012ab\0\0\0\0\0yz";
        let read = |offset: usize, length: usize| {
            let mut out = vec![9; length];
            file.read(offset as u64, &mut out).map(|()| out)
        };
        for offset in 0..=12 {
            for length in 0..=12 - offset {
                assert_eq!(
                    read(offset, length).unwrap(),
                    expected[offset..offset + length],
                    "{offset} {length}"
                );
            }
        }
        assert!(read(4, 9).is_err());
        assert_eq!(backend.map(path).unwrap().as_ref(), b"0123456789");
        file.release().unwrap();
        assert_eq!(backend.map(path).unwrap().as_ref(), expected);
        assert_eq!(read(0, 12).unwrap(), expected);
        file.fence();
        assert!(read(0, 1).is_err() && file.write(0, b"x").is_err());
        assert_eq!(backend.map(path).unwrap().as_ref(), expected);
    }
}
