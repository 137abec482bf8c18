//! The value of a subquery in place of an expression: NULL without a row, and 21000 with several.
//!
//! DataFusion takes such a value for one that is never NULL where the subquery's column is not, and knows no
//! correlated subquery that may give several rows. `planning::scalar_subqueries` puts these around them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::Error;
use crate::sqlstate::SqlState;

#[derive(Debug, PartialEq, Eq, Hash)]
struct SubqueryValue {
    /// Of the value; it may be NULL.
    field: FieldRef,
    /// Whether the argument is the list of all the rows' values.
    rows: bool,
    signature: Signature,
}

/// `value`, which may be NULL.
pub(crate) fn nullable(value: Expr, field: &FieldRef) -> Expr {
    call(vec![value], field, false)
}

/// The same of a subquery that refers to these columns around it in a way that the optimizer does not see: they are arguments, so
/// that they stay.
pub(crate) fn beside(value: Expr, columns: Vec<Expr>, field: &FieldRef) -> Expr {
    call(std::iter::once(value).chain(columns).collect(), field, false)
}

/// The one element of `rows`, the values of all rows.
pub(crate) fn only_row(rows: Expr, field: &FieldRef) -> Expr {
    call(vec![rows], field, true)
}

fn call(arguments: Vec<Expr>, field: &FieldRef, rows: bool) -> Expr {
    let field = Arc::new(field.as_ref().clone().with_nullable(true));
    let signature = Signature::any(arguments.len(), Volatility::Immutable);
    ScalarUDF::new_from_impl(SubqueryValue { field, rows, signature }).call(arguments)
}

impl ScalarUDFImpl for SubqueryValue {
    fn name(&self) -> &str {
        if self.rows { "muster_only_row" } else { "muster_nullable" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(self.field.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [argument, ..] = args.args.as_slice() else {
            return Err(DataFusionError::Internal(format!("{} takes one value", self.name())));
        };
        if !self.rows {
            return Ok(argument.clone());
        }
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let lists = argument.to_array(if scalar { 1 } else { args.number_rows })?;
        let values = only(&lists)?;
        if scalar {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&values, 0)?));
        }
        Ok(ColumnarValue::Array(values))
    }
}

fn only(lists: &ArrayRef) -> Result<ArrayRef> {
    let lists = lists
        .as_list_opt::<i32>()
        .ok_or_else(|| DataFusionError::Internal("a subquery's rows are no list".to_string()))?;
    let mut places = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        places.push(match lists.value_length(row) {
            _ if lists.is_null(row) => None,
            0 => None,
            1 => lists.value_offsets().get(row).and_then(|place| u64::try_from(*place).ok()),
            _ => {
                return Err(Error::new(
                    SqlState::CardinalityViolation,
                    "more than one row returned by a subquery used as an expression",
                )
                .into());
            }
        });
    }
    Ok(take(lists.values(), &UInt64Array::from(places), None)?)
}
