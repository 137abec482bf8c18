//! The frame of files whose content is our own: `.vec` and `.graph`.
//!
//! It is a header, a body, a checksum for each block of both, and a footer; `docs/format.md` has the byte layout. It
//! does not know what the body means. Invariant: [`open`] returns a body only after every byte of the file was checked.

use std::io;
use std::path::Path;

use bytes::Bytes;

use crate::checksum::{BLOCK, checksum, verify_blocks};
use crate::segment::file_writer::{FileWriter, Finished};
use crate::segment::folder::{Folder, OwnedFile};
use crate::{Error, Result};

/// Bytes before the body: a multiple of 64, so that rows of a `.vec` file are aligned for any SIMD load.
pub(crate) const HEADER: usize = 64;
const FOOTER: usize = 64;

/// The newest version of the frame.
const VERSION: u32 = 1;

/// What a file is, by its first eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Vectors,
    Index,
}

impl Kind {
    fn magic(self) -> [u8; 8] {
        match self {
            Kind::Vectors => *b"MUSTVEC\0",
            Kind::Index => *b"MUSTIDX\0",
        }
    }
}

/// A file whose body is being written.
#[derive(Debug)]
pub(crate) struct ContainerWriter {
    kind: Kind,
    file: FileWriter,
}

impl ContainerWriter {
    pub(crate) fn create(folder: &Folder, name: &str, kind: Kind) -> Result<Self> {
        let mut file = FileWriter::create(folder, name)?;
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(&kind.magic());
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.resize(HEADER, 0);
        file.append(&header)?;
        Ok(Self { kind, file })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.append(bytes)
    }

    /// Appends what `content` writes.
    pub(crate) fn append_with(
        &mut self,
        content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<()> {
        content(&mut self.file).map_err(|error| self.file.failure(error))
    }

    /// Ends the body and syncs. Returns the file and its root checksum, which covers all others.
    pub(crate) fn finish(mut self, attributes: [u64; 2]) -> Result<(Finished, u64)> {
        let body = self.file.position() - HEADER as u64;
        let sums = self.file.take_sums();
        let mut tail = Vec::with_capacity(sums.len() * 8 + FOOTER);
        for sum in sums {
            tail.extend_from_slice(&sum.to_le_bytes());
        }
        tail.extend_from_slice(&self.kind.magic());
        tail.extend_from_slice(&VERSION.to_le_bytes());
        tail.extend_from_slice(&(BLOCK as u32).to_le_bytes());
        tail.extend_from_slice(&body.to_le_bytes());
        for attribute in attributes {
            tail.extend_from_slice(&attribute.to_le_bytes());
        }
        tail.extend_from_slice(&[0; 16]);
        let root = checksum(&tail);
        tail.extend_from_slice(&root.to_le_bytes());
        self.file.append(&tail)?;
        Ok((self.file.finish()?, root))
    }
}

/// A file whose bytes have been checked.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    /// The body; it starts 64 bytes into the file.
    pub(crate) body: Bytes,
    pub(crate) attributes: [u64; 2],
}

/// Maps a file, checks all of it, and returns its body.
pub(crate) fn open(file: &OwnedFile, kind: Kind, length: u64, root: u64) -> Result<Container> {
    let bytes = file.map(length)?;
    let (covered, sums, attributes) = frame(file.path(), &bytes, kind, root)?;
    verify_read(file, covered, &sums)?;
    Ok(Container { body: bytes.slice(HEADER..covered), attributes })
}

/// Checks the blocks of a file that is read for it: pages of its map are resident only where somebody looks at them.
fn verify_read(file: &OwnedFile, covered: usize, sums: &[u64]) -> Result<()> {
    let reader = file.open()?;
    let mut block = vec![0; BLOCK.min(covered)];
    for (start, sum) in (0..covered).step_by(BLOCK).zip(sums) {
        block.truncate(covered - start);
        let offset = start as u64;
        reader.read_at(&mut block, offset).map_err(|error| Error::io(file.path(), "read", error))?;
        if checksum(&block) != *sum {
            return Err(Error::corrupt(file.path(), offset, BLOCK_DAMAGED));
        }
    }
    Ok(())
}

const BLOCK_DAMAGED: &str = "a block does not match its checksum";

/// Checks all of a file's bytes.
pub(crate) fn check(path: &Path, bytes: &[u8], kind: Kind, root: u64) -> Result<()> {
    let (covered, sums, _) = frame(path, bytes, kind, root)?;
    let content = bytes.get(..covered).unwrap_or_default();
    verify_blocks(content, &sums).map_err(|offset| Error::corrupt(path, offset, BLOCK_DAMAGED))
}

/// What a file's frame says: where its body ends, the checksums of all blocks until there, and its attributes.
fn frame(path: &Path, bytes: &[u8], kind: Kind, root: u64) -> Result<(usize, Vec<u64>, [u64; 2])> {
    let length = bytes.len();
    let footer_start = length.saturating_sub(FOOTER);
    let damaged = |offset: usize, detail: &str| Error::corrupt(path, offset as u64, detail);
    let magic_and_version = bytes.split_first_chunk::<8>();
    let Some((magic, rest)) = magic_and_version else {
        return Err(damaged(0, "the file is shorter than its header"));
    };
    if *magic != kind.magic() {
        return Err(damaged(0, "the first bytes are not those of such a file"));
    }
    // The version is looked at before the checksums: a newer version may keep them elsewhere.
    let version = rest.first_chunk::<4>().map_or(0, |version| u32::from_le_bytes(*version));
    if version > VERSION {
        return Err(Error::NewerFormat { path: path.into(), found: version, supported: VERSION });
    }
    if version != VERSION {
        return Err(damaged(8, "the format version is none that was ever written"));
    }
    let word = |offset: usize| {
        let bytes = bytes.get(offset..).and_then(|bytes| bytes.first_chunk::<8>());
        bytes.map(|bytes| u64::from_le_bytes(*bytes)).ok_or_else(|| damaged(length, "the footer is cut off"))
    };
    if length < HEADER + FOOTER {
        return Err(damaged(length, "the footer is cut off"));
    }
    let body =
        usize::try_from(word(footer_start + 16)?).map_err(|_| damaged(footer_start, "absurd length"))?;
    let covered = body.checked_add(HEADER).filter(|covered| *covered <= footer_start);
    let covered = covered.ok_or_else(|| damaged(footer_start, "the body is longer than the file"))?;
    if covered.div_ceil(BLOCK) * 8 != footer_start - covered {
        return Err(damaged(footer_start, "the length of the body does not fit the file"));
    }
    let tail = bytes.get(covered..length - 8).unwrap_or_default();
    let stored = word(length - 8)?;
    if checksum(tail) != stored {
        return Err(damaged(covered, "the checksum table does not match its checksum"));
    }
    if stored != root {
        return Err(damaged(length - 8, "the file is intact but is not the one that the manifest names"));
    }
    let sums: Vec<u64> = (covered..footer_start).step_by(8).map(word).collect::<Result<_>>()?;
    let attributes = [word(footer_start + 24)?, word(footer_start + 32)?];
    Ok((covered, sums, attributes))
}
