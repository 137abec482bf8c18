//! Leaves out what nobody reads: a search's `metadata`, which costs more to make than a search to run.
//!
//! It runs after DataFusion's optimizer, when each column that is used is named by an expression or is in the
//! result.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan};

use crate::Result;
use crate::functions::table::{Call, VectorSearch};

/// The column's name. Another table's column of that name keeps it: that costs time, not rows.
const METADATA: &str = "metadata";

/// The plan, its searches without `metadata` where that is not used.
pub(super) fn prune(plan: LogicalPlan) -> Result<LogicalPlan> {
    if !searches(&plan)? || reads_metadata(&plan)? {
        return Ok(plan);
    }
    let transformed = plan.transform_up_with_subqueries(|plan| {
        let LogicalPlan::Extension(Extension { node }) = &plan else { return Ok(Transformed::no(plan)) };
        let extension = if let Some(search) = node.as_any().downcast_ref::<VectorSearch>() {
            Extension { node: Arc::new(search.clone().without_metadata()) }
        } else if let Some(call) = node.as_any().downcast_ref::<Call>().and_then(Call::without_metadata) {
            Extension { node: Arc::new(call) }
        } else {
            return Ok(Transformed::no(plan));
        };
        Ok(Transformed::yes(LogicalPlan::Extension(extension)))
    })?;
    Ok(transformed.data)
}

fn searches(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Extension(Extension { node }) = node {
            found |= node.as_any().is::<VectorSearch>()
                || node.as_any().downcast_ref::<Call>().is_some_and(|call| call.without_metadata().is_some());
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

fn reads_metadata(plan: &LogicalPlan) -> Result<bool> {
    if plan.schema().fields().iter().any(|field| field.name() == METADATA) {
        return Ok(true);
    }
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                found |= match part {
                    Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => column.name == METADATA,
                    _ => false,
                };
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        // A set operation passes its columns on without naming them.
        found |=
            matches!(node, LogicalPlan::Distinct(_) | LogicalPlan::Union(_) | LogicalPlan::RecursiveQuery(_));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
