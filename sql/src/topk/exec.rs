//! The execution node: for each row of its input the nearest rows of the table, nearest first.

use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::output::Output;
use super::work::{Searcher, Work};
use crate::catalog::relation::shown;
use crate::search::{Batches, Counters, ForChunk, Predicate, by_chunks};
use crate::session::{Settings, StatementContext};

/// See the module.
#[derive(Debug)]
pub(super) struct VectorTopKExec {
    work: Arc<Work>,
    input: Arc<dyn ExecutionPlan>,
    /// The ids of the rows that may come.
    members: Option<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    /// What the settings say of the search, for EXPLAIN.
    settings: Option<(usize, bool)>,
}

impl VectorTopKExec {
    pub(super) fn new(
        work: Arc<Work>,
        input: Arc<dyn ExecutionPlan>,
        members: Option<Arc<dyn ExecutionPlan>>,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(work.schema.clone()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        let metrics = ExecutionPlanMetricsSet::new();
        Self { work, input, members, properties, metrics, settings: None }
    }
}

/// The plan, whose searches show the session's settings. They are no part of the plan itself.
///
/// # Errors
/// What DataFusion says of a plan that it cannot walk.
pub(crate) fn shown_with(
    plan: Arc<dyn ExecutionPlan>,
    settings: &Settings,
) -> Result<Arc<dyn ExecutionPlan>> {
    let shown = plan.transform_up(|plan| {
        let any: &dyn std::any::Any = plan.as_ref();
        let Some(node) = any.downcast_ref::<VectorTopKExec>() else { return Ok(Transformed::no(plan)) };
        let settings = Some((settings.ef_search, settings.exact));
        let (work, input, members) = (node.work.clone(), node.input.clone(), node.members.clone());
        let shown = VectorTopKExec { settings, ..VectorTopKExec::new(work, input, members) };
        Ok(Transformed::yes(Arc::new(shown) as Arc<dyn ExecutionPlan>))
    })?;
    Ok(shown.data)
}

impl DisplayAs for VectorTopKExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = &self.work;
        write!(f, "VectorTopK: table={}, index=", shown(&work.definition.name))?;
        match &work.index {
            Some(index) => write!(f, "{}", shown(&index.name))?,
            None => f.write_str("none")?,
        }
        write!(f, ", metric={}", work.metric)?;
        if let Some(fetch) = &work.fetch {
            write!(f, ", k={fetch}")?;
        }
        if let Some(skip) = &work.skip {
            write!(f, ", skip={skip}")?;
        }
        if self.members.is_some() {
            f.write_str(", of the rows below")?;
        }
        if work.ties {
            f.write_str(", with ties")?;
        }
        if let Some(filter) = &work.filter {
            write!(f, ", filter={filter}")?;
        }
        match self.settings {
            Some((_, true)) => f.write_str(", exact"),
            Some((ef, false)) => write!(f, ", ef={ef}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for VectorTopKExec {
    fn name(&self) -> &str {
        "VectorTopK"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        std::iter::once(&self.input).chain(&self.members).collect()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        self.children().iter().map(|_| Distribution::SinglePartition).collect()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        std::iter::once(true).chain(self.members.as_ref().map(|_| false)).collect()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let work = &self.work;
        let predicate = work.predicate.iter().map(Predicate::physical);
        for expression in std::iter::once(&work.query).chain(predicate).chain(&work.fetch).chain(&work.skip) {
            if f(expression)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut children = children.into_iter();
        let Some(input) = children.next() else {
            return Err(DataFusionError::Internal("VectorTopK has an input".to_string()));
        };
        let members = children.next();
        Ok(Arc::new(Self { settings: self.settings, ..Self::new(self.work.clone(), input, members) }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let statement = StatementContext::of(&context)?;
        let counters = Counters::new(&self.metrics, partition);
        let mut searcher = Searcher::open(self.work.clone(), statement)?;
        let schema = self.work.schema.clone();
        let input = self.input.execute(0, context.clone())?;
        let Some(members) = &self.members else {
            return Ok(by_chunks(input, schema, Task { searcher, counters }));
        };
        let mut members = members.execute(0, context)?;
        let output = schema.clone();
        let rows = async move {
            let mut ids = Vec::new();
            while let Some(batch) = members.next().await {
                let batch = batch?;
                let of_batch = batch.columns().first().and_then(|ids| ids.as_primitive_opt::<UInt64Type>());
                ids.extend(of_batch.into_iter().flat_map(|ids| ids.values().iter().copied()));
            }
            searcher.restrict(ids);
            Ok::<_, DataFusionError>(by_chunks(input, schema, Task { searcher, counters }))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(output, stream::once(rows).try_flatten())))
    }
}

struct Task {
    searcher: Searcher,
    counters: Counters,
}

impl ForChunk for Task {
    fn run(&mut self, rows: &RecordBatch) -> Result<Batches> {
        let places = self.searcher.search(rows, &self.counters)?;
        let (work, table) = (self.searcher.work.clone(), self.searcher.table.clone());
        Ok(Box::new(Output::new(work, table, rows.clone(), places)))
    }
}
