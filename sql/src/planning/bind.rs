//! Gives functions in a plan the statement that runs it: those of sequences, those over the catalog, those
//! that look workers up, those of large objects.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, ScalarUDF};

use crate::Result;
use crate::catalog::system::SystemFunction;
use crate::functions::scalar::IsValid;
use crate::large_object::LargeObjectFunction;
use crate::sequence::SequenceFunction;
use crate::session::{Caller, StatementContext};

/// The plan, ready to be optimized and run by this statement.
///
/// # Errors
/// What DataFusion says of a plan that it cannot walk.
pub(crate) fn bind(plan: LogicalPlan, context: &StatementContext) -> Result<LogicalPlan> {
    if !calls(&plan)? {
        return Ok(plan);
    }
    let caller = Caller::of(context);
    let bound = plan.transform_up_with_subqueries(|plan| {
        plan.map_expressions(|expression| expression.transform_up(|part| Ok(bind_call(part, &caller))))
    })?;
    Ok(bound.data)
}

/// As [`bind`], for one expression.
///
/// # Errors
/// As [`bind`].
pub(crate) fn bind_expression(expression: Expr, caller: &Arc<Caller>) -> Result<Expr> {
    Ok(expression.transform_up(|part| Ok(bind_call(part, caller)))?.data)
}

fn bind_call(expression: Expr, caller: &Arc<Caller>) -> Transformed<Expr> {
    let Expr::ScalarFunction(call) = expression else { return Transformed::no(expression) };
    let function: &dyn Any = call.func.inner().as_ref();
    let bound = if let Some(function) = function.downcast_ref::<SequenceFunction>() {
        ScalarUDF::new_from_impl(function.called_by(caller.clone()))
    } else if let Some(function) = function.downcast_ref::<SystemFunction>() {
        ScalarUDF::new_from_impl(function.called_by(caller.clone()))
    } else if let Some(function) = function.downcast_ref::<IsValid>() {
        ScalarUDF::new_from_impl(function.called_by(caller.clone()))
    } else if let Some(function) = function.downcast_ref::<LargeObjectFunction>() {
        ScalarUDF::new_from_impl(function.called_by(caller.clone()))
    } else {
        return Transformed::no(Expr::ScalarFunction(call));
    };
    Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: Arc::new(bound), args: call.args }))
}

/// Whether a function works for the statement that calls it.
pub(crate) fn is_bound(call: &ScalarFunction) -> bool {
    let function: &dyn Any = call.func.inner().as_ref();
    function.is::<SequenceFunction>()
        || function.is::<SystemFunction>()
        || function.is::<IsValid>()
        || function.is::<LargeObjectFunction>()
}

/// Whether a plan calls one of the functions.
fn calls(plan: &LogicalPlan) -> PlanResult<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                found |= matches!(part, Expr::ScalarFunction(call) if is_bound(call));
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}
