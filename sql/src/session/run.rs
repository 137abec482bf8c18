//! Runs prepared statements: queries as streams, changes as commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::Utc;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::sqlparser::ast;
use futures::{StreamExt, stream};
use muster_storage::Changes;

use super::{Planned, Prepared, Session, StatementContext};
use crate::load::{LoadReport, LoadRequest};
use crate::outcome::{CommandTag, Outcome, Rows};
use crate::sqlstate::SqlState;
use crate::statement::{copy_from, create_index, create_table, drop, explain, refused, set, show};
use crate::write::{PlannedWrite, Written};
use crate::{Error, Result, load as loading};

/// Whether a statement runs from its AST.
pub(super) fn is_utility(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::CreateTable(_)
            | ast::Statement::CreateIndex(_)
            | ast::Statement::CreateExtension(_)
            | ast::Statement::Drop { .. }
            | ast::Statement::Set(_)
            | ast::Statement::Reset(_)
            | ast::Statement::Discard { .. }
    )
}

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
    let context = context(session);
    let made_anew = prepared
        .tables
        .iter()
        .any(|(name, id)| context.snapshot.table(name).is_some_and(|table| table.definition().id != *id));
    let renewed = if made_anew {
        let renewed = Box::pin(session.prepare(&prepared.statement, &prepared.declared)).await?;
        if renewed.columns != prepared.columns {
            return Err(Error::unsupported("a cached plan with another result type"));
        }
        Some(renewed)
    } else {
        None
    };
    let prepared = renewed.as_ref().unwrap_or(prepared);
    let params = values(prepared, params)?;
    match prepared.planned.as_ref() {
        Planned::Query { plan, tag } => {
            let columns =
                prepared.columns.clone().unwrap_or_else(|| Arc::new(arrow::datatypes::Schema::empty()));
            query(context, plan, params, tag.clone(), columns).await
        }
        Planned::Explain { plan, analyze } => {
            let physical = physical(&context, plan, params).await?;
            let rows = explain::rows(physical, *analyze, context.task()).await?;
            Ok(one_batch(CommandTag::plain("EXPLAIN"), rows))
        }
        Planned::Write(planned) => write(session, context, planned, params).await,
        Planned::Utility => utility(session, context, &prepared.statement.ast).await,
    }
}

/// Whether a COPY is one that can run.
pub(super) fn check_copy(session: &Session, statement: &ast::Statement) -> Result<()> {
    copy_from::request(statement, &context(session)).map(drop_value)
}

/// What a statement that starts now reads.
fn context(session: &Session) -> Arc<StatementContext> {
    let database = session.database.shared().clone();
    let snapshot = database.store.snapshot();
    let settings = session.settings.lock().clone();
    Arc::new(StatementContext { database, snapshot, settings })
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
    let bound = plan.clone().replace_params_with_values(&params)?;
    let optimized = planner.optimize(bound, Utc::now())?;
    planner.physical(&optimized).await
}

async fn query(
    context: Arc<StatementContext>,
    plan: &LogicalPlan,
    params: ParamValues,
    tag: CommandTag,
    columns: SchemaRef,
) -> Result<Outcome> {
    let physical = physical(&context, plan, params).await?;
    let batches = execute_stream(physical, context.task())?;
    let schema = columns.clone();
    let batches = batches.map(move |batch| present(&batch?, &columns)).boxed();
    Ok(Outcome { tag, rows: Some(Rows { schema, batches }) })
}

