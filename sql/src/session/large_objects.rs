//! Large objects in a session's transaction: what functions in a running plan reach of it, and the block that a statement gets
//! that calls them outside of one.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use futures::stream::{self, StreamExt, TryStreamExt};
use muster_storage::{Changes, Snapshot};

use super::block::Block;
use super::run::{ATTEMPTS, attempt_once, context};
use super::settings::SERIALIZABLE;
use super::{Live, Planned, Prepared, Session};
use crate::large_object::{Descriptors, table_names};
use crate::outcome::{Outcome, Rows};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A block as functions of large objects see it.
pub(crate) struct Drafted {
    /// With all that it has changed so far.
    pub(crate) draft: Arc<Snapshot>,
    /// Without.
    pub(crate) base: Arc<Snapshot>,
}

impl Live {
    fn open_block<T>(&self, number: u64, work: impl FnOnce(&mut Block) -> Result<T>) -> Result<T> {
        self.block.with(|block| match block.as_mut().filter(|block| block.number() == number) {
            Some(block) => work(block),
            None => Err(Error::new(SqlState::QueryCanceled, "the transaction has ended meanwhile")),
        })
    }

    /// What block number `block` has made so far. A serializable one has read large objects from here on.
    pub(crate) fn drafted(&self, block: u64) -> Result<Drafted> {
        self.open_block(block, |block| {
            let base = block.transaction().base().clone();
            if block.modes.isolation == SERIALIZABLE {
                let tables = table_names().into_iter().filter_map(|name| base.table(name));
                block.reads.note_tables(tables.map(|table| table.definition().id));
            }
            Ok(Drafted { draft: block.transaction().snapshot().clone(), base })
        })
    }

    /// Makes changes of large objects part of block number `block`, while a statement runs that goes on with what it has
    /// read. They were worked out over `draft`.
    pub(crate) fn change_large_objects(
        &self,
        block: u64,
        draft: &Arc<Snapshot>,
        changes: Changes,
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        self.open_block(block, |block| block.apply_beside(draft, changes))
    }

    /// What block number `block` has opened.
    pub(crate) fn descriptors<T>(
        &self,
        block: u64,
        work: impl FnOnce(&mut Descriptors) -> Result<T>,
    ) -> Result<T> {
        self.open_block(block, |block| work(&mut block.descriptors))
    }
}

/// A block that one statement has: dropped before its end, it is rolled back.
struct OwnBlock<'a> {
    session: &'a Session,
}

impl Drop for OwnBlock<'_> {
    fn drop(&mut self) {
        let own = |block: &mut Option<Block>| block.take_if(|block| block.implicit);
        let live = &self.session.live;
        if let Some(block) = live.block.with(own) {
            live.sessions.counts.ended(false);
            live.cursors.rolled_back(block.number(), 0);
            live.change(|now| *now = block.settings.restored(now));
        }
    }
}

/// Runs a statement that writes large objects, or opens them, in a block of its own. Its rows are all there when the block has
/// committed.
pub(super) async fn run_alone(
    session: &Session,
    prepared: &Prepared,
    params: &[ScalarValue],
) -> Result<Outcome> {
    if let Planned::CopyTo { .. } = prepared.planned.as_ref() {
        return Err(Error::unsupported(
            "COPY of a query that writes or opens large objects, outside of a transaction block",
        ));
    }
    for attempt in 1..=ATTEMPTS {
        session.begin_implicit();
        let own = OwnBlock { session };
        let done = match whole(session, prepared, params).await {
            Ok(outcome) => session.end_implicit().await.map(|()| outcome),
            Err(error) => Err(error),
        };
        drop(own);
        match done {
            // As a statement that writes rows: it is not told that somebody came first.
            Err(Error::Storage(
                muster_storage::Error::Conflict { .. } | muster_storage::Error::ReadConflict { .. },
            )) if attempt < ATTEMPTS => session.live.discard(),
            done => return done,
        }
    }
    Err(Error::new(SqlState::SerializationFailure, "could not serialize access due to concurrent updates"))
}

/// Runs a statement and reads all that it gives.
async fn whole(session: &Session, prepared: &Prepared, params: &[ScalarValue]) -> Result<Outcome> {
    let mut outcome = attempt_once(session, context(session), prepared, params).await?;
    if let Some(Rows { schema, batches }) = outcome.rows.take() {
        let batches: Vec<_> = batches.try_collect().await?;
        outcome.rows = Some(Rows { schema, batches: stream::iter(batches.into_iter().map(Ok)).boxed() });
    }
    Ok(outcome)
}
