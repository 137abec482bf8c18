//! Joins that leave their thread to others: cross joins and nested loops compare each row with each, for as long as that takes.
//!
//! DataFusion's operators give the thread back where they wait for a scan. A nested loop may look at millions of pairs for one
//! batch of its input, and other joins may make thousands of batches of one: meanwhile no time limit, no cancellation and no
//! other client would be heard. [`with_yielding_joins`] is the last rule on a physical plan:
//!
//! - what any join gives takes from what a task may do at a time (`CooperativeExec`);
//! - a nested loop is given its right input in [`slices`] that are short enough, and works [`in_place`] once it takes long.

mod in_place;
mod node;
mod slices;

use std::sync::Arc;
use std::time::Duration;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};

use in_place::in_place;
use node::Passing;
use slices::sliced;

/// How long a task may keep its thread.
const LONG: Duration = Duration::from_millis(20);

/// The rules, and this one behind them.
pub(crate) fn with_yielding_joins(
    mut rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    rules.push(Arc::new(YieldingJoins));
    rules
}

#[derive(Debug)]
struct YieldingJoins;

impl PhysicalOptimizerRule for YieldingJoins {
    fn name(&self) -> &str {
        "yielding_joins"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(plan.transform_up(yielding)?.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    if is::<NestedLoopJoinExec>(&plan) {
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = plan.children().into_iter().cloned().collect();
        let Some(right) = inputs.get_mut(1) else {
            return Err(DataFusionError::Internal("a join has two inputs".to_string()));
        };
        *right = Arc::new(Passing::on("Slices", right.clone(), sliced));
        let join = replace_children_if_necessary(plan, inputs)?;
        return Ok(Transformed::yes(Arc::new(Passing::on("InPlace", join, in_place))));
    }
    if is::<CrossJoinExec>(&plan) || is::<HashJoinExec>(&plan) || is::<SortMergeJoinExec>(&plan) {
        return Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan))));
    }
    Ok(Transformed::no(plan))
}

fn is<T: 'static>(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let any: &dyn std::any::Any = plan.as_ref();
    any.is::<T>()
}
