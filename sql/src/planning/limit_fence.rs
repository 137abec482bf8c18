//! A fence around each limit while DataFusion places sorts, so that a limit takes the first rows of what is below it.
//!
//! DataFusion 55 moves the sort above a limit below it, where other rows are the first ones (and with OFFSET too few are
//! left: its issues 24958 and 25378), and takes away a sort whose key is dropped before the limit (23534). A fence above a
//! limit lets no sort through; one above the rows that a limit reads keeps their order. [`fence`] puts them, and [`unfence`]
//! takes all of them away when the sorts have their places. No fence ever runs.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{OrderingRequirements, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
};

/// The rule of DataFusion's that places sorts.
const PLACES_SORTS: &str = "EnsureRequirements";

/// DataFusion's rules, with the fences put before sorts are placed and taken away after.
pub(crate) fn with_limit_fences(
    rules: &[Arc<dyn PhysicalOptimizerRule + Send + Sync>],
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut fenced: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = Vec::new();
    for rule in rules {
        if rule.name() == PLACES_SORTS {
            fenced.push(Arc::new(FenceRule { name: "fence_limits", rewrite: fence }));
            fenced.push(rule.clone());
            fenced.push(Arc::new(FenceRule { name: "unfence_limits", rewrite: unfence }));
        } else {
            fenced.push(rule.clone());
        }
    }
    fenced
}

type Plan = Arc<dyn ExecutionPlan>;

#[derive(Debug)]
struct FenceRule {
    name: &'static str,
    rewrite: fn(Plan) -> Result<Plan>,
}

impl PhysicalOptimizerRule for FenceRule {
    fn name(&self) -> &str {
        self.name
    }

    fn optimize(&self, plan: Plan, _: &ConfigOptions) -> Result<Plan> {
        (self.rewrite)(plan)
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn fence(plan: Plan) -> Result<Plan> {
    let fenced = plan.transform_up(|plan| {
        if !is_limit(&plan) {
            return Ok(Transformed::no(plan));
        }
        let below = plan.children().into_iter().cloned().map(fence_order).collect::<Result<_>>()?;
        Ok(Transformed::yes(Fence::around(with_children(plan, below)?)))
    })?;
    Ok(fenced.data)
}

fn unfence(plan: Plan) -> Result<Plan> {
    let unfenced = plan.transform_up(|plan| match downcast::<Fence>(&plan) {
        Some(fence) => Ok(Transformed::yes(fence.input.clone())),
        None => Ok(Transformed::no(plan)),
    })?;
    Ok(unfenced.data)
}

/// The rows that a limit reads, fenced where their order is known: a projection may drop what they are ordered by.
fn fence_order(plan: Plan) -> Result<Plan> {
    if plan.output_ordering().is_some() {
        return Ok(Fence::around(plan));
    }
    if downcast::<ProjectionExec>(&plan).is_none() {
        return Ok(plan);
    }
    let below = plan.children().into_iter().cloned().map(fence_order).collect::<Result<_>>()?;
    with_children(plan, below)
}

fn is_limit(plan: &Plan) -> bool {
    downcast::<GlobalLimitExec>(plan).is_some() || downcast::<LocalLimitExec>(plan).is_some()
}

fn downcast<T: 'static>(plan: &Plan) -> Option<&T> {
    let any: &dyn std::any::Any = plan.as_ref();
    any.downcast_ref()
}

fn with_children(plan: Plan, children: Vec<Plan>) -> Result<Plan> {
    datafusion::physical_plan::execution_plan::replace_children_if_necessary(plan, children)
}

/// See the module.
#[derive(Debug)]
struct Fence {
    input: Plan,
}

impl Fence {
    fn around(input: Plan) -> Plan {
        Arc::new(Self { input })
    }
}

impl DisplayAs for Fence {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fence")
    }
}

impl ExecutionPlan for Fence {
    fn name(&self) -> &str {
        "Fence"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Plan> {
        vec![&self.input]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![self.input.output_ordering().cloned().map(OrderingRequirements::from)]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![match self.input.output_partitioning().partition_count() {
            1 => Distribution::SinglePartition,
            _ => Distribution::UnspecifiedDistribution,
        }]
    }

    /// Nothing is to be moved from above to below.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
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

    fn with_new_children(self: Arc<Self>, children: Vec<Plan>) -> Result<Plan> {
        match children.into_iter().next() {
            Some(input) => Ok(Self::around(input)),
            None => Err(DataFusionError::Internal("a fence is around something".to_string())),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}
