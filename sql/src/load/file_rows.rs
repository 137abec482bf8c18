//! A file, piece by piece, as the rows that a decoder finds in it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::bad_file;
use super::decoder::Decoder;
use super::source::{Rows, Source};
use crate::Result;

/// Bytes read at once.
pub(super) const CHUNK: usize = 256 * 1024;

/// Reads what there is, up to a chunk; nothing at the end.
///
/// # Errors
/// 22P04 for a file that cannot be read.
pub(super) fn read(file: &mut File, chunk: &mut [u8], path: &Path) -> Result<usize> {
    loop {
        match file.read(chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result.map_err(|error| bad_file(path, error)),
        }
    }
}

/// See the module.
pub(super) struct FileRows {
    file: File,
    path: PathBuf,
    rows: Decoder,
    chunk: Vec<u8>,
    last: bool,
}

impl FileRows {
    /// The rows of a file as a source.
    pub(super) fn source(file: File, path: &Path, rows: Decoder) -> Source {
        let (schema, texts) = (rows.schema(), rows.texts());
        let rows = Self { file, path: path.to_path_buf(), rows, chunk: vec![0; CHUNK], last: false };
        Source { schema, total: None, batches: Box::new(rows), texts }
    }
}

impl Iterator for FileRows {
    type Item = Result<Rows>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Whole batches, unless the file ends.
            if self.last || self.rows.waiting() >= CHUNK {
                match self.rows.next(self.last) {
                    Ok(None) if self.last => return None,
                    Ok(None) => {}
                    other => return other.transpose(),
                }
            }
            match read(&mut self.file, &mut self.chunk, &self.path) {
                Ok(length) => {
                    self.last |= length == 0;
                    self.rows.feed(self.chunk.get(..length).unwrap_or_default());
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
