//! A session: statements in, outcomes out.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema};
use chrono::{DateTime, SubsecRound, Utc};
use datafusion::common::ScalarValue;
use futures::{StreamExt, TryStreamExt};
use muster_storage::Snapshot;
use parking_lot::Mutex;

use super::block::View;
use super::settings::SERIALIZABLE;
use super::{CommitPoint, Live, Prepared, Settings, run};
use crate::catalog::temporary;
use crate::caught::{caught, caught_rows};
use crate::database::Shared;
use crate::outcome::{Outcome, QueryResult, Transfer};
use crate::parse::Statement;
use crate::progress::{Progress, Silent};
use crate::roles::Identity;
use crate::sqlstate::SqlState;
use crate::stack::Roomy;
use crate::{Database, Error, Result};

/// One connection's or thread's view of a database: its settings, its statements.
///
/// Methods take `&self`; statements of one session may run at the same time.
pub struct Session {
    pub(super) database: Database,
    pub(super) progress: Mutex<Arc<dyn Progress>>,
    pub(super) live: Arc<Live>,
    /// Of the work that the session does now.
    point: Mutex<CommitPoint>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("database", &self.database).finish_non_exhaustive()
    }
}

/// Temporary relations end with their session, and listening does.
impl Drop for Session {
    fn drop(&mut self) {
        self.live.channels.leave(&self.live.listener);
        self.live.cursors.close_all();
        let settings = self.live.lock();
        self.live.sessions.leave(settings.own.number);
        if settings.own.temporary() == 0 {
            return;
        }
        if let Err(error) =
            temporary::drop_all(&self.database.shared().store, Some(settings.path.temporary()))
        {
            tracing::warn!(%error, "temporary relations stay until the database is closed");
        }
    }
}

impl Session {
    pub(crate) fn of(database: Database, identity: Identity) -> Self {
        let shared = database.shared();
        let settings = Settings::of_identity(&shared.options, identity);
        let number = settings.own.number;
        let live = Arc::new(Live::new(settings, shared.channels.clone(), shared.sessions.clone()));
        shared.sessions.enter(number, &live);
        Self { live, database, progress: Mutex::new(Arc::new(Silent)), point: Mutex::default() }
    }

    /// Begins work that may be interrupted, and gives what to ask before it is: dropping a statement's future is safe
    /// once [`CommitPoint::interrupt`] has answered. What ran before in this session is over by then.
    pub fn begin_interruptible(&self) -> CommitPoint {
        let point = CommitPoint::default();
        *self.point.lock() = point.clone();
        point
    }

    pub(super) fn commit_point(&self) -> CommitPoint {
        self.point.lock().clone()
    }

    /// Runs one statement and gives all its rows.
    ///
    /// # Errors
    /// See [`Error::sqlstate`]. 42601 when `sql` is not exactly one statement.
    pub async fn query(&self, sql: &str, params: &[ScalarValue]) -> Result<QueryResult> {
        let outcome = self.run_one(sql, params).await?;
        if let Some(copy) = outcome.copy {
            return Err(copy.refusal("in query").with_hint("copy_in takes rows, copy_out gives them."));
        }
        match outcome.rows {
            Some(rows) => {
                let batches = rows.batches.try_collect().await?;
                Ok(QueryResult::new(rows.schema, batches))
            }
            None => Ok(QueryResult::new(Arc::new(Schema::empty()), Vec::new())),
        }
    }

    /// Runs a statement, or several when there are no parameters, and gives the number of rows
    /// changed (of a query: returned). Several statements are one transaction, unless they say
    /// otherwise by BEGIN and COMMIT.
    ///
    /// # Errors
    /// See [`Error::sqlstate`]. Of several statements none has taken effect then, but those before a COMMIT.
    pub async fn execute(&self, sql: &str, params: &[ScalarValue]) -> Result<u64> {
        if !params.is_empty() {
            return drain(self.run_one(sql, params).await?).await;
        }
        let statements = self.parse(sql)?;
        let several = statements.len() > 1;
        let mut count = 0;
        for statement in &statements {
            if several {
                self.begin_implicit();
            }
            match self.run_to_end(statement).await {
                Ok(rows) => count += rows,
                Err(error) => {
                    // What it gives is the rollback's, and the error is what failed.
                    self.end_implicit().await?;
                    return Err(error);
                }
            }
        }
        self.end_implicit().await?;
        Ok(count)
    }

    async fn run_to_end(&self, statement: &Statement) -> Result<u64> {
        let prepared = self.prepare(statement, &[]).await?;
        drain(self.run(&prepared, &[]).await?).await
    }

