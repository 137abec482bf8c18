//! A statement that is planned once, with its parameters open.

use std::sync::Arc;

use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::logical_expr::LogicalPlan;
use muster_storage::TableDefinition;

use crate::outcome::CommandTag;
use crate::parse::Statement;
use crate::statement::insert::PlannedInsert;

/// See the module. It holds no data and no snapshot: each run reads the tables as they are then.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) statement: Statement,
    pub(crate) parameters: Vec<FieldRef>,
    /// The types that the client declared, to plan again when a table was made anew.
    pub(crate) declared: Vec<Option<FieldRef>>,
    pub(crate) columns: Option<SchemaRef>,
    pub(crate) planned: Arc<Planned>,
    /// The tables that the plan is for, as they were defined then.
    pub(crate) tables: Vec<Arc<TableDefinition>>,
}

/// What a statement was planned to.
#[derive(Debug)]
pub(crate) enum Planned {
    /// A query, analyzed.
    Query { plan: LogicalPlan, tag: CommandTag },
    /// EXPLAIN of an analyzed query.
    Explain { plan: LogicalPlan, analyze: bool },
    /// An INSERT, its source analyzed.
    Insert(PlannedInsert),
    /// Everything else runs from its AST.
    Utility,
}

impl Prepared {
    /// The parameters, `$1` first: their types, with metadata as columns have it.
    #[must_use]
    pub fn parameters(&self) -> &[FieldRef] {
        &self.parameters
    }

    /// The columns of the rows it returns; `None` when it returns none.
    #[must_use]
    pub fn columns(&self) -> Option<SchemaRef> {
        self.columns.clone()
    }

    /// The statement.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }
}
