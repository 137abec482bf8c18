//! Vectors in memory, bounded by their bytes.

use std::sync::Arc;

use super::Key;

/// What an entry takes beside its vector: key, pointers, the cache's own books.
const OVERHEAD: usize = 200;

/// See the module.
#[derive(Debug)]
pub(super) struct Memory(moka::sync::Cache<Key, Arc<[f32]>>);

impl Memory {
    pub(super) fn new(bytes: u64) -> Self {
        let weigh = |_: &Key, vector: &Arc<[f32]>| {
            u32::try_from(size_of_val::<[f32]>(vector) + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self(moka::sync::Cache::builder().max_capacity(bytes).weigher(weigh).build())
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<[f32]>> {
        self.0.get(key)
    }

    pub(super) fn put(&self, key: Key, vector: Arc<[f32]>) {
        self.0.insert(key, vector);
    }
}
