//! Runs a plan that waits for embedders on a thread of its own, so that statements of others go on.
//!
//! The thread has a runtime of its own for what the plan spawns. Invariant: when the stream is dropped, its waiting ends
//! and its thread with it, within a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, common, execute_stream};
use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::scope;
use super::waits::plan_waits;
use crate::session::StatementContext;

/// Batches that are ready before they are asked for.
const AHEAD: usize = 2;

/// A statement's rows.
///
/// # Errors
/// What making the plan's streams gives.
pub(crate) fn execute(
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    let statement = StatementContext::of(&task)?;
    let embedders = &statement.database.embedders;
    if !embedders.any_waits() || !plan_waits(&plan, embedders)? {
        return execute_stream(plan, task);
    }
    let schema = plan.schema();
    let (sender, receiver) = mpsc::channel(AHEAD);
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = cancelled.clone();
    let thread = tokio::task::spawn_blocking(move || scope::running(&flag, || run(plan, task, &sender)));
    let beside = Beside { receiver, thread: Some(thread), cancelled };
    let batches = stream::unfold(beside, |mut beside| async move {
        let batch = beside.next().await?;
        Some((batch, beside))
    });
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
}

/// All rows of a statement.
///
/// # Errors
/// What running the plan gives.
pub(crate) async fn collect(
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
) -> Result<Vec<RecordBatch>> {
    common::collect(execute(plan, task)?).await
}

/// The end of the stream that the statement holds.
struct Beside {
    receiver: mpsc::Receiver<Result<RecordBatch>>,
    thread: Option<JoinHandle<()>>,
    cancelled: Arc<AtomicBool>,
}

impl Beside {
    async fn next(&mut self) -> Option<Result<RecordBatch>> {
        if let Some(batch) = self.receiver.recv().await {
            return Some(batch);
        }
        // All was sent, or the thread broke off: rows that are missing are no end.
        match self.thread.take()?.await {
            Ok(()) => None,
            Err(error) => {
                Some(Err(DataFusionError::Internal(format!("the statement's thread broke off: {error}"))))
            }
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Release);
    }
}

/// Sends the plan's rows until they end, one fails, or nobody takes them.
fn run(plan: Arc<dyn ExecutionPlan>, task: Arc<TaskContext>, sender: &mpsc::Sender<Result<RecordBatch>>) {
    let failed = |error: DataFusionError| {
        // Nobody takes it when the statement is gone.
        let _nobody = sender.blocking_send(Err(error));
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(DataFusionError::IoError(error)),
    };
    let mut batches = match runtime.block_on(async { execute_stream(plan, task) }) {
        Ok(batches) => batches,
        Err(error) => return failed(error),
    };
    runtime.block_on(async {
        while let Some(batch) = batches.next().await {
            let ends = batch.is_err();
            if sender.send(batch).await.is_err() || ends {
                break;
            }
        }
    });
}
