//! Files of the server that `lo_import` reads and `lo_export` writes. Who may is asked before.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Bytes that are read or written at a time.
const STEP: usize = 1 << 20;

/// A file that is read from its begin to its end.
pub(super) struct Source {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Source {
    /// # Errors
    /// 58P01 where it is not there, 42501 where it may not be read, 42809 for a folder.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let fail = |error: std::io::Error| failed("open", path, &error);
        let file = File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_dir() {
            let message = format!("\"{}\" is a directory", path.display());
            return Err(Error::new(SqlState::WrongObjectType, message));
        }
        Ok(Self { file, path: path.to_path_buf(), buffer: vec![0; STEP] })
    }

    /// The next bytes; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>> {
        let mut length = 0;
        while let Some(rest) = self.buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match self.file.read(rest) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed("read", &self.path, &error)),
            }
        }
        Ok(self.buffer.get(..length).filter(|read| !read.is_empty()))
    }
}

/// Writes so many bytes, which `read` gives from an offset on, over what is in the file.
///
/// # Errors
/// 58P01 where its folder is not there, 42501 where it may not be written, 53100 for a full disk, 58030 for the rest.
pub(super) fn write(path: &Path, size: u64, mut read: impl FnMut(u64, u64) -> Result<Vec<u8>>) -> Result<()> {
    let mut file = File::create(path).map_err(|error| failed("create", path, &error))?;
    let mut at = 0;
    while at < size {
        let bytes = read(at, STEP as u64)?;
        if bytes.is_empty() {
            break;
        }
        file.write_all(&bytes).map_err(|error| failed("write", path, &error))?;
        at += bytes.len() as u64;
    }
    file.sync_all().map_err(|error| failed("write", path, &error))
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    let state = match error.kind() {
        std::io::ErrorKind::NotFound => SqlState::UndefinedFile,
        std::io::ErrorKind::PermissionDenied => SqlState::InsufficientPrivilege,
        std::io::ErrorKind::StorageFull => SqlState::DiskFull,
        std::io::ErrorKind::IsADirectory => SqlState::WrongObjectType,
        _ => SqlState::IoError,
    };
    Error::new(state, format!("could not {what} server file \"{}\": {error}", path.display()))
}
