//! What a running statement carries to the nodes of its plan: one snapshot, the settings.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

use chrono::{DateTime, Utc};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use muster_storage::Snapshot;

use super::{Live, Reads, Settings};
use crate::catalog::Namespace;
use crate::database::Shared;
use crate::privileges::{Block, Rights, States, Subject};

/// See the module. All nodes of a statement read this snapshot and no other.
pub(crate) struct StatementContext {
    pub(crate) database: Arc<Shared>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) settings: Settings,
    /// What now() is.
    pub(crate) now: DateTime<Utc>,
    /// When the statement began.
    pub(crate) began: DateTime<Utc>,
    /// The transaction block that the statement is in.
    pub(crate) block: Option<u64>,
    /// Whether the snapshot has changes that nobody else sees.
    pub(crate) draft: bool,
    /// Set while it runs, when the rows that it gives are good for this moment alone.
    pub(crate) varies: AtomicBool,
    /// Where it is noted what a serializable transaction reads.
    pub(crate) reads: Option<Arc<Reads>>,
    /// What the block has begun with, where it has changed objects: definitions, roles, grants.
    pub(crate) base: Option<Arc<Snapshot>>,
    /// The session that runs the statement; of some none does.
    pub(crate) live: Weak<Live>,
}

/// What a statement may do that reads a snapshot; `None` where a superuser runs it. Of one in a block it is told what is
/// committed, and what the block has begun with if it has changed objects.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(super) fn rights(
    settings: &Settings,
    snapshot: &Arc<Snapshot>,
    block: Option<(Arc<Snapshot>, Option<&Arc<Snapshot>>)>,
) -> crate::Result<Option<Rights>> {
    let (subject, states) = match block {
        None => (settings.subject(snapshot)?, States::One(snapshot.clone())),
        Some((latest, None)) => (settings.subject(&latest)?, States::One(latest)),
        Some((latest, Some(base))) => {
            let (subject, identity) = (settings.subject(snapshot)?, settings.identity());
            // What somebody else has taken away meanwhile is gone for a superuser as well.
            if subject.superuser && Subject::of(&identity, &latest)?.superuser {
                return Ok(None);
            }
            let (draft, base) = (snapshot.clone(), base.clone());
            let states = States::Block(Block { draft, latest, base });
            let find = |snapshot: &Snapshot| Ok(Subject::of(&identity, snapshot)?.as_ref().clone());
            (Arc::new(states.subject(&find)?), states)
        }
    };
    let temporary = settings.path.temporary();
    Ok((!subject.superuser).then(|| Rights::new(subject, states, snapshot.clone(), temporary)))
}

impl StatementContext {
    /// The context of a statement that no session runs.
    pub(crate) fn without_session(database: Arc<Shared>, snapshot: Arc<Snapshot>) -> Arc<Self> {
        let settings = Settings::new(&database.options);
        Arc::new(Self {
            database,
            snapshot,
            settings,
            now: Utc::now(),
            began: Utc::now(),
            block: None,
            draft: true,
            varies: AtomicBool::default(),
            reads: None,
            base: None,
            live: Weak::new(),
        })
    }

    /// The context of the statement that this task belongs to.
    pub(crate) fn of(context: &TaskContext) -> Result<Arc<Self>> {
        context
            .session_config()
            .get_extension::<Self>()
            .ok_or_else(|| DataFusionError::Internal("the task runs outside of a statement".to_string()))
    }

    /// The same statement, reading another snapshot from here on.
    pub(crate) fn over(&self, snapshot: Arc<Snapshot>) -> Arc<Self> {
        let (database, settings) = (self.database.clone(), self.settings.clone());
        Arc::new(Self {
            database,
            snapshot,
            settings,
            now: self.now,
            began: self.began,
            block: self.block,
            draft: true,
            varies: AtomicBool::default(),
            reads: self.reads.clone(),
            base: self.base.clone(),
            live: self.live.clone(),
        })
    }

    /// The names that the statement can use.
    pub(crate) fn namespace(&self) -> Namespace<'_> {
        Namespace { snapshot: &self.snapshot, path: &self.settings.path }
    }

    /// Asks whether the session may do everything: as the statement sees it, and as it is now, for rights that were taken
    /// away end within a block as well.
    ///
    /// # Errors
    /// 42501, in these words, for whoever is no superuser.
    pub(crate) fn need_superuser(&self, refusal: &str) -> crate::Result<()> {
        let identity = self.settings.identity();
        identity.need_superuser(&self.snapshot, refusal)?;
        identity.need_superuser(&self.database.store.snapshot(), refusal)
    }

    /// What the statement may do; `None` where a superuser runs it, who may do everything.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn rights(&self) -> crate::Result<Option<Rights>> {
        if self.settings.is_program() {
            return Ok(None);
        }
        let base = self.base.as_ref();
        rights(&self.settings, &self.snapshot, self.block.map(|_| (self.database.store.snapshot(), base)))
    }

    /// DataFusion's context for the statement's tasks.
    pub(crate) fn task(self: Arc<Self>) -> Arc<TaskContext> {
        let state = self.database.planner.state();
        let runtime = state.runtime_env().clone();
        let session_id = state.session_id().to_string();
        let config = state.config().clone().with_extension(self.clone());
        // Plans hold their functions; nothing looks them up while it runs.
        Arc::new(TaskContext::new(
            None,
            session_id,
            config,
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            runtime,
        ))
    }
}
