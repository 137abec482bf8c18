//! What was embedded before: a bounded cache in memory over a bounded one on disk.
//!
//! It promises nothing: what is lost is computed again, what is damaged is not used. Invariant: it gives the very bits
//! that were put under the same model, prefix and text.

mod disk;
mod generation;
mod key;
mod memory;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use self::disk::Disk;
pub(crate) use self::key::Key;
use self::memory::Memory;

/// How large the cache may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes in memory; 0 for none.
    pub memory_bytes: u64,
    /// Bytes on disk, about; 0 for none.
    pub disk_bytes: u64,
}

impl Default for CacheLimits {
    /// 64 MiB in memory, which are some 20,000 vectors of 768 dimensions, and 1 GiB on disk.
    fn default() -> Self {
        Self { memory_bytes: 64 << 20, disk_bytes: 1 << 30 }
    }
}

/// What the cache did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Vectors that were found in memory.
    pub memory_hits: u64,
    /// Vectors that were found on disk.
    pub disk_hits: u64,
    /// Vectors that had to be computed.
    pub misses: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Cache {
    memory: Memory,
    disk: Mutex<OnDisk>,
    memory_hits: AtomicU64,
    disk_hits: AtomicU64,
    misses: AtomicU64,
}

/// The part on disk, which is opened when it is first needed: most databases never do.
#[derive(Debug)]
enum OnDisk {
    None,
    Unopened { dir: PathBuf, bytes: u64 },
    Open(Arc<Disk>),
}

impl Cache {
    pub(crate) fn new(limits: CacheLimits, dir: Option<&Path>) -> Self {
        let disk = match dir {
            Some(dir) if limits.disk_bytes > 0 => {
                OnDisk::Unopened { dir: dir.to_path_buf(), bytes: limits.disk_bytes }
            }
            _ => OnDisk::None,
        };
        Self {
            memory: Memory::new(limits.memory_bytes),
            disk: Mutex::new(disk),
            memory_hits: AtomicU64::new(0),
            disk_hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, key: &Key, dimensions: usize) -> Option<Arc<[f32]>> {
        if let Some(vector) = self.memory.get(key).filter(|vector| vector.len() == dimensions) {
            self.memory_hits.fetch_add(1, Ordering::Relaxed);
            return Some(vector);
        }
        let found = self.disk().and_then(|disk| disk.get(key)).filter(|vector| vector.len() == dimensions);
        match found {
            Some(vector) => {
                self.disk_hits.fetch_add(1, Ordering::Relaxed);
                let vector: Arc<[f32]> = vector.into();
                self.memory.put(*key, vector.clone());
                Some(vector)
            }
            None => {
                self.misses.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    pub(crate) fn put(&self, key: Key, vector: &Arc<[f32]>) {
        self.memory.put(key, vector.clone());
        if let Some(disk) = self.disk() {
            disk.put(&key, vector);
        }
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        CacheCounts {
            memory_hits: self.memory_hits.load(Ordering::Relaxed),
            disk_hits: self.disk_hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    fn disk(&self) -> Option<Arc<Disk>> {
        let mut disk = self.disk.lock();
        if let OnDisk::Unopened { dir, bytes } = &*disk {
            let opened = Disk::open(dir, *bytes);
            *disk = opened.map_or(OnDisk::None, |opened| OnDisk::Open(Arc::new(opened)));
        }
        match &*disk {
            OnDisk::Open(disk) => Some(disk.clone()),
            OnDisk::None | OnDisk::Unopened { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(element: f32) -> Arc<[f32]> {
        vec![element; 4].into()
    }

    #[test]
    fn what_was_put_comes_back_from_memory_and_after_reopening_from_disk() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("embeddings");
        let key = Key::of("m", "p", "t");
        let cache = Cache::new(CacheLimits::default(), Some(&folder));
        assert!(cache.get(&key, 4).is_none());
        cache.put(key, &vector(0.5));
        assert_eq!(cache.get(&key, 4).unwrap(), vector(0.5));
        assert!(cache.get(&key, 3).is_none(), "of another length");
        drop(cache);
        let cache = Cache::new(CacheLimits::default(), Some(&folder));
        assert_eq!(cache.get(&key, 4).unwrap(), vector(0.5));
        assert_eq!(cache.get(&key, 4).unwrap(), vector(0.5));
        assert_eq!(cache.counts(), CacheCounts { memory_hits: 1, disk_hits: 1, misses: 0 });
    }

    #[test]
    fn a_cache_without_bytes_keeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("embeddings");
        let cache = Cache::new(CacheLimits { memory_bytes: 0, disk_bytes: 0 }, Some(&folder));
        let key = Key::of("m", "p", "t");
        cache.put(key, &vector(0.5));
        assert!(cache.get(&key, 4).is_none());
        assert!(!folder.exists());
    }

    #[test]
    fn a_damaged_folder_costs_what_is_in_it_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("embeddings");
        let key = Key::of("m", "p", "t");
        let cache = Cache::new(CacheLimits::default(), Some(&folder));
        cache.put(key, &vector(0.5));
        drop(cache);
        let mut damaged = 0;
        let mut folders = vec![folder.clone()];
        while let Some(at) = folders.pop() {
            for entry in std::fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    std::fs::write(&path, b"no database at all").unwrap();
                    damaged += 1;
                }
            }
        }
        assert!(damaged > 0);
        let cache = Cache::new(CacheLimits { memory_bytes: 0, ..CacheLimits::default() }, Some(&folder));
        assert!(cache.get(&key, 4).is_none());
        cache.put(key, &vector(0.25));
        assert_eq!(cache.get(&key, 4).unwrap(), vector(0.25));
    }

    #[test]
    fn a_folder_that_cannot_be_is_done_without() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("embeddings");
        std::fs::write(&folder, "a file in its place").unwrap();
        let cache = Cache::new(CacheLimits::default(), Some(&folder));
        let key = Key::of("m", "p", "t");
        cache.put(key, &vector(0.5));
        assert_eq!(cache.get(&key, 4).unwrap(), vector(0.5), "in memory");
    }
}
