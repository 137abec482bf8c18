//! The execution node: for each row of its input the nearest rows of the table, nearest first.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties,
};

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
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    /// What the settings say of the search, for EXPLAIN.
    settings: Option<(usize, bool)>,
}

impl VectorTopKExec {
    pub(super) fn new(work: Arc<Work>, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(work.schema.clone()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { work, input, properties, metrics: ExecutionPlanMetricsSet::new(), settings: None }
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
        let shown = VectorTopKExec { settings, ..VectorTopKExec::new(node.work.clone(), node.input.clone()) };
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
        let Some(input) = children.into_iter().next() else {
            return Err(DataFusionError::Internal("VectorTopK has an input".to_string()));
        };
        Ok(Arc::new(Self { settings: self.settings, ..Self::new(self.work.clone(), input) }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let statement = StatementContext::of(&context)?;
        let counters = Counters::new(&self.metrics, partition);
        let searcher = Searcher::open(self.work.clone(), statement)?;
        let task = Task { searcher, counters };
        Ok(by_chunks(self.input.execute(0, context)?, self.work.schema.clone(), task))
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
