//! How long work tells how far it is: loads and index builds.

/// A part of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Rows read from the file.
    Reading,
    /// Rows whose generated columns (embeddings) were computed and written.
    Embedding,
    /// Rows that an index holds.
    Indexing,
}

/// Is told how far a load or an index build is. Called often: return quickly.
pub trait Progress: Send + Sync {
    /// A phase begins; `total` rows, where that is known.
    fn begin(&self, phase: Phase, total: Option<u64>);
    /// So many rows of the phase are done.
    fn set(&self, phase: Phase, done: u64);
    /// The phase is over.
    fn end(&self, phase: Phase);
}

/// Tells nobody.
#[derive(Debug, Default)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn begin(&self, _phase: Phase, _total: Option<u64>) {}
    fn set(&self, _phase: Phase, _done: u64) {}
    fn end(&self, _phase: Phase) {}
}
