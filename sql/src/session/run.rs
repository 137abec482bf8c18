//! Runs prepared statements: queries as streams, changes as commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::sqlparser::ast;
use futures::{StreamExt, stream};
use muster_storage::{Changes, TableDefinition};

use super::block::{View, aborted};
use super::control::Control;
use super::maintain;
use super::{Finish, Planned, Prepared, Session, StatementContext, TransactionStatus};
use crate::load::{CopyIn, LoadReport, LoadRequest};
use crate::notice::Notice;
use crate::outcome::{CommandTag, Outcome, Rows, Transfer};
use crate::planning::{bind, qualify};
use crate::sqlstate::SqlState;
use crate::statement::copy::{CopyFrom, CopyTo};
use crate::statement::{call, create_index, define, explain, on_commit, refused, set, show};
use crate::types::blanks;
use crate::unload::{CopyOut, TextEncoder, write_file};
use crate::write::{PlannedWrite, WriteWay, Written};
use crate::{Error, Result, load as loading};

/// Whether a statement runs from its AST.
pub(super) fn is_utility(statement: &ast::Statement) -> bool {
    define::is_definition(statement)
        || matches!(
            statement,
            ast::Statement::CreateIndex(_)
                | ast::Statement::CreateExtension(_)
                | ast::Statement::Set(_)
                | ast::Statement::Reset(_)
                | ast::Statement::Discard { .. }
                | ast::Statement::Vacuum(_)
                | ast::Statement::Call(_)
                | ast::Statement::StartTransaction { .. }
                | ast::Statement::Commit { .. }
                | ast::Statement::Rollback { .. }
                | ast::Statement::Savepoint { .. }
                | ast::Statement::ReleaseSavepoint { .. }
        )
}

/// Times that a statement outside of a block is tried, when others keep committing first.
const ATTEMPTS: u32 = 1000;

/// Tries after which statements that keep losing take turns.
const EAGER_ATTEMPTS: u32 = 3;

pub(super) async fn run(session: &Session, prepared: &Prepared, params: &[ScalarValue]) -> Result<Outcome> {
    if params.len() != prepared.parameters.len() {
        return Err(Error::new(
            SqlState::ProtocolViolation,
            format!(
                "the statement needs {} parameters, {} are given",
                prepared.parameters.len(),
                params.len()
            ),
        ));
    }
    session.commit_point().resume();
    let statement = &prepared.statement.ast;
    if let Some(control) = Control::of(statement)? {
        if session.transaction_status() == TransactionStatus::Failed && !control.ends_failure() {
            return Err(aborted());
        }
        return Ok(Outcome::done(session.control(control).await?));
    }
    session.check_block(statement)?;
    let mut turn = None;
    for attempt in 1..=ATTEMPTS {
        let context = context(session);
        let alone = context.block.is_none();
        match attempt_once(session, context, prepared, params).await {
            // A statement of its own is not told that somebody came first: it runs again, on what is there now.
            Err(Error::Storage(muster_storage::Error::Conflict { .. })) if alone && attempt < ATTEMPTS => {
                if attempt == EAGER_ATTEMPTS {
                    turn = Some(session.database.shared().contended.clone().lock_owned().await);
                }
            }
            done => {
                drop(turn);
                return done;
            }
        }
    }
    Err(Error::new(SqlState::SerializationFailure, "could not serialize access due to concurrent updates"))
}

async fn attempt_once(
    session: &Session,
    context: Arc<StatementContext>,
    prepared: &Prepared,
    params: &[ScalarValue],
) -> Result<Outcome> {
    let is_current = |planned: &Arc<TableDefinition>| {
        let now = context.snapshot.table(&planned.name).map(|table| table.definition());
        now.is_some_and(|now| Arc::ptr_eq(now, planned) || now == planned)
    };
    let renewed = if prepared.resolved.is_current(&context) && prepared.tables.iter().all(is_current) {
        None
    } else {
        let renewed = Box::pin(session.prepare(&prepared.statement, &prepared.declared)).await?;
        if renewed.columns != prepared.columns {
            return Err(Error::unsupported("a cached plan with another result type"));
        }
        Some(renewed)
    };
    let prepared = renewed.as_ref().unwrap_or(prepared);
    let params = values(prepared, params)?;
    match prepared.planned.as_ref() {
        Planned::Query { plan, tag } => {
            let columns =
                prepared.columns.clone().unwrap_or_else(|| Arc::new(arrow::datatypes::Schema::empty()));
            query(session, context, plan, params, tag.clone(), columns).await
        }
        Planned::Explain { plan, analyze } => {
            let physical = physical(&context, plan, params).await?;
            let rows = explain::rows(physical, *analyze, context.task()).await?;
            Ok(one_batch(CommandTag::plain("EXPLAIN"), rows))
        }
        Planned::Write(planned) => write(session, context, planned, params).await,
        Planned::ExplainWrite { write, analyze } => {
            let rows = explain_write(session, context, write, *analyze, params).await?;
            Ok(one_batch(CommandTag::plain("EXPLAIN"), rows))
        }
        Planned::CopyFrom(copy) => copy_from(session, context, copy).await,
        Planned::CopyTo { copy, plan, columns } => {
            copy_to(session, context, copy, plan, columns.clone()).await
        }
        Planned::Utility => match prepared.statement.maintenance.clone() {
            Some(maintenance) => maintain::run(session, context, maintenance).await,
            None => utility(session, context, &prepared.statement.ast).await,
        },
    }
}

