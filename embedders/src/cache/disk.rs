//! Vectors on disk, in two generations: what is put goes to the younger; when that is full, the older goes away and a
//! new one begins. What is found in the older is put again.
//!
//! Invariant: the two take about as many bytes as they may; what is asked for now and then stays.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::Key;
use super::generation::{Generation, remove};

/// Vectors after which the size of the files is looked at.
const LOOK_AFTER: u64 = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Disk {
    dir: PathBuf,
    /// Bytes of one generation.
    limit: u64,
    generations: RwLock<Generations>,
    /// Vectors that were put.
    puts: AtomicU64,
}

#[derive(Debug)]
struct Generations {
    number: u64,
    younger: Option<Generation>,
    older: Option<Generation>,
}

impl Disk {
    /// Opens the folder, made when it is not there. What does not open is removed; `None` where that does not help.
    pub(super) fn open(dir: &Path, bytes: u64) -> Option<Self> {
        if let Err(error) = std::fs::create_dir_all(dir) {
            tracing::warn!(path = %dir.display(), %error, "no embedding cache on disk: its folder cannot be made");
            return None;
        }
        let mut numbers = numbers(dir);
        let mut open = || {
            let number = numbers.pop()?;
            let path = path(dir, number);
            match Generation::open(&path) {
                Ok(generation) => Some((number, Some(generation))),
                Err(error) => {
                    tracing::warn!(path = %path.display(), error, "a damaged part of the embedding cache is removed");
                    remove(&path);
                    Some((number, None))
                }
            }
        };
        let (number, younger) = open().unwrap_or((0, None));
        let older = open().and_then(|(_, older)| older);
        for number in numbers {
            remove(&path(dir, number));
        }
        let mut generations = Generations { number, younger, older };
        if generations.younger.is_none() {
            generations.begin(dir);
        }
        generations.younger.as_ref()?;
        let limit = (bytes / 2).max(1);
        Some(Self {
            dir: dir.to_path_buf(),
            limit,
            generations: RwLock::new(generations),
            puts: AtomicU64::new(0),
        })
    }

    pub(super) fn get(&self, key: &Key) -> Option<Vec<f32>> {
        let found = {
            let generations = self.generations.read();
            if let Some(found) = generations.younger.as_ref().and_then(|younger| younger.get(key)) {
                return Some(found);
            }
            generations.older.as_ref().and_then(|older| older.get(key))
        }?;
        self.put(key, &found);
        Some(found)
    }

    pub(super) fn put(&self, key: &Key, vector: &[f32]) {
        let full = {
            let generations = self.generations.read();
            let Some(younger) = &generations.younger else { return };
            younger.put(key, vector);
            let puts = self.puts.fetch_add(1, Ordering::Relaxed) + 1;
            puts.is_multiple_of(LOOK_AFTER) && younger.bytes() > self.limit
        };
        if full {
            let mut generations = self.generations.write();
            // Somebody may have been faster.
            if generations.younger.as_ref().is_some_and(|younger| younger.bytes() > self.limit) {
                generations.begin(&self.dir);
            }
        }
    }
}

impl Generations {
    /// Begins a new generation: the younger is the older from now on.
    fn begin(&mut self, dir: &Path) {
        if let Some(younger) = self.younger.take()
            && let Some(oldest) = self.older.replace(younger)
        {
            oldest.remove();
        }
        self.number += 1;
        let path = path(dir, self.number);
        self.younger = Generation::open(&path)
            .inspect_err(|error| {
                tracing::warn!(path = %path.display(), error, "the embedding cache on disk takes nothing more");
            })
            .ok();
    }
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(number.to_string())
}

/// The generations that there are, oldest first.
fn numbers(dir: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut numbers: Vec<u64> =
        entries.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok())).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(dir: &Path) -> u64 {
        let mut sum = 0;
        let mut folders = vec![dir.to_path_buf()];
        while let Some(at) = folders.pop() {
            for entry in std::fs::read_dir(at).unwrap() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() { folders.push(entry.path()) } else { sum += metadata.len() }
            }
        }
        sum
    }

    #[test]
    fn it_stays_within_its_bytes_and_keeps_what_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let limit = 8 << 20;
        let disk = Disk::open(dir.path(), limit).unwrap();
        let key = |number: u32| Key::of("m", "", &number.to_string());
        let vector = |number: u32| -> Vec<f32> { (0..768).map(|at| (number * 1000 + at) as f32).collect() };
        let wanted = key(0);
        disk.put(&wanted, &vector(0));
        // Four times what may be there.
        for number in 1..12_000 {
            disk.put(&key(number), &vector(number));
            if number % 500 == 0 {
                assert_eq!(disk.get(&wanted).unwrap(), vector(0), "after {number}");
            }
        }
        assert!(disk.get(&key(1)).is_none(), "what nobody asks for goes");
        assert_eq!(disk.get(&key(11_999)).unwrap(), vector(11_999));
        drop(disk);
        assert!(bytes(dir.path()) < limit * 2, "{} bytes", bytes(dir.path()));
        let disk = Disk::open(dir.path(), limit).unwrap();
        assert_eq!(disk.get(&wanted).unwrap(), vector(0));
        assert!(numbers(dir.path()).len() <= 2);
    }
}
