//! Runs prepared statements: queries as streams, changes as commits.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use muster_storage::Changes;

use super::block::{View, aborted};
use super::commit::commit;
use super::control::Control;
use super::cursor::is_about_cursors;
use super::foreign_keys::apply_rows;
use super::large_objects::run_alone;
use super::named::is_named;
use super::session::this_moment;
use super::{
    Planned, Prepared, Session, StatementContext, TransactionStatus, blocking, copy, granting, maintain,
    utility,
};
use crate::cache::{ResultCache, Sought};
use crate::outcome::{CommandTag, Outcome, Rows};
use crate::planning::{Lease, bind};
use crate::point::PointPlan;
use crate::privileges::disclosure::told;
use crate::sqlstate::SqlState;
use crate::statement::{explain, on_commit};
use crate::tally::rows_of;
use crate::types::blanks;
use crate::types::vector::{VectorKind, convert_value};
use crate::write::{PlannedWrite, Written};
use crate::{Error, Result, embedding};

/// Times that a statement outside of a block is tried, when others keep committing first.
pub(super) const ATTEMPTS: u32 = 1000;

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
        let tag = session.control(control).await;
        return tag.map(Outcome::done).map_err(|error| told(error, &context(session), None));
    }
    session.check_block(statement)?;
    if is_named(statement) {
        return Box::pin(session.run_named(prepared)).await;
    }
    if is_about_cursors(statement) {
        return Box::pin(session.run_cursor(prepared, params)).await;
    }
    if prepared.large_objects && !session.live.block.is_open() {
        return Box::pin(run_alone(session, prepared, params)).await;
    }
    let mut turn = None;
    for attempt in 1..=ATTEMPTS {
        let reading = context(session);
        let alone = reading.block.is_none();
        match attempt_once(session, reading, prepared, params).await {
            // A statement of its own is not told that somebody came first: it runs again, on what is there now.
            Err(Error::Storage(
                muster_storage::Error::Conflict { .. } | muster_storage::Error::ReadConflict { .. },
            )) if alone && attempt < ATTEMPTS => {
                // What it wanted to send is sent by the attempt that succeeds.
                session.live.discard();
                if attempt == EAGER_ATTEMPTS {
                    turn = Some(session.database.shared().contended.clone().lock_owned().await);
                }
            }
            done => {
                drop(turn);
                if alone {
                    session.live.sessions.counts.ended(done.is_ok());
                    match &done {
                        // What sends while its rows are read has sent nothing yet.
                        Ok(_) => session.live.flush()?,
                        Err(_) => session.live.discard(),
                    }
                }
                return done.map_err(|error| told(error, &context(session), prepared.given()));
            }
        }
    }
    Err(Error::new(SqlState::SerializationFailure, "could not serialize access due to concurrent updates"))
}

pub(super) async fn attempt_once(
    session: &Session,
    context: Arc<StatementContext>,
    prepared: &Prepared,
    params: &[ScalarValue],
) -> Result<Outcome> {
    let settings = &context.settings;
    let renewed =
        if prepared.is_current(&context.snapshot, &settings.path, settings.zone_name(), &settings.own) {
            None
        } else {
            let renewed = Box::pin(session.prepare(&prepared.statement, &prepared.declared)).await?;
            if renewed.columns != prepared.columns {
                return Err(Error::unsupported("a cached plan with another result type"));
            }
            Some(renewed)
        };
    let prepared = renewed.as_ref().unwrap_or(prepared);
    prepared.check_rights(&context)?;
    let Some(reads) = context.reads.clone() else { return perform(session, context, prepared, params).await };
    reads.note(&context, prepared)?;
    let snapshot = context.snapshot.clone();
    let performed = perform(session, context, prepared, params).await;
    performed.inspect_err(|_| reads.note_failed(&snapshot, prepared))
}

