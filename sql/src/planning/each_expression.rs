//! Rewrites each expression of a plan, its subqueries included, with the schema that it stands over. Names are kept,
//! so whoever refers to a rewritten expression from above still finds it.

use std::cell::Cell;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, LogicalPlan};

/// See the module.
pub(super) fn each_expression(
    plan: LogicalPlan,
    rewrite: impl Fn(Expr, &DFSchema) -> Result<Transformed<Expr>>,
) -> Result<LogicalPlan> {
    each_expression_at(plan, |expression, schema, _plan| rewrite(expression, schema))
}

/// The same where it matters which operator an expression stands in.
pub(super) fn each_expression_at(
    plan: LogicalPlan,
    rewrite: impl Fn(Expr, &DFSchema, Place) -> Result<Transformed<Expr>>,
) -> Result<LogicalPlan> {
    let changed = Cell::new(false);
    plan.transform_up_with_subqueries(|plan| {
        let schema = merge_schema(&plan.inputs());
        let names = NamePreserver::new(&plan);
        let place = if matches!(plan, LogicalPlan::Filter(_)) { Place::Filter } else { Place::Elsewhere };
        let rewritten = plan.map_expressions(|expression| {
            let name = names.save(&expression);
            Ok(rewrite(expression, &schema, place)?.update_data(|expression| name.restore(expression)))
        })?;
        // Another expression may be of another type, which those above have to know.
        changed.set(changed.get() || rewritten.transformed);
        match changed.get() {
            true => rewritten.map_data(LogicalPlan::recompute_schema),
            false => Ok(rewritten),
        }
    })
    .map(|transformed| transformed.data)
}

/// The operator that an expression stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Filter,
    Elsewhere,
}
