//! The execution node: runs its plan for each combination of values that its input's rows have.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{concat, concat_batches, take_arrays};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, create_physical_expr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, reset_plan_states};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties, collect,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::{StreamExt, stream};

use super::node::{Apply, Gives};
use crate::Error;
use crate::planning::generic_plan::{Slots, open};
use crate::sqlstate::SqlState;

/// Answers that are kept of one run of a statement.
const KEPT: usize = 4096;

/// Their bytes.
const MOST_KEPT: usize = 16 << 20;

/// Makes the execution node of an [`Apply`].
#[derive(Debug, Default)]
pub(crate) struct ApplyPlanner;

#[async_trait]
impl ExtensionPlanner for ApplyPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn datafusion::catalog::Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(apply) = node.as_any().downcast_ref::<Apply>() else { return Ok(None) };
        let Some(input) = physical_inputs.first() else {
            return Err(DataFusionError::Internal("Apply has one input".to_string()));
        };
        let schema = apply.input().schema();
        let arguments = apply.arguments().iter();
        let arguments = arguments
            .map(|argument| create_physical_expr(argument, schema, session.execution_props(), context))
            .collect::<Result<Vec<_>>>()?;
        let slots = Arc::new(Slots::new(vec![ScalarValue::Null; arguments.len()]));
        let opened = open(apply.plan().clone(), &slots)?;
        let plan = planner.create_physical_plan(&opened, session).await?;
        let work = Work {
            plan,
            slots,
            arguments,
            gives: apply.gives().clone(),
            volatile: apply.is_volatile(),
            schema: apply.schema_arrow(),
        };
        Ok(Some(Arc::new(ApplyExec::new(work, input.clone()))))
    }
}

/// What is done for each row.
#[derive(Clone, Debug)]
struct Work {
    plan: Arc<dyn ExecutionPlan>,
    /// Where the plan reads its parameters.
    slots: Arc<Slots>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    gives: Gives,
    /// Whether the same arguments may give another answer.
    volatile: bool,
    schema: SchemaRef,
}

/// See the module. One run at a time has it: statements with it have no generic plan.
#[derive(Debug)]
struct ApplyExec {
    work: Work,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl ApplyExec {
    fn new(work: Work, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(work.schema.clone()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { work, input, properties }
    }
}

impl DisplayAs for ApplyExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.work.arguments.iter().map(ToString::to_string).collect();
        write!(f, "Apply: for each [{}]", arguments.join(", "))
    }
}

impl ExecutionPlan for ApplyExec {
    fn name(&self) -> &str {
        "Apply"
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
        for argument in &self.work.arguments {
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
            return Err(DataFusionError::Internal("Apply has one input".to_string()));
        };
        Ok(Arc::new(Self::new(self.work.clone(), input)))
    }

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(0, context.clone())?;
        let reservation = MemoryConsumer::new("Apply").register(context.memory_pool());
        let runs = Runs {
            work: self.work.clone(),
            input,
            at: None,
            batch_rows: context.session_config().batch_size(),
            context,
            answers: HashMap::new(),
            kept: 0,
            reservation,
        };
        let batches =
            stream::unfold(runs, |mut runs| async move { Some((runs.next().await.transpose()?, runs)) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.work.schema.clone(), batches)))
    }
}

/// One run of the node.
struct Runs {
    work: Work,
    input: SendableRecordBatchStream,
    /// The input's rows at hand.
    at: Option<Rows>,
    /// About how many rows a batch of what it gives has.
    batch_rows: usize,
    context: Arc<TaskContext>,
    answers: HashMap<Vec<ScalarValue>, RecordBatch>,
    /// Bytes of the answers that are kept.
    kept: usize,
    /// Memory for the answers to the rows at hand.
    reservation: MemoryReservation,
}

/// Rows of the input, the arguments that they have, and the first that has not had its turn.
struct Rows {
    input: RecordBatch,
    arguments: Vec<ArrayRef>,
    next: usize,
}

