//! Rows of a vector column, read from the file rather than from its memory map.
//!
//! A page of a map that was touched stays resident, and its neighbours come with it; whoever reads a dozen rows here and
//! there, or all of them once, copies them instead. Invariant: the file's checksums were verified before.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, FixedSizeListArray};
use arrow::buffer::{Buffer, MutableBuffer};

use crate::definition::VectorShape;
use crate::segment::container::HEADER;
use crate::segment::folder::OwnedFile;
use crate::segment::vec_file;
use crate::{BackendFile, Error, Result};

/// See the module. It keeps the file.
#[derive(Clone, Debug)]
pub struct VectorRows {
    owned: Arc<OwnedFile>,
    file: Arc<dyn BackendFile>,
}

impl VectorRows {
    pub(crate) fn open(owned: &Arc<OwnedFile>) -> Result<Self> {
        Ok(Self { owned: owned.clone(), file: owned.open()? })
    }

    /// Fills `bytes`, which are as many as every row has, with the row at a position.
    pub fn read(&self, position: u32, bytes: &mut [u8]) -> Result<()> {
        let offset = HEADER as u64 + u64::from(position) * bytes.len() as u64;
        self.file.read_at(bytes, offset).map_err(|error| Error::io(self.owned.path(), "read", error))
    }
    /// Copies rows from `start` on. Of `mapped`, the column over the memory map, only type and nulls are looked at.
    pub(crate) fn block(
        &self,
        mapped: &FixedSizeListArray,
        shape: VectorShape,
        rows: Range<usize>,
    ) -> Result<FixedSizeListArray> {
        let path = self.owned.path();
        let mut bytes = MutableBuffer::from_len_zeroed(rows.len() * shape.row_bytes());
        let offset = HEADER as u64 + (rows.start * shape.row_bytes()) as u64;
        self.file.read_at(bytes.as_slice_mut(), offset).map_err(|error| Error::io(path, "read", error))?;
        let nulls = mapped.nulls().map(|nulls| nulls.slice(rows.start, rows.len()));
        vec_file::column(path, mapped.data_type(), Buffer::from(bytes), nulls)
    }
}
