//! The rows and lists that a graph search looks at, read from their files.

use std::io;

use muster_engine::{ReadIndex, ReadRow};
use muster_storage::{IndexReader, VectorRows};

/// Storage's rows as the engine reads them.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) VectorRows);

impl ReadRow for Reader {
    fn read_row(&self, row: u32, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read(row, bytes).map_err(io::Error::other)
    }
}

/// Storage's bytes of an index as the engine reads them.
#[derive(Debug)]
pub(super) struct Lists(pub(super) IndexReader);

impl ReadIndex for Lists {
    fn read_index(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, bytes).map_err(io::Error::other)
    }
}
