//! What can be chosen when a store is opened.

use std::sync::Arc;

use crate::{Backend, CheckpointPolicy, DiskBackend};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the files live; the operating system's file system unless told otherwise.
    pub backend: Arc<dyn Backend>,
    /// Bytes of decoded scalar columns to keep in memory; 64 MiB unless told otherwise. Single rows of what does not fit are read
    /// from files.
    pub cache_bytes: usize,
    /// Most rows of one segment; 1,000,000 unless told otherwise.
    pub segment_rows: usize,
    /// When [`Store::maintain`](crate::Store::maintain) seals unsealed rows.
    pub checkpoint: CheckpointPolicy,
    /// Bytes a second that a compaction in the background writes at most; 128 MiB unless told otherwise. `None`: as fast
    /// as it goes.
    pub compaction_bytes_per_second: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backend: Arc::new(DiskBackend),
            cache_bytes: 64 << 20,
            segment_rows: 1_000_000,
            checkpoint: CheckpointPolicy::default(),
            compaction_bytes_per_second: Some(128 << 20),
        }
    }
}