/// Does what a statement says that is planned for what is there now.
async fn perform(
    session: &Session,
    context: Arc<StatementContext>,
    prepared: &Prepared,
    params: &[ScalarValue],
) -> Result<Outcome> {
    let params = values(prepared, params)?;
    match prepared.planned.as_ref() {
        Planned::Query { plan, tag, point, generic, repeatable } => {
            let columns =
                prepared.columns.clone().unwrap_or_else(|| Arc::new(arrow::datatypes::Schema::empty()));
            if let Some(point) = point
                && let Some(rows) = point.run(&context, &params)?
            {
                return Ok(one_batch(tag.clone(), present(&rows, &columns)?));
            }
            let asked = repeatable.and_then(|it| ResultCache::ask(&context, it, &params, &prepared.tables));
            let sought = match asked {
                Some(Ok(batches)) => {
                    let batches = stream::iter(batches.into_iter().map(Ok)).boxed();
                    return Ok(Outcome::with_rows(tag.clone(), Rows { schema: columns, batches }));
                }
                Some(Err(sought)) => Some(sought),
                None => None,
            };
            let lease = generic.lease(&context, plan, &params).await?;
            let physical = match lease.as_ref().and_then(Lease::physical) {
                Some(physical) => physical,
                None => physical_of(&context, plan, params).await?,
            };
            let Rows { schema, batches } = stream_rows(session, context, physical, lease, columns)?;
            let batches = match sought {
                Some(sought) => kept(batches, sought),
                None => batches,
            };
            Ok(Outcome::with_rows(tag.clone(), Rows { schema, batches }))
        }
        Planned::Explain { plan, analyze } => {
            let physical = physical_of(&context, plan, params).await?;
            let rows = explain::rows(physical, *analyze, context.task()).await?;
            Ok(one_batch(CommandTag::plain("EXPLAIN"), rows))
        }
        Planned::ExplainWrite { write, analyze } => {
            let rows = explain_write(session, context, write, *analyze, params).await?;
            Ok(one_batch(CommandTag::plain("EXPLAIN"), rows))
        }
        Planned::Write { write: planned, point } => {
            write(session, context, planned, point.as_ref(), params).await
        }
        Planned::CopyFrom(copy) => copy::copy_from(session, context, copy).await,
        Planned::CopyTo { copy, plan, columns } => {
            copy::copy_to(session, context, copy, plan, columns.clone()).await
        }
        // They were run as what they stand for.
        Planned::Execute | Planned::Declare(_) | Planned::Cursor => {
            Err(Error::internal("a statement was planned as one of its own that stands for another"))
        }
        Planned::Utility if let Some(command) = &prepared.statement.privileges => {
            granting::run(session, context, command.clone()).await
        }
        Planned::Utility => match prepared.statement.maintenance.clone() {
            Some(maintenance) => maintain::run(session, context, maintenance).await,
            None => utility::run(session, context, &prepared.statement.ast).await,
        },
    }
}

/// What a statement that starts now reads.
pub(super) fn context(session: &Session) -> Arc<StatementContext> {
    let database = session.database.shared().clone();
    let View { snapshot, now, block, draft, base, reads } = session.view();
    let settings = session.live.settings();
    Arc::new(StatementContext {
        database,
        snapshot,
        settings,
        now,
        began: this_moment(),
        block,
        draft,
        varies: AtomicBool::default(),
        reads,
        base,
        live: Arc::downgrade(&session.live),
    })
}

/// The parameters' values in their declared types.
fn values(prepared: &Prepared, params: &[ScalarValue]) -> Result<ParamValues> {
    let mut values = Vec::with_capacity(params.len());
    for (value, field) in params.iter().zip(&prepared.parameters) {
        let value = if &value.data_type() == field.data_type() {
            value.clone()
        } else if VectorKind::of(field).is_some() {
            convert_value(value, field)?
        } else {
            value.cast_to(field.data_type())?
        };
        values.push(datafusion::common::metadata::ScalarAndMetadata::new(value, None));
    }
    Ok(ParamValues::List(values))
}

/// The physical plan of an analyzed one, with the parameters' values.
pub(crate) async fn physical_of(
    context: &StatementContext,
    plan: &LogicalPlan,
    params: ParamValues,
) -> Result<Arc<dyn ExecutionPlan>> {
    let planner = &context.database.planner;
    let bound = bind(plan.clone().replace_params_with_values(&params)?, context)?;
    let optimized = planner.optimize(bound, context.now)?;
    planner.physical(&optimized).await
}

pub(super) async fn query(
    session: &Session,
    context: Arc<StatementContext>,
    plan: &LogicalPlan,
    params: ParamValues,
    tag: CommandTag,
    columns: SchemaRef,
) -> Result<Outcome> {
    let physical = physical_of(&context, plan, params).await?;
    Ok(Outcome::with_rows(tag, stream_rows(session, context, physical, None, columns)?))
}

/// The same rows, which are kept as an answer when all of them were read.
fn kept(
    batches: BoxStream<'static, Result<RecordBatch>>,
    sought: Sought,
) -> BoxStream<'static, Result<RecordBatch>> {
    let read = stream::unfold((batches, Some(sought)), |(mut batches, sought)| async move {
        match batches.next().await {
            None => {
                if let Some(sought) = sought {
                    sought.keep();
                }
                None
            }
            Some(batch) => {
                let sought = match (&batch, sought) {
                    (Ok(batch), Some(sought)) => sought.with(batch),
                    _ => None,
                };
                Some((batch, (batches, sought)))
            }
        }
    });
    read.boxed()
}

