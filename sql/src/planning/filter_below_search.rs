//! The optimizer's rule that filters the rows before they are searched for: a condition over a search's input alone, or another table function's.
//!
//! DataFusion pushes conditions down to a node of ours from above and stops there, for it would push them into all of the
//! node's inputs. What is pushed below here goes on downwards with DataFusion's next round. Invariant: a search for a row
//! depends on that row alone, so which other rows there are changes nothing.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Extension, Filter, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::functions::table::{Call, VectorSearch};
use crate::topk::VectorTopK;

/// The rule of DataFusion's that this one goes on from. A later rule puts projections in between.
const PUSHES_FILTERS: &str = "push_down_filter";

type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// DataFusion's rules, with this one in its place.
pub(crate) fn with_filters_below_searches(rules: &[Rule]) -> Vec<Rule> {
    let mut all: Vec<Rule> = Vec::new();
    for rule in rules {
        all.push(rule.clone());
        if rule.name() == PUSHES_FILTERS {
            all.push(Arc::new(FilterBelowSearch));
        }
    }
    all
}

/// See the module.
#[derive(Debug)]
struct FilterBelowSearch;

impl OptimizerRule for FilterBelowSearch {
    fn name(&self) -> &str {
        "filter_below_search"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = plan else { return Ok(Transformed::no(plan)) };
        let LogicalPlan::Extension(Extension { node }) = filter.input.as_ref() else {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        };
        let is_search = node.as_any().is::<VectorTopK>()
            || node.as_any().is::<VectorSearch>()
            || node.as_any().is::<Call>();
        let inputs = node.inputs();
        let (true, Some(first)) = (is_search, inputs.first()) else {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        };
        let of_input = |condition: &Expr| {
            !condition.is_volatile()
                && !has_subquery(condition)
                && !condition.column_refs().is_empty()
                && condition.column_refs().into_iter().all(|column| first.schema().has_column(column))
        };
        let (below, above): (Vec<_>, Vec<_>) =
            split_conjunction_owned(filter.predicate.clone()).into_iter().partition(of_input);
        let Some(below) = conjunction(below) else {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        };
        let filtered = LogicalPlan::Filter(Filter::try_new(below, Arc::new((*first).clone()))?);
        let inputs = std::iter::once(filtered).chain(inputs.into_iter().skip(1).cloned()).collect();
        let node = node.with_exprs_and_inputs(node.expressions(), inputs)?;
        let search = LogicalPlan::Extension(Extension { node });
        Ok(Transformed::yes(match conjunction(above) {
            Some(above) => LogicalPlan::Filter(Filter::try_new(above, Arc::new(search))?),
            None => search,
        }))
    }
}

/// What a subquery reads of the rows outside is not among an expression's columns.
fn has_subquery(condition: &Expr) -> bool {
    let is_subquery = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) | Expr::SetComparison(_)
        ))
    };
    condition.exists(is_subquery).unwrap_or(true)
}
