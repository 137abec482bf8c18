//! Where files live: the seam at which tests make writes and syncs fail.
//!
//! It is what the store needs of a file system and no more. It is not a cache and knows no file format. Invariant:
//! after [`BackendFile::sync`] a file's bytes, and after [`Backend::sync_folder`] a folder's names, survive a crash;
//! before that, nothing is promised.

use std::any::Any;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

mod disk;
mod faulty;
mod memory;
mod memory_file;

pub use disk::DiskBackend;
pub use faulty::{Fault, FaultyBackend, Operation};
pub use memory::{MemoryBackend, Unsynced};

/// Held for as long as the folder is owned; dropping it lets go.
pub type LockGuard = Box<dyn Any + Send + Sync>;

/// A file system, or what behaves like one.
pub trait Backend: Debug + Send + Sync + 'static {
    /// Makes a folder and those above it; one that is there is no error.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Opens a file that is there, for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>>;

    /// Makes an empty file, replacing one of that name.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>>;

    /// Gives a file another name, replacing one of that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file that is never written again a second name; the bytes go with the last of its names. A backend that
    /// cannot, or not between these two places, says [`io::ErrorKind::Unsupported`] or
    /// [`io::ErrorKind::CrossesDevices`].
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Its bytes stay readable through handles and maps that are open.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Whether a file or folder of that name is there.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// The files in a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// The whole of a file that is not written any more.
    fn map(&self, path: &Path) -> io::Result<Bytes>;

    /// Takes the lock file `path`, writing `holder` into it; `None` when somebody has it.
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Option<LockGuard>>;
}

/// An open file.
pub trait BackendFile: Debug + Send + Sync + 'static {
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `buffer` from `offset`; an end of file before that is an error.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`, growing the file when needed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file, or grows it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes the bytes durable.
    fn sync(&self) -> io::Result<()>;
}