    pub(super) async fn run_one(&self, sql: &str, params: &[ScalarValue]) -> Result<Outcome> {
        let statements = self.parse(sql)?;
        let [statement] = statements.as_slice() else {
            self.fail();
            return Err(Error::new(
                SqlState::SyntaxError,
                format!("one statement is expected here, not {}", statements.len()),
            ));
        };
        let types: Vec<Option<FieldRef>> = params
            .iter()
            .map(|value| (!value.is_null()).then(|| Arc::new(Field::new("", value.data_type(), true))))
            .collect();
        let prepared = self.prepare(statement, &types).await?;
        self.run(&prepared, params).await
    }

    /// The statements of one query string; none for an empty one.
    ///
    /// # Errors
    /// 42601 where it does not parse.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        self.database.shared().caches.statements.parse(sql).inspect_err(|_| self.fail())
    }

    /// Plans a statement. `types` are the parameters' types where the caller knows them.
    ///
    /// # Errors
    /// See [`Error::sqlstate`].
    pub async fn prepare(&self, statement: &Statement, types: &[Option<FieldRef>]) -> Result<Prepared> {
        let prepared = Roomy::new(caught(self.plan(statement, types))).await;
        prepared.inspect_err(|_| self.fail())
    }

    /// What a statement that starts now reads.
    pub(super) fn view(&self) -> View {
        self.live.block.with(|block| match block {
            Some(block) => block.view(),
            None => {
                let snapshot = self.database.shared().store.snapshot();
                let serializable = self.live.lock().default_isolation() == SERIALIZABLE;
                let reads = serializable.then(Arc::default);
                View { snapshot, now: this_moment(), block: None, draft: false, base: None, reads }
            }
        })
    }

    /// The database, and what a statement that starts now reads of it.
    pub(crate) fn reading(&self) -> (&Arc<Shared>, Arc<Snapshot>) {
        (self.database.shared(), self.view().snapshot)
    }

    /// Runs a prepared statement.
    ///
    /// # Errors
    /// See [`Error::sqlstate`]. 08P01 when the parameters are not as many as the statement's.
    pub async fn run(&self, prepared: &Prepared, params: &[ScalarValue]) -> Result<Outcome> {
        let running = self.live.activity.run(prepared.statement.shared_text());
        let user = self.live.lock().own.identity.number();
        let statement = &prepared.statement;
        let statements = &self.database.shared().tally.statements;
        let mut measure = statements.begin(&statement.used, user, || statement.plain_text());
        let mut outcome = self.run_within(prepared, params).await?;
        let changed = outcome.tag.rows_affected();
        measure.rows(changed.unwrap_or_default());
        // Rows are computed while they are read, and those of a COPY are yet to come.
        match (&mut outcome.rows, &mut outcome.copy) {
            (Some(rows), _) => {
                measure.succeed();
                let batches = std::mem::replace(&mut rows.batches, futures::stream::empty().boxed());
                let batches = batches.inspect(move |batch| {
                    let _until_the_last = &running;
                    match batch {
                        Ok(batch) if changed.is_none() => measure.rows(batch.num_rows() as u64),
                        Ok(_) => {}
                        Err(_) => measure.fail(),
                    }
                });
                rows.batches = caught_rows(batches);
            }
            (None, Some(Transfer::In(copy))) => copy.measure = Some(measure),
            (None, Some(Transfer::Out(copy))) => {
                measure.succeed();
                let chunks = std::mem::replace(&mut copy.chunks, futures::stream::empty().boxed());
                let chunks = chunks.inspect(move |chunk| match chunk {
                    Ok(chunk) => measure.rows(chunk.rows),
                    Err(_) => measure.fail(),
                });
                copy.chunks = chunks.boxed();
            }
            (None, None) => measure.succeed(),
        }
        Ok(outcome)
    }

    /// The same within another statement, or for rows that outlive it.
    pub(super) async fn run_within(&self, prepared: &Prepared, params: &[ScalarValue]) -> Result<Outcome> {
        Roomy::new(caught(run::run(self, prepared, params))).await.inspect_err(|_| self.fail())
    }

    /// Tells `progress` of this session's loads and index builds.
    pub fn set_progress(&self, progress: Arc<dyn Progress>) {
        *self.progress.lock() = progress;
    }
}

/// What now() is, as exact as `timestamptz` is.
pub(super) fn this_moment() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Runs an outcome to its end and counts.
async fn drain(outcome: Outcome) -> Result<u64> {
    if let Some(copy) = outcome.copy {
        return Err(copy.refusal("in execute").with_hint("copy_in takes rows, copy_out gives them."));
    }
    let mut returned = 0;
    if let Some(mut rows) = outcome.rows {
        while let Some(batch) = rows.batches.try_next().await? {
            returned += batch.num_rows() as u64;
        }
    }
    Ok(outcome.tag.rows_affected().unwrap_or(returned))
}
