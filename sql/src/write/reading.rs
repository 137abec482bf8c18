//! Whether a statement that changes rows reads columns of its target, for which it takes SELECT.
//!
//! It is told from the query that gives the rows: the target's scan has a name of its own there, so what other relations call
//! themselves is not mistaken for it.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::Result;
use crate::planning::TARGET;

/// Whether a query reads columns of what is scanned as [`TARGET`] and called `own`. With `bare` its list is that of all columns,
/// and nobody's wish.
pub(super) fn reads(query: &LogicalPlan, own: &TableReference, bare: bool) -> Result<bool> {
    let is_own = |column: &Column| column.relation.as_ref().is_none_or(|relation| relation == own);
    let mut read = false;
    let mut within = query;
    if bare {
        within = match query {
            LogicalPlan::Projection(list) => list.input.as_ref(),
            other => other,
        };
    }
    visit(within, &is_own, &mut read)?;
    // Subqueries see it from outside.
    within.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            let outer =
                |part: &Expr| Ok(matches!(part, Expr::OuterReferenceColumn(_, column) if is_own(column)));
            read |= expression.exists(outer)?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(read)
}

/// Looks at the nodes above the target's scan; gives whether there is one at or below `node`.
fn visit(node: &LogicalPlan, is_own: &dyn Fn(&Column) -> bool, read: &mut bool) -> Result<bool> {
    if let LogicalPlan::TableScan(scan) = node {
        return Ok(scan.table_name == TableReference::bare(TARGET));
    }
    let mut above = false;
    for input in node.inputs() {
        above |= visit(input, is_own, read)?;
    }
    if above {
        node.apply_expressions(|expression| {
            *read |= expression.exists(|part| Ok(matches!(part, Expr::Column(column) if is_own(column))))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(above)
}