/// What a statement that starts now reads.
pub(super) fn context(session: &Session) -> Arc<StatementContext> {
    let database = session.database.shared().clone();
    let View { snapshot, now, block } = session.view();
    let settings = session.settings.lock().clone();
    Arc::new(StatementContext { database, snapshot, settings, now, block })
}

/// The parameters' values in their declared types.
fn values(prepared: &Prepared, params: &[ScalarValue]) -> Result<ParamValues> {
    let mut values = Vec::with_capacity(params.len());
    for (value, field) in params.iter().zip(&prepared.parameters) {
        let value = if &value.data_type() == field.data_type() {
            value.clone()
        } else {
            value.cast_to(field.data_type())?
        };
        values.push(datafusion::common::metadata::ScalarAndMetadata::new(value, None));
    }
    Ok(ParamValues::List(values))
}

/// The physical plan of an analyzed one, with the parameters' values.
pub(crate) async fn physical(
    context: &StatementContext,
    plan: &LogicalPlan,
    params: ParamValues,
) -> Result<Arc<dyn datafusion::physical_plan::ExecutionPlan>> {
    let planner = &context.database.planner;
    let bound = bind(plan.clone().replace_params_with_values(&params)?, context)?;
    let optimized = planner.optimize(bound, context.now)?;
    planner.physical(&optimized).await
}

async fn query(
    session: &Session,
    context: Arc<StatementContext>,
    plan: &LogicalPlan,
    params: ParamValues,
    tag: CommandTag,
    columns: SchemaRef,
) -> Result<Outcome> {
    let physical = physical(&context, plan, params).await?;
    let (block, cell) = (context.block, session.block.clone());
    let batches = execute_stream(physical, context.task())?;
    let schema = columns.clone();
    let batches = batches.map(move |batch| {
        let batch = batch.map_err(Error::from).and_then(|batch| present(&batch, &columns));
        // Rows are read after the statement has answered: what fails there fails its block all the same.
        batch.inspect_err(|_| block.into_iter().for_each(|block| cell.fail(block)))
    });
    let batches = batches.boxed();
    Ok(Outcome::with_rows(tag, Rows { schema, batches }))
}

/// A batch with the columns that were announced: same values, with names and metadata as planned.
fn present(batch: &RecordBatch, columns: &SchemaRef) -> Result<RecordBatch> {
    let arrays = batch
        .columns()
        .iter()
        .zip(columns.fields())
        .map(|(array, field)| {
            if array.data_type() == field.data_type() {
                blanks::fill(array, field)
            } else {
                let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
                arrow::compute::cast_with_options(array, field.data_type(), &options)
            }
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(columns.clone(), arrays, &options)?)
}

fn one_batch(tag: CommandTag, batch: RecordBatch) -> Outcome {
    let schema = batch.schema();
    Outcome::with_rows(tag, Rows { schema, batches: stream::iter([Ok(batch)]).boxed() })
}

/// Makes a statement's changes part of the session's transaction, or durable when it is in none.
pub(super) async fn apply(session: &Session, context: &StatementContext, changes: Changes) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let base = context.snapshot.clone();
    if let Some(block) = context.block {
        let cell = session.block.clone();
        return blocking(move || cell.apply(block, &base, changes)).await;
    }
    let store = context.database.store.clone();
    let committing = session.commit_point().pass()?;
    let path = (context.settings.own.temporary() > 0).then(|| context.settings.path.clone());
    blocking(move || {
        let _committing = committing;
        store.commit(changes.over(base)).map(drop_value)?;
        let Some(path) = path else { return Ok(()) };
        let snapshot = store.snapshot();
        let ended = on_commit::changes(&snapshot, &path)?;
        if !ended.is_empty() {
            store.commit(ended.over(snapshot)).map(drop_value)?;
        }
        Ok(())
    })
    .await?;
    session.database.wake_worker();
    Ok(())
}

