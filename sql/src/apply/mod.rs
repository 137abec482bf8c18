//! Subqueries that refer to the rows around them and that DataFusion can make no join of: they run once for each row,
//! or rather once for each combination of the values that they refer to.
//!
//! [`apply_subqueries`] runs after DataFusion's optimizer, on what that has left: values of correlated subqueries,
//! EXISTS, and joins with LATERAL. It is no way to read large tables, but there is none that it cannot read.
//!
//! - [`Apply`]: the logical node.
//! - [`exec`]: the execution node, and its planner.
//! - [`rule`]: from subqueries to nodes.

mod exec;
mod node;
mod rule;

pub(crate) use exec::ApplyPlanner;
pub(crate) use node::Apply;
pub(crate) use rule::{apply_kept, apply_subqueries};
