//! Expressions over rows in memory: RETURNING, ON CONFLICT DO UPDATE.
//!
//! They are planned once, with their parameters open, and compiled for each run. They see one row at a time:
//! subqueries, aggregates and window functions are refused by name.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::FieldRef;
use arrow::record_batch::RecordBatchOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ParamValues};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Placeholder;

use crate::planning::expression::{self, Compiled};
use crate::planning::{Planner, bind_expression};
use crate::session::{Caller, StatementContext};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Expressions, their parameters open.
#[derive(Clone, Debug)]
pub(crate) struct Expressions {
    list: Vec<Expr>,
    columns: DFSchema,
}

impl Expressions {
    /// `clause` names the place in a statement that they stand in.
    ///
    /// # Errors
    /// 42803 for an aggregate, 42P20 for a window function, 0A000 for a subquery.
    pub(crate) fn new(planner: &Planner, list: Vec<Expr>, columns: DFSchema, clause: &str) -> Result<Self> {
        let coerced = list.into_iter().map(|expression| {
            match expression::more_than_rows(&expression) {
                Some("an aggregate") => {
                    let message = format!("aggregate functions are not allowed in {clause}");
                    return Err(Error::new(SqlState::GroupingError, message));
                }
                Some("a window function") => {
                    let message = format!("window functions are not allowed in {clause}");
                    return Err(Error::new(SqlState::WindowingError, message));
                }
                Some(what) => return Err(Error::unsupported(format!("{what} in {clause}"))),
                None => {}
            }
            expression::coerce(planner.state(), expression, &columns)
        });
        let list = coerced.collect::<Result<_>>()?;
        Ok(Self { list, columns })
    }

    pub(crate) fn list(&self) -> &[Expr] {
        &self.list
    }

    /// The type of each.
    pub(crate) fn fields(&self) -> Result<Vec<FieldRef>> {
        self.list.iter().map(|expression| expression::field(expression, &self.columns)).collect()
    }

    /// With the parameters' values.
    pub(crate) fn bind(&self, context: &StatementContext, params: &ParamValues) -> Result<Bound> {
        let planner = &context.database.planner;
        let caller = Caller::of(context);
        let compiled = self.list.iter().map(|expression| {
            let expression = bind_expression(bound(expression.clone(), params)?, &caller)?;
            expression::compile_joined(planner, expression, &self.columns, context.now)
        });
        Ok(Bound { compiled: compiled.collect::<Result<_>>()? })
    }
}

fn bound(expression: Expr, params: &ParamValues) -> Result<Expr> {
    let bound = expression.transform_up(|part| match part {
        Expr::Placeholder(Placeholder { id, .. }) => {
            let value = params.get_placeholders_with_values(&id)?;
            Ok(Transformed::yes(Expr::Literal(value.value, value.metadata)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(bound.data)
}

/// Expressions, ready to be evaluated.
#[derive(Debug)]
pub(crate) struct Bound {
    compiled: Vec<Compiled>,
}

impl Bound {
    /// The values of expression number `number` over `rows` rows with these columns.
    pub(crate) fn evaluate(&self, number: usize, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let missing = || Error::new(SqlState::InternalError, "an expression or a column of it is missing");
        let compiled = self.compiled.get(number).ok_or_else(missing)?;
        let inputs =
            compiled.projection.iter().map(|column| columns.get(*column).cloned().ok_or_else(missing));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let inputs = RecordBatch::try_new_with_options(compiled.schema.clone(), inputs, &options)?;
        Ok(compiled.physical.evaluate(&inputs)?.into_array(rows)?)
    }

    /// The values of all expressions, in order.
    pub(crate) fn evaluate_all(&self, columns: &[ArrayRef], rows: usize) -> Result<Vec<ArrayRef>> {
        (0..self.compiled.len()).map(|number| self.evaluate(number, columns, rows)).collect()
    }
}
