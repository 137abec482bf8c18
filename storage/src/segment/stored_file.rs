//! The files of a part as the manifest has them: names, lengths, checksums.
//!
//! It is for those who copy or check files as they are, without reading rows. Invariant: two files with the same name and
//! the same [`Sums`] have the same bytes.

use std::path::Path;

use bytes::Bytes;

use crate::checksum::verify_blocks;
use crate::segment::container::{self, Kind};
use crate::segment::folder::OwnedFile;
use crate::{Error, Part, Result};

/// A file that the manifest names.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile<'a> {
    pub(crate) file: &'a OwnedFile,
    pub(crate) length: u64,
    pub(crate) sums: Sums,
}

/// What the manifest knows of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sums {
    /// Parquet: the checksum of each block.
    Blocks(Vec<u64>),
    /// Vectors: the checksum that covers all others.
    Vectors(u64),
    /// An index: likewise. It can be made again.
    Index(u64),
}

impl StoredFile<'_> {
    /// The file's name in its folder.
    pub(crate) fn name(&self) -> &str {
        self.file.path().file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Whether it can be made again from the rows.
    pub(crate) fn is_index(&self) -> bool {
        matches!(self.sums, Sums::Index(_))
    }

    /// All bytes, checked.
    pub(crate) fn read(&self) -> Result<Bytes> {
        let bytes = self.file.map(self.length)?;
        self.check(self.file.path(), bytes.clone())?;
        Ok(bytes)
    }

    /// Checks all bytes of a file at `path` that is to be this one.
    pub(crate) fn check(&self, path: &Path, bytes: Bytes) -> Result<()> {
        match &self.sums {
            Sums::Blocks(sums) => verify_blocks(&bytes, sums)
                .map_err(|offset| Error::corrupt(path, offset, "a block does not match its checksum")),
            Sums::Vectors(root) => container::check(path, &bytes, Kind::Vectors, *root),
            Sums::Index(root) => container::check(path, &bytes, Kind::Index, *root),
        }
    }
}

impl Part {
    /// The files of a segment and of its indexes; none for a chunk.
    pub(crate) fn stored_files(&self) -> Vec<StoredFile<'_>> {
        let mut files = Vec::new();
        if let Some(segment) = self.as_segment() {
            if let Some(scalars) = &segment.parquet {
                let sums = Sums::Blocks(scalars.record.checksums.clone());
                files.push(StoredFile { file: &scalars.file, length: scalars.record.length, sums });
            }
            for vectors in &segment.vectors {
                let sums = Sums::Vectors(vectors.record.root);
                files.push(StoredFile { file: &vectors.file, length: vectors.record.length, sums });
            }
        }
        for index in self.indexes() {
            let record = index.record();
            let sums = Sums::Index(record.root);
            files.push(StoredFile { file: index.file(), length: record.length, sums });
        }
        files
    }
}
