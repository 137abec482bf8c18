//! The rows that a graph search looks at, read from their file.

use std::io;

use muster_engine::ReadRow;
use muster_storage::VectorRows;

/// Storage's rows as the engine reads them.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) VectorRows);

impl ReadRow for Reader {
    fn read_row(&self, row: u32, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read(row, bytes).map_err(io::Error::other)
    }
}