/// A batch with the columns that were announced: same values, with names and metadata as planned.
fn present(batch: &RecordBatch, columns: &SchemaRef) -> Result<RecordBatch> {
    let arrays = batch
        .columns()
        .iter()
        .zip(columns.fields())
        .map(|(array, field)| {
            if array.data_type() == field.data_type() {
                Ok(array.clone())
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
    Outcome { tag, rows: Some(Rows { schema, batches: stream::iter([Ok(batch)]).boxed() }) }
}

/// Makes a statement's changes durable, or part of the session's transaction.
async fn apply(session: &Session, context: &StatementContext, changes: Changes) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let store = context.database.store.clone();
    blocking(move || Ok(store.commit(changes).map(drop_value)?)).await?;
    session.database.wake_worker();
    Ok(())
}

/// Works out what a statement that writes rows changes, and applies it.
async fn write(
    session: &Session,
    first: Arc<StatementContext>,
    planned: &Arc<PlannedWrite>,
    params: ParamValues,
) -> Result<Outcome> {
    let mut context = first;
    loop {
        let written = planned.write(context.clone(), params.clone()).await?;
        let Written { changes, rows, returned, arbiters } = written;
        match apply(session, &context, changes).await {
            Ok(()) => {
                let tag = CommandTag::affecting(planned.command(), rows);
                let rows = returned.zip(planned.columns()).map(|(batches, schema)| Rows {
                    schema,
                    batches: stream::iter(batches.into_iter().map(Ok)).boxed(),
                });
                return Ok(Outcome { tag, rows });
            }
            // Another commit was first: the statement is one for the rows that it left. Each time round somebody
            // has committed, so somebody gets on.
            Err(Error::Storage(muster_storage::Error::Conflict { .. })) => {}
            Err(Error::Storage(muster_storage::Error::DuplicateKey { table, constraint, .. }))
                if table == planned.definition().name && arbiters.contains(&constraint) => {}
            Err(error) => return Err(error),
        }
        let snapshot = session.database.shared().store.snapshot();
        let replaced = |table: &muster_storage::TableDefinition| table.id != planned.definition().id;
        if snapshot.table(&planned.definition().name).is_none_or(|table| replaced(table.definition())) {
            return Err(Error::undefined_table(&planned.definition().name));
        }
        context = Arc::new(StatementContext {
            database: context.database.clone(),
            snapshot,
            settings: context.settings.clone(),
        });
    }
}

async fn utility(
    session: &Session,
    context: Arc<StatementContext>,
    statement: &Arc<ast::Statement>,
) -> Result<Outcome> {
    match statement.as_ref() {
        ast::Statement::CreateTable(create) => {
            let create = create.clone();
            blocking(move || {
                let shared = &context.database;
                let name = crate::statement::name::table(&create.name)?;
                if create.if_not_exists && context.snapshot.table(&name).is_some() {
                    return Ok(());
                }
                let table = create_table::NewTable::of(shared, &context.snapshot, &create)?;
                match shared.store.commit(table.add_to(Changes::new())) {
                    Ok(_) => Ok(()),
                    Err(muster_storage::Error::TableExists { .. }) if create.if_not_exists => Ok(()),
                    Err(muster_storage::Error::TableExists { table }) => Err(Error::new(
                        SqlState::DuplicateTable,
                        format!("relation \"{table}\" already exists"),
                    )),
                    Err(error) => Err(error.into()),
                }
            })
            .await?;
            Ok(Outcome::done(CommandTag::plain("CREATE TABLE")))
        }
        ast::Statement::CreateIndex(create) => {
            let create = create.clone();
            let progress = session.progress.lock().clone();
            let shared = context.database.clone();
            cancellable(move |continues| {
                create_index::run(&shared, &create, progress.as_ref(), continues).map(drop_value)
            })
            .await?;
            Ok(Outcome::done(CommandTag::plain("CREATE INDEX")))
        }
        ast::Statement::CreateExtension(create) => {
            if create.name.value.eq_ignore_ascii_case("vector") {
                return Ok(Outcome::done(CommandTag::plain("CREATE EXTENSION")));
            }
            Err(Error::unsupported(format!("extension \"{}\"", create.name.value)))
        }
        ast::Statement::Drop { object_type, names, if_exists, .. } => {
            let (changes, tag) = drop::changes(&context.snapshot, object_type, names, *if_exists)?;
            if !changes.is_empty() {
                let shared = context.database.clone();
                blocking(move || Ok(shared.store.commit(changes).map(drop_value)?)).await?;
                session.database.wake_worker();
            }
            Ok(Outcome::done(tag))
        }
        ast::Statement::Copy { .. } => {
            let request = copy_from::request(statement, &context)?;
            let report = run_load(session, context, request).await?;
            Ok(Outcome::done(CommandTag::affecting("COPY", report.rows)))
        }
        ast::Statement::Set(assignment) => {
            set::run(&mut session.settings.lock(), assignment)?;
            Ok(Outcome::done(CommandTag::plain("SET")))
        }
        ast::Statement::Reset(reset) => {
            set::reset(&mut session.settings.lock(), reset)?;
            Ok(Outcome::done(CommandTag::plain("RESET")))
        }
        ast::Statement::Discard { .. } => {
            *session.settings.lock() = super::Settings::default();
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
    run_load(session, context(session), loading::Request::of(request)).await
}

async fn run_load(
    session: &Session,
    context: Arc<StatementContext>,
    request: loading::Request,
) -> Result<LoadReport> {
    let progress = session.progress.lock().clone();
    cancellable(move |continues| loading::run(&context.database, &request, progress.as_ref(), continues))
        .await
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
async fn cancellable<T: Send + 'static>(
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
