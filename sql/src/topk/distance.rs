//! Which expressions are distances from a vector column.

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::Expr;
use muster_engine::Metric;

/// What a distance function measures.
pub(super) fn metric_of(function: &str) -> Option<Metric> {
    match function {
        "l2_distance" => Some(Metric::L2),
        "vector_negative_inner_product" => Some(Metric::InnerProduct),
        "cosine_distance" => Some(Metric::Cosine),
        "l1_distance" => Some(Metric::L1),
        _ => None,
    }
}

/// Whether an expression measures a distance between vectors.
pub(crate) fn measures(expression: &Expr) -> Result<bool> {
    expression.exists(|part| match part {
        Expr::ScalarFunction(call) => Ok(metric_of(call.func.name()).is_some()),
        _ => Ok(false),
    })
}

/// A distance between a column and something else.
#[derive(Debug)]
pub(super) struct Distance<'a> {
    pub(super) metric: Metric,
    /// What `column` said of the column.
    pub(super) column: usize,
    pub(super) query: &'a Expr,
}

impl<'a> Distance<'a> {
    /// The distance that `expression` is. `column` gives the number of a column of the table; the other side must have
    /// none. All four distances are the same both ways round.
    pub(super) fn of(expression: &'a Expr, column: &dyn Fn(&Expr) -> Option<usize>) -> Option<Self> {
        let Expr::ScalarFunction(call) = expression else { return None };
        let metric = metric_of(call.func.name())?;
        let [left, right] = call.args.as_slice() else { return None };
        let found = match (column(left), column(right)) {
            (Some(column), None) => Self { metric, column, query: right },
            (None, Some(column)) => Self { metric, column, query: left },
            _ => return None,
        };
        let of_table =
            found.query.column_refs().into_iter().any(|other| column(&Expr::Column(other.clone())).is_some());
        (!of_table).then_some(found)
    }
}
