//! A predicate whose values come late: it refers to the node's input, or has a parameter that a generic plan leaves open.
//!
//! With the values of a run and a row in their places it is a predicate like any other, and its bitmaps are kept alike.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, ScalarValue, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, lit};
use muster_storage::TableDefinition;

use super::planner::columns_of;
use crate::planning::{expression, generic_plan};
use crate::search::Predicate;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Late {
    expression: Expr,
    /// The table's name in it.
    own: TableReference,
}

/// The name that the input's columns have in it: their positions are their own names.
const INPUT: &str = "\0input";

impl Late {
    /// A column of the input.
    pub(super) fn input(position: usize) -> Expr {
        Expr::Column(Column::new(Some(INPUT), position.to_string()))
    }

    pub(super) fn new(expression: Expr, own: TableReference) -> Self {
        Self { expression, own }
    }

    /// The predicate for one row of the input.
    pub(super) fn at(&self, input: &RecordBatch, row: usize) -> Result<Expr> {
        let bound = self.expression.clone().transform_up(|part| match &part {
            Expr::Column(column) if column.relation.as_ref().is_some_and(|of| of.table() == INPUT) => {
                let position = column.name.parse::<usize>().ok();
                let array = position.and_then(|position| input.columns().get(position));
                let array =
                    array.ok_or_else(|| DataFusionError::Internal("a column of LATERAL is gone".into()))?;
                Ok(Transformed::yes(lit(ScalarValue::try_from_array(array, row)?)))
            }
            _ => generic_plan::filled(part),
        })?;
        Ok(bound.data)
    }

    /// The predicate that [`Late::at`] has given.
    pub(super) fn compiled(&self, expression: Expr, definition: &Arc<TableDefinition>) -> Result<Predicate> {
        let (projection, columns) = columns_of(definition, &self.own, &expression)?;
        let physical = expression::physical(&expression, &columns)?;
        Ok(Predicate::new(physical, projection, columns.inner().clone(), expression, definition)?)
    }
}
