//! Functions of one argument: gives a constant for a constant.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// Converts the first argument's values, NULLs among them, into as many others.
///
/// # Errors
/// What `convert` gives; an internal error when there is no argument: the planner lets that not through.
pub(super) fn over_values(
    args: &ScalarFunctionArgs,
    convert: impl FnOnce(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    let Some(argument) = args.args.first() else {
        return Err(DataFusionError::Internal("a function of one value is called without one".to_string()));
    };
    let scalar = matches!(argument, ColumnarValue::Scalar(_));
    let values = convert(&argument.to_array(if scalar { 1 } else { args.number_rows })?)?;
    if !scalar {
        return Ok(ColumnarValue::Array(values));
    }
    Ok(ColumnarValue::Scalar(match values.as_list_opt::<i32>() {
        // DataFusion would leave out what the field of its items says beside their type.
        Some(list) => ScalarValue::List(Arc::new(list.clone())),
        None => ScalarValue::try_from_array(&values, 0)?,
    }))
}
