//! What is left to do when a statement's rows came after it had begun: the end of `COPY FROM STDIN`.

use std::sync::Arc;

use muster_storage::Changes;

use super::block::BlockCell;
use super::{Session, StatementContext, blocking};
use crate::{Database, Result};

/// See the module.
pub(crate) struct Finish {
    database: Database,
    context: Arc<StatementContext>,
    block: BlockCell,
}

impl Finish {
    pub(super) fn new(session: &Session, context: Arc<StatementContext>) -> Self {
        Self { database: session.database.clone(), context, block: session.block.clone() }
    }

    /// Does the work and makes the changes that it gives durable, or part of the transaction that the statement began in.
    ///
    /// # Errors
    /// What the work and storage give.
    pub(crate) async fn apply(
        &self,
        work: impl FnOnce() -> Result<Option<Changes>> + Send + 'static,
    ) -> Result<()> {
        let (context, cell) = (self.context.clone(), self.block.clone());
        blocking(move || {
            let Some(changes) = work()?.filter(|changes| !changes.is_empty()) else { return Ok(()) };
            let base = context.snapshot.clone();
            match context.block {
                Some(block) => cell.apply(block, &base, changes),
                None => {
                    context.database.store.commit(changes.over(base))?;
                    Ok(())
                }
            }
        })
        .await?;
        self.database.wake_worker();
        Ok(())
    }
}
