//! Files in memory, for databases that end with their process and for tests that simulate a crash.
//!
//! It is the same contract as the disk, with names and bytes that are not synced kept apart from those that are when
//! it is made by [`MemoryBackend::crashable`]. Invariant: [`MemoryBackend::crashed`] sees exactly what a disk could
//! show after a power cut.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::memory_file::{Inode, next};
use super::{Backend, BackendFile, LockGuard};

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryBackend {
    state: Arc<Mutex<State>>,
    crashable: bool,
}

/// What becomes of writes that were not synced when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    /// None of them reached the disk.
    Lost,
    /// All of them did.
    Kept,
    /// Some did, some did not, and of some a part of the sectors, as the seed decides: for each write, each name and
    /// each folder by itself.
    Torn(u64),
}

#[derive(Debug, Default)]
struct State {
    folders: BTreeSet<PathBuf>,
    durable_folders: BTreeSet<PathBuf>,
    /// What a running process sees.
    names: BTreeMap<PathBuf, Arc<Inode>>,
    /// What is on the disk.
    durable_names: BTreeMap<PathBuf, Arc<Inode>>,
    locks: BTreeMap<PathBuf, std::sync::Weak<()>>,
}

impl MemoryBackend {
    /// An empty file system that forgets with the process.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty file system that can be crashed, at the price of keeping bytes twice.
    pub fn crashable() -> Self {
        Self { state: Arc::default(), crashable: true }
    }

    /// The file system as a machine finds it after a power cut at this moment; the original goes on unharmed.
    ///
    /// Names and folders that were not synced share the fate of bytes that were not.
    pub fn crashed(&self, unsynced: Unsynced) -> Self {
        let state = self.state.lock();
        let mut random = match unsynced {
            Unsynced::Torn(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            _ => 1,
        };
        let mut keeps_newer = || match unsynced {
            Unsynced::Lost => false,
            Unsynced::Kept => true,
            Unsynced::Torn(_) => next(&mut random).is_multiple_of(2),
        };
        let mut folders = BTreeSet::new();
        for folder in &state.folders {
            // Those above come first in the order of paths.
            let above = folder.parent().is_none_or(|above| is_root(above) || folders.contains(above));
            if above && (state.durable_folders.contains(folder) || keeps_newer()) {
                folders.insert(folder.clone());
            }
        }
        let mut names = BTreeMap::new();
        let paths: BTreeSet<&PathBuf> = state.names.keys().chain(state.durable_names.keys()).collect();
        for path in paths.into_iter().filter(|path| has_folder(&folders, path)) {
            let (newer, older) = (state.names.get(path), state.durable_names.get(path));
            let same = newer.map(Arc::as_ptr) == older.map(Arc::as_ptr);
            if let Some(inode) = if same || keeps_newer() { newer } else { older } {
                names.insert(path.clone(), inode);
            }
        }
        // A file with two names is one file afterwards, too.
        let mut copies: HashMap<*const Inode, Arc<Inode>> = HashMap::new();
        let mut after = BTreeMap::new();
        for (path, inode) in names {
            let copy = copies
                .entry(Arc::as_ptr(inode))
                .or_insert_with(|| Arc::new(inode.crashed(unsynced, &mut random)));
            after.insert(path, copy.clone());
        }
        let state = State {
            folders: folders.clone(),
            durable_folders: folders,
            names: after.clone(),
            durable_names: after,
            locks: BTreeMap::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), crashable: true }
    }

    /// What was written to a file and not synced stays visible, and no later sync writes it.
    pub(super) fn forget_unsynced(&self, path: &Path) {
        let state = self.state.lock();
        if let Some(inode) = state.names.get(path) {
            inode.forget_unsynced();
        }
    }
}

/// The top of the file system is always there.
fn is_root(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.parent().is_none()
}

/// Whether the folder that a name is in is there.
fn has_folder(folders: &BTreeSet<PathBuf>, path: &Path) -> bool {
    path.parent().is_none_or(|folder| is_root(folder) || folders.contains(folder))
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} is not there", path.display()))
}

impl Backend for MemoryBackend {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let folders = path.ancestors().filter(|path| !is_root(path)).map(Path::to_path_buf);
        state.folders.extend(folders);
        if !self.crashable {
            state.durable_folders = state.folders.clone();
        }
        Ok(())
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        let state = self.state.lock();
        let inode = state.names.get(path).ok_or_else(|| not_found(path))?;
        Ok(inode.clone())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        let inode = Arc::new(Inode::new(self.crashable));
        let mut state = self.state.lock();
        if !has_folder(&state.folders, path) {
            return Err(not_found(path));
        }
        state.names.insert(path.into(), inode.clone());
        Ok(inode)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        if !has_folder(&state.folders, to) {
            return Err(not_found(to));
        }
        let inode = state.names.remove(from).ok_or_else(|| not_found(from))?;
        state.names.insert(to.into(), inode);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let inode = state.names.get(from).cloned().ok_or_else(|| not_found(from))?;
        if !has_folder(&state.folders, to) {
            return Err(not_found(to));
        }
        if state.names.contains_key(to) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, to.display().to_string()));
        }
        state.names.insert(to.into(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.lock().names.remove(path).map(drop).ok_or_else(|| not_found(path))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let state = self.state.lock();
        Ok(state.names.contains_key(path) || is_root(path) || state.folders.contains(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state.lock();
        Ok(state.names.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if !self.crashable {
            return Ok(());
        }
        let mut state = self.state.lock();
        let inside = |path: &Path| path.parent() == Some(folder);
        state.durable_names.retain(|path, _| !inside(path));
        let names: Vec<_> = state.names.iter().filter(|(path, _)| inside(path)).collect();
        let names: Vec<_> = names.into_iter().map(|(path, inode)| (path.clone(), inode.clone())).collect();
        state.durable_names.extend(names);
        let folders: Vec<_> = state.folders.iter().filter(|path| inside(path)).cloned().collect();
        state.durable_folders.extend(folders);
        Ok(())
    }

    fn map(&self, path: &Path) -> io::Result<Bytes> {
        let state = self.state.lock();
        let inode = state.names.get(path).ok_or_else(|| not_found(path))?;
        Ok(inode.map())
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Option<LockGuard>> {
        let mut state = self.state.lock();
        if state.locks.get(path).is_some_and(|held| held.strong_count() > 0) {
            return Ok(None);
        }
        let guard = Arc::new(());
        state.locks.insert(path.into(), Arc::downgrade(&guard));
        state.names.insert(path.into(), Arc::new(Inode::holding(holder.as_bytes().to_vec())));
        Ok(Some(Box::new(guard)))
    }
}
