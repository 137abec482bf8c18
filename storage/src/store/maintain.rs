//! What a store does in the background when it is asked to: whatever is due, and nothing else.
//!
//! Whose thread that is, and when it asks, is for the layers above. Invariant: a failure with one table is no reason to
//! leave the others.

use std::sync::atomic::Ordering;

use super::{Effort, Inner};
use crate::{Error, Result};

impl Inner {
    pub(super) fn seal_due(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        self.trim_leftovers()?;
        self.each_table(continues, |name, table| {
            if self.checkpoint_policy.is_due(table.unsealed_rows(), table.journal()) {
                self.checkpoint(name)?;
            }
            Ok(())
        })
    }

    pub(super) fn compact_due(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        self.each_table(continues, |name, table| {
            if self.is_compaction_due(table) {
                self.compact(name, Effort::AsDue, continues)?;
            }
            Ok(())
        })
    }

    fn each_table(
        &self,
        continues: &dyn Fn() -> bool,
        work: impl Fn(&str, &crate::Table) -> Result<()>,
    ) -> Result<()> {
        let mut first = None;
        for (name, table) in &self.snapshot.load_full().tables {
            if !continues() {
                return Err(Error::Cancelled);
            }
            match work(name, table) {
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
        let trimmed = snapshot.all_tables().try_for_each(|table| self.trim(table.definition().id));
        if trimmed.is_err() {
            self.untrimmed.store(true, Ordering::Relaxed);
        }
        trimmed
    }
}
