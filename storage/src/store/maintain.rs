//! What a store does in the background when it is asked to: whatever is due, and nothing else.
//!
//! Whose thread that is, and when it asks, is for the layers above. Invariant: a failure with one table is no reason to
//! leave the others.

use std::sync::atomic::Ordering;

use super::{Effort, Inner};
use crate::{Error, Result};

impl Inner {
    pub(super) fn maintain(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        let mut first = None;
        self.trim_leftovers()?;
        for (name, table) in &self.snapshot.load_full().tables {
            if !continues() {
                return Err(Error::Cancelled);
            }
            let outcome = self.maintain_table(name, table, continues);
            match outcome {
                // Dropped meanwhile.
                Ok(()) | Err(Error::NoSuchTable { .. }) => {}
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Trims what a crash or a failure left, once.
    fn trim_leftovers(&self) -> Result<()> {
        if !self.untrimmed.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let snapshot = self.snapshot.load_full();
        let trimmed = snapshot.tables().try_for_each(|table| self.trim(table.definition().id));
        if trimmed.is_err() {
            self.untrimmed.store(true, Ordering::Relaxed);
        }
        trimmed
    }

    fn maintain_table(&self, name: &str, table: &crate::Table, continues: &dyn Fn() -> bool) -> Result<()> {
        if self.checkpoint_policy.is_due(table.unsealed_rows(), table.journal()) {
            self.checkpoint(name)?;
        }
        let current = self.snapshot.load();
        if current.table(name).is_some_and(|table| self.is_compaction_due(table)) {
            self.compact(name, Effort::AsDue, continues)?;
        }
        Ok(())
    }
}
