//! After a failed commit: finds out what is durable, and takes up writing again if that is possible.
//!
//! Readers notice nothing: the snapshot in memory is the last one that was acknowledged, and it is the truth. Invariant:
//! a commit that was reported failed does not come to life, and none that was acknowledged is lost.

use std::sync::Arc;

use super::open::JOURNAL;
use super::{Inner, Writer, edits};
use crate::journal::{Journal, State};
use crate::{Error, Result, Snapshot};

impl Inner {
    /// Makes sure that the journal is as the snapshot says, after a failure by opening it anew.
    pub(super) fn make_writable(&self, writer: &mut Writer) -> Result<()> {
        let Some(failure) = writer.failure.clone() else {
            return Ok(());
        };
        let sync_failed = writer.journal.sync_failed();
        writer.journal.abandon();
        let recovered = match self.reopen(sync_failed) {
            Ok(Some(journal)) => Ok(journal),
            Ok(None) => self.rewrite(),
            Err(error) => Err(error),
        };
        match recovered {
            Ok(journal) => {
                tracing::warn!("writing goes on after a failure: {failure}");
                *writer = Writer { journal, failure: None };
                Ok(())
            }
            Err(error) => Err(Error::ReadOnly { reason: format!("{failure}; trying to go on: {error}") }),
        }
    }

    /// After an open that had to repair the journal: puts a new one in its place.
    ///
    /// The process before may have ended because a sync failed. The kernel then shows pages that never reached the disk,
    /// and no later sync writes them; a commit on top of those would not survive a power cut. Without space for a new
    /// journal the store can be read, and the next write tries again.
    pub(super) fn renew(&self) {
        let mut writer = self.lock_writer();
        if !writer.journal.was_repaired() {
            return;
        }
        writer.journal.distrust();
        writer.journal.abandon();
        match self.rewrite() {
            Ok(journal) => *writer = Writer { journal, failure: None },
            Err(error) => {
                tracing::warn!("the journal was repaired and could not be written anew: {error}");
                writer.failure = Some(error);
            }
        }
    }

    /// Opens the journal as it is; `None` when it does not hold exactly what was acknowledged.
    fn reopen(&self, sync_failed: bool) -> Result<Option<Journal>> {
        // After a failed sync the kernel may show pages that never reached the disk; nothing read back proves anything.
        if sync_failed {
            return Ok(None);
        }
        match Journal::open(self.folder.backend(), &self.dir.join(JOURNAL)) {
            Ok((journal, contents)) => {
                let acknowledged = contents.state.version == self.snapshot.load().version;
                Ok(acknowledged.then_some(journal))
            }
            Err(Error::Corrupt { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a new journal from the snapshot, and puts it in the place of the old one.
    pub(super) fn rewrite(&self) -> Result<Journal> {
        let mut snapshot = Snapshot::clone(&self.snapshot.load());
        let edits = edits::whole(&mut snapshot)?;
        let path = self.dir.join(JOURNAL);
        // One more, so that the new journal is told from the old one, whatever that holds.
        snapshot.version += 1;
        // A checkpoint that is under way knows entries by their old versions, and must not call the new ones sealed.
        for table in snapshot.tables.values_mut() {
            Arc::make_mut(table).set_rewritten(snapshot.version);
        }
        let state = State { version: snapshot.version, counters: snapshot.counters };
        Journal::create(self.folder.backend(), &path, state, &edits)?;
        let (journal, _) = Journal::open(self.folder.backend(), &path)?;
        self.snapshot.store(Arc::new(snapshot));
        Ok(journal)
    }
}