impl Runs {
    /// Some of the input's rows with what belongs to them.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut rows = match self.at.take() {
            Some(rows) => rows,
            None => match self.input.next().await.transpose()? {
                Some(input) => self.begin(input)?,
                None => return Ok(None),
            },
        };
        let (first, mut answers, mut given) = (rows.next, Vec::new(), 0);
        while rows.next < rows.input.num_rows() && given < self.batch_rows {
            let values = rows.arguments.iter().map(|array| ScalarValue::try_from_array(array, rows.next));
            let answer = self.answer(values.collect::<Result<Vec<_>>>()?).await?;
            given += answer.num_rows().max(1);
            answers.push(answer);
            rows.next += 1;
        }
        let input = rows.input.slice(first, rows.next - first);
        let beside = match &self.work.gives {
            Gives::Value(_) => self.values(&input, &answers)?,
            Gives::Rows { outer } => self.rows(&input, &answers, *outer)?,
        };
        self.reservation.free();
        self.at = (rows.next < rows.input.num_rows()).then_some(rows);
        Ok(Some(beside))
    }

    fn begin(&self, input: RecordBatch) -> Result<Rows> {
        let arguments = self.work.arguments.iter();
        let arguments = arguments.map(|it| it.evaluate(&input)?.into_array(input.num_rows()));
        Ok(Rows { arguments: arguments.collect::<Result<_>>()?, input, next: 0 })
    }

    async fn answer(&mut self, values: Vec<ScalarValue>) -> Result<RecordBatch> {
        if let Some(known) = self.answers.get(&values) {
            return Ok(known.clone());
        }
        self.work.slots.write().clone_from(&values);
        // Also before the first run: a plan that is within another's is run again with that one.
        self.work.plan = reset_plan_states(self.work.plan.clone())?;
        let batches = collect(self.work.plan.clone(), self.context.clone()).await?;
        let answer = concat_batches(&self.work.plan.schema(), &batches)?;
        let size = answer.get_array_memory_size();
        self.reservation.try_grow(size)?;
        if self.work.volatile {
            return Ok(answer);
        }
        if self.answers.len() >= KEPT || self.kept + size > MOST_KEPT {
            self.answers.clear();
            self.kept = 0;
        }
        if size <= MOST_KEPT {
            self.kept += size;
            self.answers.insert(values, answer.clone());
        }
        Ok(answer)
    }

    fn values(&self, input: &RecordBatch, answers: &[RecordBatch]) -> Result<RecordBatch> {
        let Some(field) = self.work.schema.fields().last() else {
            return Err(DataFusionError::Internal("Apply has a column".to_string()));
        };
        let nothing = new_null_array(field.data_type(), 1);
        let mut parts: Vec<&dyn Array> = Vec::with_capacity(answers.len());
        for answer in answers {
            if answer.num_rows() > 1 {
                let message = "more than one row returned by a subquery used as an expression";
                return Err(Error::new(SqlState::CardinalityViolation, message).into());
            }
            let value = answer.columns().first().filter(|_| answer.num_rows() == 1);
            parts.push(value.unwrap_or(&nothing).as_ref());
        }
        let value = match parts.is_empty() {
            true => new_null_array(field.data_type(), 0),
            false => concat(&parts)?,
        };
        let columns = input.columns().iter().cloned().chain([value]).collect();
        Ok(RecordBatch::try_new(self.work.schema.clone(), columns)?)
    }

    fn rows(&self, input: &RecordBatch, answers: &[RecordBatch], outer: bool) -> Result<RecordBatch> {
        let own: Vec<_> = self.work.schema.fields().iter().skip(input.num_columns()).collect();
        let nothing: Vec<ArrayRef> = own.iter().map(|field| new_null_array(field.data_type(), 1)).collect();
        let mut owners = Vec::new();
        let mut parts: Vec<&[ArrayRef]> = Vec::new();
        for (row, answer) in (0_u32..).zip(answers) {
            if answer.num_rows() > 0 {
                owners.extend(std::iter::repeat_n(row, answer.num_rows()));
                parts.push(answer.columns());
            } else if outer {
                owners.push(row);
                parts.push(&nothing);
            }
        }
        let mut columns = take_arrays(input.columns(), &UInt32Array::from(owners), None)?;
        for (place, field) in own.iter().enumerate() {
            let arrays: Vec<&dyn Array> =
                parts.iter().filter_map(|part| part.get(place)).map(AsRef::as_ref).collect();
            columns.push(match arrays.is_empty() {
                true => new_null_array(field.data_type(), 0),
                false => concat(&arrays)?,
            });
        }
        Ok(RecordBatch::try_new(self.work.schema.clone(), columns)?)
    }
}
