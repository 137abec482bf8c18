//! What waits: calls of embed() with an embedder that does, and searches of texts in columns that it made.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use muster_embedders::Embedders;

use crate::functions::scalar::{self, embed_waits};
use crate::functions::table::{call_may_wait, search_may_wait};

/// Whether evaluating an expression waits.
pub(crate) fn expression_waits(expression: &Expr) -> bool {
    let mut waits = false;
    let walked = expression.apply(|part| {
        waits |= matches!(part, Expr::ScalarFunction(call) if call_waits(call));
        Ok(if waits { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    waits
}

/// Whether a call is one of embed() that waits.
fn call_waits(call: &ScalarFunction) -> bool {
    let model = call.args.get(scalar::EMBED_MODEL).map(|argument| match argument {
        Expr::Literal(model, _) => Some(model),
        _ => None,
    });
    embed_waits(&call.func, model)
}

/// Whether running a plan waits.
///
/// # Errors
/// What DataFusion says of a plan that it cannot walk.
pub(super) fn plan_waits(plan: &Arc<dyn ExecutionPlan>, embedders: &Embedders) -> Result<bool> {
    let mut waits = false;
    plan.apply(|node| {
        node.apply_expressions(&mut |expression| {
            expression.apply(|part| {
                waits |= physical_waits(part);
                Ok(if waits { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        waits |= search_may_wait(node.as_ref(), embedders) || call_may_wait(node.as_ref(), embedders);
        Ok(if waits { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(waits)
}

/// Whether evaluating a compiled expression waits.
pub(crate) fn compiled_waits(expression: &Arc<dyn PhysicalExpr>) -> bool {
    let mut waits = false;
    let walked = expression.apply(|part| {
        waits |= physical_waits(part);
        Ok(if waits { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    waits
}

fn physical_waits(part: &Arc<dyn PhysicalExpr>) -> bool {
    let part: &dyn std::any::Any = part.as_ref();
    let Some(call) = part.downcast_ref::<ScalarFunctionExpr>() else { return false };
    let model = call.args().get(scalar::EMBED_MODEL).map(|argument| {
        let argument: &dyn std::any::Any = argument.as_ref();
        argument
            .downcast_ref::<datafusion::physical_expr::expressions::Literal>()
            .map(|literal| literal.value())
    });
    embed_waits(call.fun(), model)
}
