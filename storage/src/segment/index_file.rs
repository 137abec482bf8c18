//! The file of one index over one segment: bytes that the layers above made and can make again.
//!
//! It does not know what is in them. Invariant: bytes that are given out were checked against their checksums.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;

use crate::lazy::Lazy;
use crate::segment::container::{self, ContainerWriter, HEADER, Kind};
use crate::segment::folder::{Folder, OwnedFile};
use crate::segment::name;
use crate::segment::record::IndexRecord;
use crate::{BackendFile, Error, IndexId, Result, SegmentId, TableId};

/// Writes what an index file is to hold.
pub type IndexContent<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + 'a;

/// Reads bytes of an index from its file rather than from its memory map, where a page that was touched stays. It keeps the file.
#[derive(Clone, Debug)]
pub struct IndexReader {
    owned: Arc<OwnedFile>,
    file: Arc<dyn BackendFile>,
}

impl IndexReader {
    /// Fills `bytes` with those that begin so many behind the first.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let offset = offset.saturating_add(HEADER as u64);
        self.file.read_at(bytes, offset).map_err(|error| Error::io(self.owned.path(), "read", error))
    }
}

/// An index file that is or will be named in the manifest.
#[derive(Debug)]
pub(crate) struct IndexFile {
    record: IndexRecord,
    file: Arc<OwnedFile>,
    body: Lazy<Bytes>,
}

impl IndexFile {
    pub(crate) fn named(folder: &Folder, table: TableId, segment: SegmentId, record: IndexRecord) -> Self {
        let file = folder.named(&name::index(table, segment, record.index, record.generation));
        Self { record, file, body: Lazy::default() }
    }

    /// Writes and syncs a new file, which is removed again unless it is kept.
    pub(crate) fn write(
        folder: &Folder,
        table: TableId,
        segment: SegmentId,
        index: IndexId,
        generation: u64,
        content: &IndexContent<'_>,
    ) -> Result<Self> {
        let name = name::index(table, segment, index, generation);
        let mut writer = ContainerWriter::create(folder, &name, Kind::Index)?;
        writer.append_with(content)?;
        let (finished, root) = writer.finish([0, 0])?;
        folder.sync()?;
        let record = IndexRecord { index, generation, length: finished.length, root };
        Ok(Self { record, file: finished.owned, body: Lazy::default() })
    }

    pub(crate) fn record(&self) -> &IndexRecord {
        &self.record
    }

    pub(crate) fn file(&self) -> &OwnedFile {
        &self.file
    }

    /// What reads them from the file.
    pub(crate) fn reader(&self) -> Result<IndexReader> {
        Ok(IndexReader { file: self.file.open()?, owned: self.file.clone() })
    }

    /// The bytes, mapped; all of them are checked the first time.
    pub(crate) fn bytes(&self) -> Result<Bytes> {
        self.body.get_or_try(|| {
            let container = container::open(&self.file, Kind::Index, self.record.length, self.record.root)?;
            Ok(container.body)
        })
    }
}
