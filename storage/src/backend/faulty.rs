//! A backend around another that fails when it is told to, for tests of this crate and of those above.
//!
//! It counts the operations that change a disk, and those that read it, each from 0. Invariant: without a fault set it
//! behaves as the backend inside.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Backend, BackendFile, LockGuard, MemoryBackend};

/// What is asked of a disk, and so can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A folder was made.
    CreateFolder,
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
    /// A file got another name; its path is that name.
    Rename,
    /// A file got a second name; its path is that name.
    Link,
    /// A file was removed.
    Remove,
    /// A file was opened.
    Open,
    /// Bytes were read, or a length was.
    Read,
    /// A file was mapped.
    Map,
    /// A folder was listed.
    List,
    /// A name was looked for.
    Exists,
}

impl Operation {
    /// Whether it leaves the disk as it is.
    pub fn is_read(self) -> bool {
        use Operation::{Exists, List, Map, Open, Read};
        matches!(self, Open | Read | Map | List | Exists)
    }
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
    /// That one read ends early: a file looks as if it had half of its bytes. Other operations fail with
    /// [`io::ErrorKind::UnexpectedEof`].
    Short,
}

/// A backend that fails on command.
#[derive(Clone, Debug)]
pub struct FaultyBackend {
    inner: Arc<dyn Backend>,
    /// The backend inside, when it is one that can forget what a failed sync left unwritten.
    memory: Option<MemoryBackend>,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    changes: Vec<(Operation, PathBuf)>,
    reads: usize,
    fault: Option<(usize, Fault)>,
    read_fault: Option<(usize, Fault)>,
    failed: Vec<(Operation, PathBuf)>,
    watcher: Option<Watcher>,
}

type Watcher = Arc<dyn Fn(usize, Operation, &Path) + Send + Sync>;

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("fault", &self.fault).field("read_fault", &self.read_fault).finish()
    }
}

impl FaultyBackend {
    /// Wraps a backend.
    pub fn new(inner: Arc<dyn Backend>) -> Self {
        Self { inner, memory: None, plan: Arc::default() }
    }

    /// Wraps files in memory. A sync that fails then leaves what it was to write visible and never durable, as a kernel
    /// does that drops pages which it could not write.
    pub fn over(memory: &MemoryBackend) -> Self {
        Self { memory: Some(memory.clone()), ..Self::new(Arc::new(memory.clone())) }
    }

    /// Sets the fault for the change with this number, counted from 0 since the backend was made.
    pub fn fail_at(&self, operation: usize, fault: Fault) {
        self.plan.lock().fault = Some((operation, fault));
    }

    /// Sets the fault for the next change.
    pub fn fail_next(&self, fault: Fault) {
        let mut plan = self.plan.lock();
        plan.fault = Some((plan.changes.len(), fault));
    }

    /// Sets the fault for the read with this number, counted from 0 since the backend was made.
    pub fn fail_read_at(&self, read: usize, fault: Fault) {
        self.plan.lock().read_fault = Some((read, fault));
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        let mut plan = self.plan.lock();
        plan.fault = None;
        plan.read_fault = None;
    }

    /// The changes so far, in order.
    pub fn operations(&self) -> Vec<(Operation, PathBuf)> {
        self.plan.lock().changes.clone()
    }

    /// How many changes there were so far.
    pub fn changes(&self) -> usize {
        self.plan.lock().changes.len()
    }

    /// How many reads there were so far.
    pub fn reads(&self) -> usize {
        self.plan.lock().reads
    }

    /// The operations that were made to fail since this was last asked.
    pub fn take_failed(&self) -> Vec<(Operation, PathBuf)> {
        std::mem::take(&mut self.plan.lock().failed)
    }

    /// Has each change shown to `watcher`, with its number, before it is made. The disk is then as a power cut at that
    /// moment leaves it.
    pub fn watch(&self, watcher: impl Fn(usize, Operation, &Path) + Send + Sync + 'static) {
        self.plan.lock().watcher = Some(Arc::new(watcher));
    }

    /// A file that is there.
    fn file(&self, inner: Arc<dyn BackendFile>, path: &Path) -> Arc<dyn BackendFile> {
        let (plan, memory) = (self.plan.clone(), self.memory.clone());
        Arc::new(FaultyFile { inner, memory, plan, path: path.into() })
    }
}

/// Counts the operation; an error when it is to fail, `false` when it is to end early.
fn step(plan: &Mutex<Plan>, operation: Operation, path: &Path) -> io::Result<bool> {
    let (number, watcher) = {
        let mut plan = plan.lock();
        if operation.is_read() {
            plan.reads += 1;
            (plan.reads - 1, None)
        } else {
            plan.changes.push((operation, path.into()));
            (plan.changes.len() - 1, plan.watcher.clone())
        }
    };
    if let Some(watcher) = watcher {
        watcher(number, operation, path);
    }
    let mut plan = plan.lock();
    let fault = if operation.is_read() { plan.read_fault } else { plan.fault };
    let outcome = match fault {
        Some((at, Fault::Once(kind))) if at == number => Err(kind.into()),
        Some((at, Fault::From(kind))) if number >= at => Err(kind.into()),
        Some((at, Fault::Freeze)) if number >= at => Err(io::Error::other("the disk is frozen")),
        Some((at, Fault::Short)) if at == number => match operation {
            Operation::Map => Ok(false),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        },
        _ => return Ok(true),
    };
    plan.failed.push((operation, path.into()));
    outcome
}

impl Backend for FaultyBackend {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        step(&self.plan, Operation::CreateFolder, path)?;
        self.inner.create_folder(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        step(&self.plan, Operation::Open, path)?;
        Ok(self.file(self.inner.open(path)?, path))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        step(&self.plan, Operation::Create, path)?;
        Ok(self.file(self.inner.create(path)?, path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        step(&self.plan, Operation::Rename, to)?;
        self.inner.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        step(&self.plan, Operation::Link, to)?;
        self.inner.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        step(&self.plan, Operation::Remove, path)?;
        self.inner.remove(path)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        step(&self.plan, Operation::Exists, path)?;
        self.inner.exists(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        step(&self.plan, Operation::List, folder)?;
        self.inner.list(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        step(&self.plan, Operation::SyncFolder, folder)?;
        self.inner.sync_folder(folder)
    }

    fn map(&self, path: &Path) -> io::Result<Bytes> {
        let whole = step(&self.plan, Operation::Map, path)?;
        let bytes = self.inner.map(path)?;
        Ok(if whole { bytes } else { bytes.slice(..bytes.len() / 2) })
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Option<LockGuard>> {
        self.inner.lock(path, holder)
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Arc<dyn BackendFile>,
    memory: Option<MemoryBackend>,
    plan: Arc<Mutex<Plan>>,
    path: PathBuf,
}

impl BackendFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        step(&self.plan, Operation::Read, &self.path)?;
        self.inner.len()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        step(&self.plan, Operation::Read, &self.path)?;
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        step(&self.plan, Operation::Write, &self.path)?;
        self.inner.write_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        step(&self.plan, Operation::SetLen, &self.path)?;
        self.inner.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        let failed = step(&self.plan, Operation::Sync, &self.path);
        if let (Err(_), Some(memory)) = (&failed, &self.memory) {
            memory.forget_unsynced(&self.path);
        }
        failed?;
        self.inner.sync()
    }
}