/// Works out what a statement that writes rows changes, and applies it.
async fn write(
    session: &Session,
    context: Arc<StatementContext>,
    planned: &Arc<PlannedWrite>,
    params: ParamValues,
) -> Result<Outcome> {
    let Written { changes, rows, returned } = planned.write(context.clone(), params).await?;
    apply(session, &context, changes).await?;
    let tag = CommandTag::affecting(planned.command(), rows);
    let rows = returned
        .zip(planned.columns())
        .map(|(batches, schema)| Rows { schema, batches: stream::iter(batches.into_iter().map(Ok)).boxed() });
    Ok(match rows {
        Some(rows) => Outcome::with_rows(tag, rows),
        None => Outcome::done(tag),
    })
}

/// The plan of a statement that changes rows; with `analyze` it changes them.
async fn explain_write(
    session: &Session,
    context: Arc<StatementContext>,
    planned: &Arc<PlannedWrite>,
    analyze: bool,
    params: ParamValues,
) -> Result<RecordBatch> {
    let plan = physical(&context, planned.plan(), params.clone()).await?;
    let mut changed = None;
    if analyze {
        let written = planned.write_by(plan.clone(), context.clone(), params).await?;
        apply(session, &context, written.changes).await?;
        changed = Some(written.rows);
    }
    explain::of_write(planned.command(), &planned.definition().name, &plan, changed)
}

async fn copy_from(session: &Session, context: Arc<StatementContext>, copy: &CopyFrom) -> Result<Outcome> {
    if let Some(path) = &copy.path {
        let request = copy.request(path.clone(), write_way(&context));
        let report = run_load(session, context, request).await?;
        return Ok(Outcome::done(CommandTag::affecting("COPY", report.rows)));
    }
    let copy = copy.clone();
    let finish = Finish::new(session, &context);
    let begin = move || CopyIn::begin(&context, &copy, write_way(&context), finish);
    Ok(Outcome::with_copy(Transfer::In(blocking(begin).await?)))
}

/// A bulk load is a commit of its own, which a transaction block cannot hold.
fn write_way(context: &StatementContext) -> WriteWay {
    if context.block.is_some() { WriteWay::Changes } else { WriteWay::Free }
}

async fn copy_to(
    session: &Session,
    context: Arc<StatementContext>,
    copy: &CopyTo,
    plan: &LogicalPlan,
    columns: SchemaRef,
) -> Result<Outcome> {
    let zone = context.settings.zone()?;
    let tag = CommandTag::returning("COPY");
    let outcome = query(session, context, plan, ParamValues::List(Vec::new()), tag, columns.clone()).await?;
    let rows = outcome.rows.ok_or_else(|| Error::new(SqlState::InternalError, "a query gave no rows"))?;
    match &copy.path {
        Some(path) => {
            let written = write_file(path.clone(), copy.options.clone(), zone, rows).await?;
            Ok(Outcome::done(CommandTag::affecting("COPY", written)))
        }
        None => {
            let encoder = TextEncoder::new(&copy.options, &columns, zone);
            Ok(Outcome::with_copy(Transfer::Out(CopyOut::new(rows, encoder))))
        }
    }
}

