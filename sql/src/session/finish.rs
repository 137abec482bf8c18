//! What is left to do when a statement's rows come after it has begun: the end of `COPY FROM STDIN`.
//!
//! It stands for the statement while that runs. Invariant: dropped before its end, it leaves the
//! session's block failed, as a statement does that fails.

use std::sync::Arc;

use muster_storage::Changes;

use super::block::BlockCell;
use super::{CommitPoint, Live, Session, StatementContext, blocking};
use crate::catalog::SearchPath;
use crate::privileges::disclosure::{Given, told};
use crate::statement::on_commit;
use crate::{Database, Error, Result, foreign_key};

/// See the module.
pub(crate) struct Finish {
    database: Database,
    /// What the statement reads.
    context: Arc<StatementContext>,
    cell: BlockCell,
    /// The block that it belongs to.
    block: Option<u64>,
    point: CommitPoint,
    live: Arc<Live>,
    path: SearchPath,
    /// What the rows give.
    given: Given,
    done: bool,
}

impl Finish {
    pub(super) fn new(session: &Session, context: &Arc<StatementContext>, given: Given) -> Self {
        Self {
            database: session.database.clone(),
            context: context.clone(),
            cell: session.live.block.clone(),
            block: context.block,
            point: session.commit_point(),
            live: session.live.clone(),
            path: context.settings.path.clone(),
            given,
            done: false,
        }
    }

    /// The error as who runs the statement is told it.
    pub(crate) fn told(&self, error: Error) -> Error {
        told(error, &self.context, Some(self.given.clone()))
    }

    /// Does the work and makes the changes that it gives part of the session's transaction, or durable when it is in
    /// none.
    ///
    /// # Errors
    /// What the work and storage give.
    pub(crate) async fn apply(
        mut self,
        work: impl FnOnce() -> Result<Option<Changes>> + Send + 'static,
    ) -> Result<()> {
        let (cell, context, block) = (self.cell.clone(), self.context.clone(), self.block);
        let (store, point) = (self.database.shared().store.clone(), self.point.clone());
        let (live, path) = (self.live.clone(), self.path.clone());
        blocking(move || {
            // The work itself may commit: a bulk load does.
            let _committing = block.is_none().then(|| point.pass()).transpose()?;
            let Some(changes) = work()?.filter(|changes| !changes.is_empty()) else { return Ok(()) };
            let deferral = block.map(|block| cell.deferral(block));
            let changes = foreign_key::enforce(&context, changes, Vec::new(), deferral.as_ref())?;
            let base = context.snapshot.clone();
            match block {
                Some(block) => cell.apply(block, &base, changes),
                None => {
                    // What has committed must not be told as failed.
                    live.check_room()?;
                    store.commit(changes.over(base))?;
                    live.send();
                    let snapshot = store.snapshot();
                    let ended = on_commit::changes(&snapshot, &path)?;
                    if !ended.is_empty() {
                        store.commit(ended.over(snapshot))?;
                    }
                    Ok(())
                }
            }
        })
        .await
        .map_err(|error| self.told(error))?;
        self.done = true;
        if self.block.is_none() {
            self.database.wake_worker();
        }
        Ok(())
    }
}

impl Drop for Finish {
    fn drop(&mut self) {
        if let Some(block) = self.block.filter(|_| !self.done) {
            self.cell.fail(block);
        }
    }
}
