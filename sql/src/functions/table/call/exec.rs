//! The execution node: for each row of its input the function's rows, the input's columns beside them.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::take_arrays;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, create_physical_expr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use muster_embedders::Embedders;

use super::node::{Call, explain};
use super::{Produced, Running, TableFunction};
use crate::search::{Batches, ForChunk, by_chunks};
use crate::session::StatementContext;

/// Makes the execution node of a [`Call`].
#[derive(Debug, Default)]
pub(crate) struct CallPlanner;

#[async_trait]
impl ExtensionPlanner for CallPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn datafusion::catalog::Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(call) = node.as_any().downcast_ref::<Call>() else { return Ok(None) };
        let Some(input) = physical_inputs.first() else {
            return Err(DataFusionError::Internal(format!("{} has one input", call.function().name())));
        };
        let physical = |argument: &Option<_>| {
            let schema = call.input().schema();
            let argument = argument.as_ref();
            argument
                .map(|argument| create_physical_expr(argument, schema, session.execution_props(), context))
                .transpose()
        };
        let work = Work {
            function: call.function().clone(),
            arguments: call.arguments().iter().map(physical).collect::<Result<_>>()?,
            outer: call.is_outer(),
            schema: call.schema_arrow(),
        };
        Ok(Some(Arc::new(CallExec::new(work, input.clone()))))
    }
}

/// Whether a plan's node is a call that may wait for an embedder.
pub(crate) fn call_may_wait(node: &dyn ExecutionPlan, embedders: &Embedders) -> bool {
    let node: &dyn std::any::Any = node;
    node.downcast_ref().is_some_and(|CallExec { work, input, .. }| {
        work.function.may_wait(&work.arguments, &input.schema(), embedders)
    })
}

/// What a call does, apart from its input.
#[derive(Clone, Debug)]
struct Work {
    function: Arc<dyn TableFunction>,
    arguments: Vec<Option<Arc<dyn PhysicalExpr>>>,
    outer: bool,
    schema: SchemaRef,
}

/// See the module.
#[derive(Debug)]
pub(in crate::functions::table) struct CallExec {
    work: Work,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CallExec {
    fn new(work: Work, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(work.schema.clone()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { work, input, properties, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for CallExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        explain(self.work.function.as_ref(), &self.work.arguments, f)
    }
}

impl ExecutionPlan for CallExec {
    fn name(&self) -> &str {
        self.work.function.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for argument in self.work.arguments.iter().flatten() {
            if f(argument)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(input) = children.into_iter().next() else {
            return Err(DataFusionError::Internal(format!("{} has one input", self.name())));
        };
        Ok(Arc::new(Self::new(self.work.clone(), input)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let statement = StatementContext::of(&context)?;
        let running = self.work.function.begin(statement, &self.metrics, partition)?;
        let rows = MetricBuilder::new(&self.metrics).output_rows(partition);
        let task = Task { running, work: self.work.clone(), rows };
        Ok(by_chunks(self.input.execute(0, context)?, self.work.schema.clone(), task))
    }
}

struct Task {
    running: Box<dyn Running>,
    work: Work,
    rows: Count,
}

impl ForChunk for Task {
    fn run(&mut self, input: &RecordBatch) -> Result<Batches> {
        let rows = input.num_rows();
        let evaluate = |argument: &Option<Arc<dyn PhysicalExpr>>| {
            argument.as_ref().map(|argument| argument.evaluate(input)?.into_array(rows)).transpose()
        };
        let arguments =
            self.work.arguments.iter().map(evaluate).collect::<Result<Vec<Option<ArrayRef>>>>()?;
        let produced = self.running.run(&arguments, rows)?;
        self.rows.add(produced.owners.len());
        let batch = self.beside(input, produced)?;
        Ok(Box::new((batch.num_rows() > 0).then_some(Ok(batch)).into_iter()))
    }
}

impl Task {
    /// Each row of the input beside its rows; where it has none, beside NULLs or not at all.
    fn beside(&self, input: &RecordBatch, produced: Produced) -> Result<RecordBatch> {
        let Produced { owners, columns: own } = produced;
        if !self.work.outer {
            if owners.is_empty() {
                return Ok(RecordBatch::new_empty(self.work.schema.clone()));
            }
            let repeated = take_arrays(input.columns(), &UInt32Array::from(owners), None)?;
            return Ok(RecordBatch::try_new(
                self.work.schema.clone(),
                repeated.into_iter().chain(own).collect(),
            )?);
        }
        let (mut rows, mut places): (Vec<u32>, Vec<Option<u32>>) = (Vec::new(), Vec::new());
        let mut given = (0_u32..).zip(owners).peekable();
        for row in 0..u32::try_from(input.num_rows()).unwrap_or(u32::MAX) {
            let start = places.len();
            while let Some((place, _)) = given.next_if(|(_, owner)| *owner == row) {
                places.push(Some(place));
            }
            if places.len() == start {
                places.push(None);
            }
            rows.resize(places.len(), row);
        }
        let repeated = take_arrays(input.columns(), &UInt32Array::from(rows), None)?;
        let own = if own.is_empty() {
            let fields = self.work.schema.fields().iter().skip(input.num_columns());
            fields.map(|field| new_null_array(field.data_type(), places.len())).collect()
        } else {
            take_arrays(&own, &UInt32Array::from(places), None)?
        };
        Ok(RecordBatch::try_new(self.work.schema.clone(), repeated.into_iter().chain(own).collect())?)
    }
}
