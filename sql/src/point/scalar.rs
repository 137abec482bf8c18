//! One expression over rows and what is given.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;

use super::Rows;
use super::given::{Given, GivenValues};
use crate::Result;
use crate::embedding;
use crate::planning::{Planner, bind_expression, expression};
use crate::session::{Caller, StatementContext};
use crate::write::nullable_schema;

/// See the module.
#[derive(Debug)]
pub(super) struct Scalar {
    form: Form,
    /// The rows' columns, then those that are given.
    schema: SchemaRef,
}

#[derive(Debug)]
enum Form {
    Ready(Arc<dyn PhysicalExpr>),
    /// Made ready for each run.
    Varying {
        expression: Expr,
        columns: DFSchema,
    },
}

impl Scalar {
    /// Compiles an analyzed expression over `columns`; `None` for one that takes more than a row to evaluate.
    pub(super) fn compile(
        planner: &Planner,
        given: &Given,
        expression: &Expr,
        columns: &DFSchema,
    ) -> Result<Option<Self>> {
        let all = given.after(columns)?;
        let Some(expression) = open(planner, given, expression, &all)? else { return Ok(None) };
        Self::of_open(expression, all).map(Some)
    }

    /// Compiles what [`open`] gave over the columns there.
    pub(super) fn of_open(expression: Expr, all: DFSchema) -> Result<Self> {
        let schema = nullable_schema(all.as_arrow());
        let form = match expression::varies(&expression)? {
            true => Form::Varying { expression, columns: all },
            false => Form::Ready(expression::physical(&expression, &all)?),
        };
        Ok(Self { form, schema })
    }

    pub(super) fn evaluate(
        &self,
        context: &StatementContext,
        rows: &Rows,
        given: &GivenValues,
    ) -> Result<ArrayRef> {
        let varying;
        let ready = match &self.form {
            Form::Ready(ready) => ready,
            Form::Varying { expression, columns } => {
                let bound = bind_expression(expression.clone(), &Caller::of(context))?;
                let state = context.database.planner.state();
                let bound = expression::folded(state, bound, columns, context.now)?;
                varying = expression::physical(&bound, columns)?;
                &varying
            }
        };
        let mut columns = rows.columns.clone();
        columns.extend(given.repeated(rows.count)?);
        let options = RecordBatchOptions::new().with_row_count(Some(rows.count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(ready.evaluate(&batch)?.into_array(rows.count)?)
    }
}

/// An analyzed expression over columns and what is given, its constants folded as far as they are the same in each run;
/// `None` for one that takes more than a row to evaluate, or that waits.
pub(super) fn open(
    planner: &Planner,
    given: &Given,
    expression: &Expr,
    all: &DFSchema,
) -> Result<Option<Expr>> {
    if expression::more_than_rows(expression).is_some() || embedding::expression_waits(expression) {
        return Ok(None);
    }
    let expression = given.open(expression.clone())?;
    if expression::varies(&expression)? {
        return Ok(Some(expression));
    }
    expression::folded(planner.state(), expression, all, chrono::Utc::now()).map(Some)
}