/// The rows of a plan. A generic plan is somebody else's once they are read, or let go.
fn stream_rows(
    session: &Session,
    context: Arc<StatementContext>,
    physical: Arc<dyn ExecutionPlan>,
    lease: Option<Lease>,
    columns: SchemaRef,
) -> Result<Rows> {
    let (block, live) = (context.block, session.live.clone());
    let batches = embedding::execute(physical, context.task())?;
    let schema = columns.clone();
    let batches = batches.map(move |batch| {
        let _lease = &lease;
        let batch = batch.map_err(Error::from).and_then(|batch| present(&batch, &columns));
        // Rows are read after the statement has answered: what fails there fails its block all the same.
        batch.inspect_err(|_| match block {
            Some(block) => live.block.fail(block),
            None => live.discard(),
        })
    });
    if block.is_some() {
        return Ok(Rows { schema, batches: batches.boxed() });
    }
    // After the last row it has done what it does.
    let live = session.live.clone();
    let end = stream::poll_fn(move |_| Poll::Ready(live.flush().err().map(Err)));
    Ok(Rows { schema, batches: batches.chain(end).boxed() })
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

pub(super) fn one_batch(tag: CommandTag, batch: RecordBatch) -> Outcome {
    let schema = batch.schema();
    Outcome::with_rows(tag, Rows { schema, batches: stream::iter([Ok(batch)]).boxed() })
}

/// Makes a statement's changes part of the session's transaction, or durable when it is in none.
pub(super) async fn apply(session: &Session, context: &StatementContext, changes: Changes) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let base = context.snapshot.clone();
    // Told once they are made, of tables as they are then: some are made by the same changes.
    let counted = rows_of(&changes);
    let tables = &context.database.tally.tables;
    if let Some(block) = context.block {
        let cell = session.live.block.clone();
        blocking(move || cell.apply(block, &base, changes)).await?;
        tables.changed(&context.snapshot, &counted);
        return Ok(());
    }
    let read = context.reads.iter().flat_map(|reads| reads.tables());
    let changes = changes.having_read(read);
    let store = &context.database.store;
    // What has committed must not be told as failed: room for what it sends is looked for before.
    session.live.check_room()?;
    commit(store, base, changes, session.commit_point().pass()?).await?;
    tables.changed(&store.snapshot(), &counted);
    session.live.send();
    session.database.wake_worker();
    if context.settings.own.temporary() > 0 {
        let snapshot = store.snapshot();
        let ended = on_commit::changes(&snapshot, &context.settings.path)?;
        if !ended.is_empty() {
            commit(store, snapshot, ended, session.commit_point().pass()?).await?;
        }
    }
    Ok(())
}

/// Works out what a statement that writes rows changes, and applies it.
async fn write(
    session: &Session,
    context: Arc<StatementContext>,
    planned: &Arc<PlannedWrite>,
    point: Option<&PointPlan>,
    params: ParamValues,
) -> Result<Outcome> {
    let written = planned.write(context.clone(), point, params).await?;
    let Written { changes, rows, returned, replaced, mixed } = written;
    let returned = match returned.zip(planned.columns()) {
        Some((batches, schema)) => {
            let batches = batches.iter().map(|batch| present(batch, &schema));
            Some((batches.collect::<Result<Vec<_>>>()?, schema))
        }
        None => None,
    };
    apply_rows(session, &context, changes, replaced).await?;
    if mixed > 0 {
        let tables = &context.database.tally.tables;
        tables.of(&context.snapshot, planned.definition().id).part(mixed);
    }
    let tag = CommandTag::affecting(planned.command(), rows);
    Ok(match returned {
        Some((batches, schema)) => {
            let batches = stream::iter(batches.into_iter().map(Ok)).boxed();
            Outcome::with_rows(tag, Rows { schema, batches })
        }
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
    let plan = physical_of(&context, planned.plan(), params.clone()).await?;
    let mut changed = None;
    if analyze {
        let written = planned.write_by(plan.clone(), context.clone(), params).await?;
        apply_rows(session, &context, written.changes, written.replaced).await?;
        changed = Some(written.rows);
    }
    explain::of_write(planned.command(), &planned.definition().name, &plan, changed)
}
