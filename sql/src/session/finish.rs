//! What is left to do when a statement's rows came after it had begun: the end of `COPY FROM STDIN`.

use muster_storage::Changes;

use super::blocking;
use crate::{Database, Result};

/// See the module.
pub(crate) struct Finish {
    database: Database,
}

impl Finish {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Does the work and makes the changes that it gives durable, or part of the session's transaction.
    ///
    /// # Errors
    /// What the work and storage give.
    pub(crate) async fn apply(
        &self,
        work: impl FnOnce() -> Result<Option<Changes>> + Send + 'static,
    ) -> Result<()> {
        let store = self.database.shared().store.clone();
        blocking(move || {
            if let Some(changes) = work()?
                && !changes.is_empty()
            {
                store.commit(changes)?;
            }
            Ok(())
        })
        .await?;
        self.database.wake_worker();
        Ok(())
    }
}
