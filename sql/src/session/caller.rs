//! What functions in a running plan know of the statement that runs it: its snapshot, its search path, its session.

use std::sync::Arc;

use muster_storage::Snapshot;

use super::{Own, StatementContext};
use crate::catalog::{SearchPath, Sequence};

/// See the module.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) path: SearchPath,
    pub(crate) own: Arc<Own>,
    /// Sequences that the statement itself makes, by the names that storage will know them by.
    pub(crate) made: Vec<(String, Sequence)>,
}

impl Caller {
    pub(crate) fn of(context: &StatementContext) -> Arc<Self> {
        Self::with(context, Vec::new())
    }

    /// Of a statement that makes sequences and draws from them.
    pub(crate) fn with(context: &StatementContext, made: Vec<(String, Sequence)>) -> Arc<Self> {
        let (snapshot, settings) = (context.snapshot.clone(), &context.settings);
        Arc::new(Self { snapshot, path: settings.path.clone(), own: settings.own.clone(), made })
    }
}
