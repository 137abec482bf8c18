//! A call of a table function in a plan: one logical and one execution node for all functions that compute their rows
//! chunk by chunk.
//!
//! A function says what it is by [`TableFunction`] and works by [`Running`]. The nodes know of inputs, LATERAL, outer rows
//! and EXPLAIN; they know nothing of what is computed.

mod exec;
mod node;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Field, Schema};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use muster_embedders::Embedders;
use muster_storage::TableDefinition;

use super::arguments::Parameter;
use crate::Result;
use crate::session::StatementContext;

pub(super) use exec::CallExec;
pub(crate) use exec::{CallPlanner, call_may_wait};
pub(crate) use node::Call;

/// A table function, bound to what the plan alone says of it.
pub(crate) trait TableFunction: Debug + Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> &'static str;

    /// The parameters of its arguments, without those that are settled by the plan.
    fn parameters(&self) -> &'static [Parameter];

    /// What EXPLAIN shows before the arguments.
    fn shown(&self) -> String {
        String::new()
    }

    /// Its columns.
    fn columns(&self) -> Vec<Field>;

    /// The tables that it reads, whatever its arguments; `None` where the plan does not tell.
    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>>;

    /// Whether it searches: whether its rows are worth keeping for the next who asks the same.
    fn searches(&self) -> bool {
        false
    }

    /// The same function for a reader who never looks at its column `metadata`; `None` where it has none.
    fn without_metadata(&self) -> Option<Arc<dyn TableFunction>> {
        None
    }

    /// Whether it may wait for an embedder, with these arguments over these columns.
    fn may_wait(
        &self,
        _arguments: &[Option<Arc<dyn PhysicalExpr>>],
        _input: &Schema,
        _embedders: &Embedders,
    ) -> bool {
        false
    }

    /// Begins to run in a statement.
    ///
    /// # Errors
    /// What keeps it from running at all.
    fn begin(
        &self,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Box<dyn Running>>;
}

/// A function at work.
pub(crate) trait Running: Send {
    /// The rows for each of `rows` rows of arguments.
    ///
    /// # Errors
    /// What is wrong with an argument, or with what it reads.
    fn run(&mut self, arguments: &[Option<ArrayRef>], rows: usize) -> Result<Produced>;
}

/// What a function gives for a chunk of rows.
#[derive(Debug, Default)]
pub(crate) struct Produced {
    /// For each row that is given the row of the arguments that it belongs to, in their order.
    pub(crate) owners: Vec<u32>,
    /// The function's columns, as long as `owners`.
    pub(crate) columns: Vec<ArrayRef>,
}
