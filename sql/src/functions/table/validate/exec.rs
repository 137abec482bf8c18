//! The execution node: for each row of its input its findings, the input's columns beside them.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder, UInt32Array};
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
use muster_engine::validate::{Finding, Validator};

use super::node::Validation;
use super::{check, drafts, name, parameters};
use crate::Error;
use crate::search::{Batches, ForChunk, by_chunks};
use crate::session::StatementContext;
use crate::types::json;

/// Makes the execution node of a [`Validation`].
#[derive(Debug, Default)]
pub(crate) struct ValidationPlanner;

#[async_trait]
impl ExtensionPlanner for ValidationPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn datafusion::catalog::Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<Validation>() else { return Ok(None) };
        let Some(input) = physical_inputs.first() else {
            return Err(DataFusionError::Internal("a validation has one input".to_string()));
        };
        let schema = node.input().schema();
        let argument = create_physical_expr(node.argument(), schema, session.execution_props(), context)?;
        let work =
            Work { validator: node.validator, argument, outer: node.outer, schema: node.schema_arrow() };
        Ok(Some(Arc::new(ValidationExec::new(work, input.clone()))))
    }
}

/// What a validation does, apart from its input.
#[derive(Clone, Debug)]
struct Work {
    validator: Validator,
    argument: Arc<dyn PhysicalExpr>,
    outer: bool,
    schema: SchemaRef,
}

/// See the module.
#[derive(Debug)]
struct ValidationExec {
    work: Work,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ValidationExec {
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

impl DisplayAs for ValidationExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validation: {}({})", name(self.work.validator), self.work.argument)
    }
}

impl ExecutionPlan for ValidationExec {
    fn name(&self) -> &str {
        "Validation"
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
        f(&self.work.argument)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(input) = children.into_iter().next() else {
            return Err(DataFusionError::Internal("a validation has one input".to_string()));
        };
        Ok(Arc::new(Self::new(self.work.clone(), input)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let task = Task {
            statement: StatementContext::of(&context)?,
            work: self.work.clone(),
            checked: MetricBuilder::new(&self.metrics).counter("checked", partition),
            findings: MetricBuilder::new(&self.metrics).counter("findings", partition),
        };
        Ok(by_chunks(self.input.execute(0, context)?, self.work.schema.clone(), task))
    }
}

struct Task {
    statement: Arc<StatementContext>,
    work: Work,
    checked: Count,
    findings: Count,
}

impl ForChunk for Task {
    /// Checks each row of `input`.
    fn run(&mut self, input: &RecordBatch) -> Result<Batches> {
        let rows = input.num_rows();
        let argument = self.work.argument.evaluate(input)?.into_array(rows)?;
        let validator = self.work.validator;
        let parameter = parameters(validator).first().map_or("", |parameter| parameter.name);
        let drafts = drafts(name(validator), parameter, &argument)?;
        let found = check(validator, &drafts, &self.statement.snapshot)?;
        self.checked.add(drafts.len() - drafts.null_count());
        self.findings.add(found.iter().flatten().map(Vec::len).sum());
        let batch = self.beside(input, &found)?;
        Ok(Box::new((batch.num_rows() > 0).then_some(Ok(batch)).into_iter()))
    }
}

impl Task {
    /// Each row of the input beside its findings; where it has none, beside NULLs or not at all.
    fn beside(&self, input: &RecordBatch, found: &[Option<Vec<Finding>>]) -> Result<RecordBatch> {
        let mut rows: Vec<u32> = Vec::new();
        let mut findings: Vec<Option<&Finding>> = Vec::new();
        for (row, of_row) in found.iter().enumerate() {
            let row = u32::try_from(row).map_err(|_| Error::unsupported("a batch of so many rows"))?;
            let of_row = of_row.as_deref().unwrap_or_default();
            if of_row.is_empty() && self.work.outer {
                findings.push(None);
            }
            findings.extend(of_row.iter().map(Some));
            rows.resize(findings.len(), row);
        }
        let text = |of: fn(&Finding) -> &str| -> ArrayRef {
            Arc::new(findings.iter().map(|finding| finding.map(of)).collect::<StringArray>())
        };
        let mut errors = StringBuilder::new();
        for finding in &findings {
            match finding {
                Some(finding) => errors.append_value(json::canonical(&finding.error().to_string())?),
                None => errors.append_null(),
            }
        }
        let own: [ArrayRef; 6] = [
            text(|finding| finding.rule.severity.as_str()),
            text(|finding| finding.rule.kind.as_str()),
            text(|finding| finding.rule.id),
            text(|finding| &finding.field),
            text(|finding| &finding.reason),
            Arc::new(errors.finish()),
        ];
        let repeated = take_arrays(input.columns(), &UInt32Array::from(rows), None)?;
        Ok(RecordBatch::try_new(self.work.schema.clone(), repeated.into_iter().chain(own).collect())?)
    }
}
