//! A backend around another that fails when it is told to, for tests of this crate and of those above.
//!
//! It counts the operations that change a disk. Invariant: without a fault set it behaves as the backend inside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Backend, BackendFile, LockGuard};

/// An operation that changes a disk, and so can fail or be cut off by a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A file was made.
    Create,
    /// Bytes were written.
    Write,
    /// A length was set.
    SetLen,
    /// A file was synced.
    Sync,
    /// A folder was synced.
    SyncFolder,
    /// A file got another name.
    Rename,
    /// A file got a second name.
    Link,
    /// A file was removed.
    Remove,
}

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// That one operation fails with this kind; those after it work.
    Once(io::ErrorKind),
    /// That operation and all after it fail with this kind, until [`FaultyBackend::heal`].
    From(io::ErrorKind),
    /// The disk freezes: that operation and all after it fail, and nothing changes any more.
    Freeze,
}

/// A backend that fails on command.
#[derive(Clone, Debug)]
pub struct FaultyBackend {
    inner: Arc<dyn Backend>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    log: Vec<Operation>,
    fault: Option<(usize, Fault)>,
}

impl FaultyBackend {
    /// Wraps a backend.
    pub fn new(inner: Arc<dyn Backend>) -> Self {
        Self { inner, plan: Arc::default() }
    }

    /// Sets the fault for the operation with this number, counted from 0 since the backend was made.
    pub fn fail_at(&self, operation: usize, fault: Fault) {
        self.plan.lock().fault = Some((operation, fault));
    }

    /// Sets the fault for the next operation.
    pub fn fail_next(&self, fault: Fault) {
        let mut plan = self.plan.lock();
        plan.fault = Some((plan.log.len(), fault));
    }

    /// Takes the fault away.
    pub fn heal(&self) {
        self.plan.lock().fault = None;
    }

    /// The operations so far, in order.
    pub fn operations(&self) -> Vec<Operation> {
        self.plan.lock().log.clone()
    }
}

/// Counts the operation; an error when it is to fail.
fn step(plan: &Mutex<Plan>, operation: Operation) -> io::Result<()> {
    let mut plan = plan.lock();
    let number = plan.log.len();
    plan.log.push(operation);
    match plan.fault {
        Some((at, Fault::Once(kind))) if at == number => Err(kind.into()),
        Some((at, Fault::From(kind))) if number >= at => Err(kind.into()),
        Some((at, Fault::Freeze)) if number >= at => Err(io::Error::other("the disk is frozen")),
        _ => Ok(()),
    }
}

impl Backend for FaultyBackend {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.create_folder(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        let inner = self.inner.open(path)?;
        Ok(Arc::new(FaultyFile { inner, plan: self.plan.clone() }))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        step(&self.plan, Operation::Create)?;
        let inner = self.inner.create(path)?;
        Ok(Arc::new(FaultyFile { inner, plan: self.plan.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        step(&self.plan, Operation::Rename)?;
        self.inner.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        step(&self.plan, Operation::Link)?;
        self.inner.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        step(&self.plan, Operation::Remove)?;
        self.inner.remove(path)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.inner.exists(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.inner.list(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        step(&self.plan, Operation::SyncFolder)?;
        self.inner.sync_folder(folder)
    }

    fn map(&self, path: &Path) -> io::Result<Bytes> {
        self.inner.map(path)
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Option<LockGuard>> {
        self.inner.lock(path, holder)
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Arc<dyn BackendFile>,
    plan: Arc<Mutex<Plan>>,
}

impl BackendFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        step(&self.plan, Operation::Write)?;
        self.inner.write_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        step(&self.plan, Operation::SetLen)?;
        self.inner.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        step(&self.plan, Operation::Sync)?;
        self.inner.sync()
    }
}
