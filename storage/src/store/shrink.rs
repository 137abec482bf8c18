//! Gives back the space of a journal that was once large.
//!
//! redb keeps free pages for later; after a flood of commits the file would stay as large as the flood. Invariant: the
//! new file is written whole beside the old one and takes its name in one step, as after a failure (`recover`).

use super::activity::count;
use super::{Inner, edits};
use crate::journal::Edit;
use crate::{Result, Snapshot};

/// A file this small is left as it is.
const LEAVE: u64 = 32 << 20;

/// A file is written anew when it is this many times larger than what is in it ...
const TIMES: u64 = 8;

/// ... and what is in it is at most this much, because commits wait meanwhile.
const MOST: u64 = 2 << 20;

impl Inner {
    /// Writes the journal anew if its file is much larger than what is in it.
    pub(super) fn shrink_journal(&self) -> Result<()> {
        let is_worth_it = |file: u64, values: u64| file >= LEAVE && values <= MOST && file / TIMES >= values;
        {
            let writer = self.lock_writer();
            // After a failure there is nothing to measure; the next commit sees to it.
            let fine = writer.failure.is_none();
            if !fine || !is_worth_it(writer.journal.file_bytes()?, writer.journal.extent().entry_bytes()) {
                return Ok(());
            }
        }
        let values: u64 =
            edits::whole(&mut Snapshot::clone(&self.snapshot.load()))?.iter().map(Edit::size).sum();
        let mut writer = self.lock_writer();
        self.make_writable(&mut writer)?;
        let entries = writer.journal.extent().entry_bytes();
        if !is_worth_it(writer.journal.file_bytes()?, values.max(entries)) {
            return Ok(());
        }
        match self.rewrite() {
            // The old journal is closed when it is replaced; its file has no name any more.
            Ok(journal) => {
                let old = std::mem::replace(&mut writer.journal, journal);
                drop(writer);
                // The system takes its time to free a large file.
                drop(old);
                count(&self.counts.journal_rewrites, 1);
                Ok(())
            }
            Err(error) => {
                // Whether the old file or the new one has the name now is found out before anything else is written.
                writer.failure = Some(error.clone());
                if let Err(recovery) = self.make_writable(&mut writer) {
                    tracing::warn!(
                        "rewriting the journal failed ({error}), and so did the recovery: {recovery}"
                    );
                }
                Err(error)
            }
        }
    }
}
