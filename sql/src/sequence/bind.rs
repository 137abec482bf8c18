//! Gives the sequence functions in a plan the statement that runs it: its snapshot, its search path, its session.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDF};

use super::functions::{Caller, SequenceFunction};
use crate::Result;
use crate::session::StatementContext;

/// The plan, ready to be optimized and run by this statement.
///
/// # Errors
/// What DataFusion says of a plan that it cannot walk.
pub(crate) fn bind(plan: LogicalPlan, context: &StatementContext) -> Result<LogicalPlan> {
    if !draws(&plan)? {
        return Ok(plan);
    }
    let caller = Arc::new(Caller::new(context.snapshot.clone(), &context.settings));
    let bound = plan.transform_up_with_subqueries(|plan| {
        plan.map_expressions(|expression| expression.transform_up(|part| Ok(bind_call(part, &caller))))
    })?;
    Ok(bound.data)
}

/// As [`bind`], for one expression.
///
/// # Errors
/// As [`bind`].
pub(crate) fn bind_expression(expression: Expr, context: &StatementContext) -> Result<Expr> {
    let caller = Arc::new(Caller::new(context.snapshot.clone(), &context.settings));
    Ok(expression.transform_up(|part| Ok(bind_call(part, &caller)))?.data)
}

fn bind_call(expression: Expr, caller: &Arc<Caller>) -> Transformed<Expr> {
    let Expr::ScalarFunction(call) = expression else { return Transformed::no(expression) };
    match function(&call) {
        Some(function) => {
            let bound = ScalarUDF::new_from_impl(function.called_by(caller.clone()));
            Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: Arc::new(bound), args: call.args }))
        }
        None => Transformed::no(Expr::ScalarFunction(call)),
    }
}

fn function(call: &ScalarFunction) -> Option<&SequenceFunction> {
    let function: &dyn Any = call.func.inner().as_ref();
    function.downcast_ref()
}

/// Whether a plan calls one of the functions.
fn draws(plan: &LogicalPlan) -> PlanResult<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                found |= matches!(part, Expr::ScalarFunction(call) if function(call).is_some());
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
