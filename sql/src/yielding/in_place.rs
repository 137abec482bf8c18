//! An operator that works where it is, but for other tasks' sake says so: once it has taken long, its thread's other tasks go on
//! on another thread while it works.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::LONG;

/// See the module.
#[derive(Debug)]
pub(super) struct InPlace {
    input: Arc<dyn ExecutionPlan>,
}

impl InPlace {
    pub(super) fn of(input: Arc<dyn ExecutionPlan>) -> Self {
        Self { input }
    }
}

impl DisplayAs for InPlace {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InPlace")
    }
}

impl ExecutionPlan for InPlace {
    fn name(&self) -> &str {
        "InPlace"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.into_iter().next() {
            Some(input) => Ok(Arc::new(Self::of(input))),
            None => Err(DataFusionError::Internal("an operator works on something".to_string())),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(InPlaceStream { input, worked: Duration::ZERO }))
    }
}

struct InPlaceStream {
    input: SendableRecordBatchStream,
    /// For how long it has worked.
    worked: Duration,
}

impl Stream for InPlaceStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let proceed = ready!(tokio::task::coop::poll_proceed(context));
        let begun = Instant::now();
        // The runtimes of one thread have no other to go on with.
        let has_others =
            Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        let polled = if self.worked > LONG && has_others {
            tokio::task::block_in_place(|| self.input.poll_next_unpin(context))
        } else {
            self.input.poll_next_unpin(context)
        };
        self.worked += begun.elapsed();
        if polled.is_ready() {
            proceed.made_progress();
        }
        polled
    }
}

impl RecordBatchStream for InPlaceStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
