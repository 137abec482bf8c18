//! What functions in a running plan know of the statement that runs it: its snapshot, its session's settings.

use std::sync::{Arc, Weak};

use chrono::{DateTime, Utc};
use muster_storage::{Snapshot, Store};

use super::context::rights;
use super::{Live, Settings, StatementContext};
use crate::catalog::Sequence;
use crate::privileges::Rights;
use crate::tally::Tally;
use crate::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) settings: Settings,
    /// The session; of some statements there is none.
    pub(crate) live: Weak<Live>,
    /// The transaction block that the statement is in.
    pub(crate) block: Option<u64>,
    /// What the block has begun with, where it has changed objects.
    pub(crate) base: Option<Arc<Snapshot>>,
    /// When the statement began, and its transaction.
    pub(crate) moments: (DateTime<Utc>, DateTime<Utc>),
    /// When the database was opened.
    pub(crate) started: DateTime<Utc>,
    /// What the database counts.
    pub(crate) tally: Arc<Tally>,
    /// Weak, because plans are kept by what has it.
    store: Weak<Store>,
    /// Sequences that the statement itself makes, by the names that storage will know them by.
    pub(crate) made: Vec<(String, Sequence)>,
}

impl Caller {
    pub(crate) fn of(context: &StatementContext) -> Arc<Self> {
        Self::with(context, Vec::new())
    }

    /// Of a statement that makes sequences and draws from them.
    pub(crate) fn with(context: &StatementContext, made: Vec<(String, Sequence)>) -> Arc<Self> {
        let (snapshot, settings) = (context.snapshot.clone(), context.settings.clone());
        let (live, block, base) = (context.live.clone(), context.block, context.base.clone());
        let (started, tally) = (context.database.started, context.database.tally.clone());
        let (moments, store) = ((context.began, context.now), Arc::downgrade(&context.database.store));
        Arc::new(Self { snapshot, settings, live, block, base, moments, started, tally, store, made })
    }

    /// What whoever runs the statement may do; `None` for a superuser, who may do everything.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn rights(&self) -> Result<Option<Rights>> {
        let latest = match self.block {
            None => None,
            Some(_) => {
                let store = self.store.upgrade().ok_or_else(|| Error::internal("the database is closed"))?;
                Some((store.snapshot(), self.base.as_ref()))
            }
        };
        rights(&self.settings, &self.snapshot, latest)
    }
}
