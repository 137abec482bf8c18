//! What can be chosen when a store is opened.

use std::sync::Arc;

use crate::{Backend, DiskBackend};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the files live; the operating system's file system unless told otherwise.
    pub backend: Arc<dyn Backend>,
    /// Bytes of decoded scalar columns to keep in memory; 512 MiB unless told otherwise.
    pub cache_bytes: usize,
    /// Most rows of one segment; 1,000,000 unless told otherwise.
    pub segment_rows: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { backend: Arc::new(DiskBackend), cache_bytes: 512 << 20, segment_rows: 1_000_000 }
    }
}
