//! Single rows of a vector column, read from the file rather than from its memory map.
//!
//! A page of a map that was touched stays resident, and its neighbours come with it; whoever reads a dozen rows here and there
//! copies them instead. Invariant: the file's checksums were verified before.

use std::sync::Arc;

use crate::segment::container::HEADER;
use crate::segment::folder::OwnedFile;
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
}
