//! What a store does in the background when it is asked to: whatever is due, and nothing else.
//!
//! Whose thread that is, and when it asks, is for the layers above. Invariant: a failure with one table is no reason to
//! leave the others.

use super::{Effort, Inner};
use crate::{Error, Result};

impl Inner {
    pub(super) fn maintain(&self, continues: &dyn Fn() -> bool) -> Result<()> {
        let mut first = None;
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

    fn maintain_table(&self, name: &str, table: &crate::Table, continues: &dyn Fn() -> bool) -> Result<()> {
        if self.checkpoint_policy.is_due(table.unsealed_rows(), table.journal()) {
            self.checkpoint(name)?;
        } else {
            // What a crash left untrimmed.
            self.trim(table.definition().id)?;
        }
        let current = self.snapshot.load();
        if current.table(name).is_some_and(|table| self.is_compaction_due(table)) {
            self.compact(name, Effort::AsDue, continues)?;
        }
        Ok(())
    }
}
