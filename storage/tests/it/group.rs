//! Group commit: commits that wait for an fsync share the next one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use muster_storage::{Backend, BackendFile, Changes, LockGuard, MemoryBackend, Options, Store};

use crate::rows::{content, primary_key, read, rows, schema};

/// A backend whose syncs wait, once told to, until all committers have come.
#[derive(Clone, Debug, Default)]
struct SlowSync {
    inner: MemoryBackend,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    armed: AtomicBool,
    committers: AtomicUsize,
    syncs: AtomicUsize,
}

const COMMITTERS: usize = 8;

#[derive(Debug)]
struct SlowFile(Arc<dyn BackendFile>, Arc<Gate>);

impl Backend for SlowSync {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.create_folder(path)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        Ok(Arc::new(SlowFile(self.inner.open(path)?, self.gate.clone())))
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn BackendFile>> {
        Ok(Arc::new(SlowFile(self.inner.create(path)?, self.gate.clone())))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.link(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.inner.exists(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.inner.list(folder)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner.sync_folder(folder)
    }
    fn map(&self, path: &Path) -> io::Result<Bytes> {
        self.inner.map(path)
    }
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Option<LockGuard>> {
        self.inner.lock(path, holder)
    }
}

impl BackendFile for SlowFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        if self.1.armed.load(Ordering::SeqCst) {
            self.1.syncs.fetch_add(1, Ordering::SeqCst);
            while self.1.committers.load(Ordering::SeqCst) < COMMITTERS {
                std::thread::yield_now();
            }
            // A committer counts itself a moment before it stands in the queue.
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        self.0.sync()
    }
}

#[test]
fn commits_that_wait_share_one_sync_and_fail_alone() {
    let backend = SlowSync::default();
    let options = Options { backend: Arc::new(backend.clone()), ..Options::default() };
    let store = Store::open_with("/db", options).unwrap();
    let create = Changes::new().create_table("t", schema(), primary_key(), Default::default());
    store.commit(create.put("t", rows([1000], 0))).unwrap();
    backend.gate.armed.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        for id in 0..COMMITTERS as i64 {
            let (store, gate) = (&store, &backend.gate);
            scope.spawn(move || {
                gate.committers.fetch_add(1, Ordering::SeqCst);
                // The last one's key is taken: it fails, and nobody with it.
                let taken = id + 1 == COMMITTERS as i64;
                let committed =
                    store.commit(Changes::new().put("t", rows([if taken { 1000 } else { id }], 0)));
                assert_eq!(committed.is_err(), taken);
            });
        }
    });
    let syncs = backend.gate.syncs.load(Ordering::SeqCst);
    assert!(syncs < COMMITTERS / 2, "{syncs} syncs for {COMMITTERS} commits");
    let expected = content((0..COMMITTERS as i64 - 1).chain([1000]), 0);
    assert_eq!(read(&store.snapshot()).unwrap(), expected);
}