async fn utility(
    session: &Session,
    context: Arc<StatementContext>,
    statement: &ast::Statement,
) -> Result<Outcome> {
    let statement = qualify(statement, context.namespace())?;
    let statement = statement.as_ref();
    match statement {
        definition if define::is_definition(definition) => {
            let defined = define::define(&context, definition).await?;
            if define::makes_temporary(definition, &context.settings.path) {
                context.settings.own.make_temporary();
            }
            apply(session, &context, defined.changes).await?;
            Ok(Outcome::done(defined.tag))
        }
        ast::Statement::CreateIndex(create) => {
            let (made, reading) = (create.clone(), context.clone());
            let Some((table, index, changes)) =
                blocking(move || create_index::changes(&reading.snapshot, &made, reading.block.is_some()))
                    .await?
            else {
                return Ok(Outcome::done(CommandTag::plain("CREATE INDEX")));
            };
            if create.concurrently {
                session.prevent_in_block("CREATE INDEX CONCURRENTLY")?;
            }
            apply(session, &context, changes).await?;
            // In a block the index is built in the background, once it is committed.
            if context.block.is_none() {
                let progress = session.progress.lock().clone();
                let shared = context.database.clone();
                cancellable(move |continues| {
                    create_index::build(&shared, &table, &index, progress.as_ref(), continues)
                })
                .await?;
            }
            Ok(Outcome::done(CommandTag::plain("CREATE INDEX")))
        }
        ast::Statement::CreateExtension(create) => {
            if create.name.value.eq_ignore_ascii_case("vector") {
                return Ok(Outcome::done(CommandTag::plain("CREATE EXTENSION")));
            }
            Err(Error::unsupported(format!("extension \"{}\"", create.name.value)))
        }
        ast::Statement::Call(call) => {
            session.prevent_in_block("CALL muster_backup")?;
            let folder = call::backup_folder(call, &context.database.options)?;
            let database = session.database.clone();
            let report = cancellable(move |continues| database.backup(&folder, &|_| continues())).await?;
            session.tell(Notice::info(format!(
                "backup of commit {}: {} files kept, {} linked, {} copied",
                report.version, report.kept, report.linked, report.copied
            )));
            Ok(Outcome::done(CommandTag::plain("CALL")))
        }
        ast::Statement::Set(assignment) => {
            if let ast::Set::SingleAssignment { scope: Some(ast::ContextModifier::Local), variable, .. } =
                assignment
            {
                session.hide_local(&variable.to_string(), &context.settings);
                if context.block.is_none() {
                    return Ok(Outcome::done(CommandTag::plain("SET")));
                }
            }
            set::run(&mut session.settings.lock(), assignment)?;
            Ok(Outcome::done(CommandTag::plain("SET")))
        }
        ast::Statement::Reset(reset) => {
            set::reset(&mut session.settings.lock(), reset)?;
            Ok(Outcome::done(CommandTag::plain("RESET")))
        }
        ast::Statement::Discard { .. } => {
            session.prevent_in_block("DISCARD ALL")?;
            session.settings.lock().reset();
            Ok(Outcome::done(CommandTag::plain("DISCARD ALL")))
        }
        ast::Statement::ShowVariable { variable } => {
            let rows = show::rows(&context.settings, variable)?;
            Ok(one_batch(CommandTag::plain("SHOW"), rows))
        }
        other => Err(refused::refusal(other)),
    }
}

/// A value that a statement does not tell.
fn drop_value<T>(_value: T) {}

pub(super) async fn load(session: &Session, request: &LoadRequest) -> Result<LoadReport> {
    session.check_write("COPY FROM")?;
    let mut request = loading::Request::of(request);
    let mut reading = context(session);
    if reading.block.is_some() {
        request.way = WriteWay::Changes;
        // The table that the file makes is part of the transaction as well.
        if request.create && reading.snapshot.table(&request.table).is_none() {
            let made = request.clone();
            let changes = blocking(move || loading::table_of(&made)).await?;
            apply(session, &reading, changes).await?;
            reading = context(session);
        }
    }
    run_load(session, reading, request).await.inspect_err(|_| session.fail())
}

async fn run_load(
    session: &Session,
    context: Arc<StatementContext>,
    request: loading::Request,
) -> Result<LoadReport> {
    let progress = session.progress.lock().clone();
    let point = session.commit_point();
    let load = move |continues: &(dyn Fn() -> bool + Sync)| {
        let (report, changes) = loading::run(&context, &request, progress.as_ref(), &point, continues)?;
        Ok((report, changes, context))
    };
    let (report, changes, context) = cancellable(load).await?;
    if let Some(changes) = changes {
        apply(session, &context, changes).await?;
    }
    Ok(report)
}

/// Runs what computes or waits for the disk outside of the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(SqlState::InternalError, format!("the statement's task failed: {error}"))
    })?
}

/// As [`blocking`], for work that asks now and then whether it goes on. It does not when the
/// statement's future is dropped.
pub(crate) async fn cancellable<T: Send + 'static>(
    work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<T> + Send + 'static,
) -> Result<T> {
    struct CancelOnDrop(Arc<AtomicBool>);
    impl Drop for CancelOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    let cancelled = Arc::new(AtomicBool::new(false));
    let _guard = CancelOnDrop(cancelled.clone());
    blocking(move || work(&|| !cancelled.load(Ordering::Acquire))).await
}
