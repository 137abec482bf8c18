//! One sled database of vectors, from its making to its end.
//!
//! sled can panic on a damaged file; that ends the generation and nothing else. Invariant: what comes out is what went
//! in, or nothing: each value carries a checksum.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use twox_hash::XxHash3_64;

use super::Key;

/// sled's own cache: small, for there is one in memory above it.
const CACHE_BYTES: u64 = 16 << 20;
/// How often, and after which wait, it is opened again when its lock is held.
const LOCKED_TRIES: u32 = 50;
const LOCKED_WAIT: Duration = Duration::from_millis(20);
const CHECKSUM: usize = size_of::<u64>();

/// See the module.
#[derive(Debug)]
pub(super) struct Generation {
    db: sled::Db,
    dir: PathBuf,
    /// Set once sled has failed: it is not asked again.
    failed: AtomicBool,
}

impl Generation {
    /// Opens it, made when it is not there.
    ///
    /// # Errors
    /// What sled said.
    pub(super) fn open(dir: &Path) -> Result<Self, String> {
        let open = || sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).open();
        let mut db = guarded(open);
        // Threads of a database that was closed a moment ago may still hold its lock.
        for _ in 0..LOCKED_TRIES {
            if !db.as_ref().is_err_and(|error| error.contains("acquire lock")) {
                break;
            }
            std::thread::sleep(LOCKED_WAIT);
            db = guarded(open);
        }
        let db = db?;
        Ok(Self { db, dir: dir.to_path_buf(), failed: AtomicBool::new(false) })
    }

    pub(super) fn get(&self, key: &Key) -> Option<Vec<f32>> {
        let value = self.ask(|| self.db.get(key.bytes()))??;
        let vector = decode(&value);
        if vector.is_none() {
            tracing::warn!(path = %self.dir.display(), "a cached embedding is damaged and not used");
        }
        vector
    }

    pub(super) fn put(&self, key: &Key, vector: &[f32]) {
        self.ask(|| self.db.insert(key.bytes(), encode(vector)));
    }

    /// Bytes of its files.
    pub(super) fn bytes(&self) -> u64 {
        self.ask(|| self.db.size_on_disk()).unwrap_or(0)
    }

    /// Ends it and removes its files.
    pub(super) fn remove(self) {
        let Self { db, dir, .. } = self;
        // Its threads write up to here; a panic of theirs must not be ours.
        let close = || {
            drop(db);
            Ok(())
        };
        if guarded(close).is_err() {
            tracing::warn!(path = %dir.display(), "the embedding cache did not close");
        }
        remove(&dir);
    }

    fn ask<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Option<T> {
        if self.failed.load(Ordering::Relaxed) {
            return None;
        }
        guarded(work)
            .inspect_err(|error| {
                self.failed.store(true, Ordering::Relaxed);
                tracing::warn!(path = %self.dir.display(), error, "the embedding cache on disk is not used any more");
            })
            .ok()
    }
}

/// Removes a folder that may not be there; what cannot be removed is left.
pub(super) fn remove(dir: &Path) {
    if let Err(error) = std::fs::remove_dir_all(dir)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %dir.display(), %error, "a folder of the embedding cache cannot be removed");
    }
}

fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("sled panicked".to_string()),
    }
}

fn encode(vector: &[f32]) -> Vec<u8> {
    let mut value = Vec::with_capacity(CHECKSUM + size_of_val(vector));
    value.extend_from_slice(&[0; CHECKSUM]);
    value.extend(vector.iter().flat_map(|element| element.to_le_bytes()));
    let sum = value.get(CHECKSUM..).map_or(0, XxHash3_64::oneshot);
    if let Some(place) = value.get_mut(..CHECKSUM) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    value
}

fn decode(value: &[u8]) -> Option<Vec<f32>> {
    let (sum, elements) = value.split_first_chunk::<CHECKSUM>()?;
    if u64::from_le_bytes(*sum) != XxHash3_64::oneshot(elements) {
        return None;
    }
    let (elements, rest) = elements.as_chunks::<4>();
    rest.is_empty().then(|| elements.iter().map(|element| f32::from_le_bytes(*element)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_noticed() {
        let value = encode(&[1.0, -0.0, f32::MIN_POSITIVE]);
        assert_eq!(decode(&value).unwrap(), [1.0, -0.0, f32::MIN_POSITIVE]);
        for position in 0..value.len() {
            let mut damaged = value.clone();
            damaged[position] ^= 1;
            assert_eq!(decode(&damaged), None, "byte {position}");
        }
        assert_eq!(decode(&value[..value.len() - 1]), None);
        assert_eq!(decode(&[]), None);
    }
}
