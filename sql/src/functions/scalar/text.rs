//! Functions of one text: reads the argument, whichever of Arrow's string types it comes in, and gives a constant
//! for a constant.

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// Converts the first argument's texts, NULLs among them, into as many values.
///
/// # Errors
/// What `convert` gives; an internal error when there is no argument: the planner lets that not through.
pub(super) fn over_texts(
    args: &ScalarFunctionArgs,
    convert: impl FnOnce(&StringArray) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    let Some(argument) = args.args.first() else {
        return Err(DataFusionError::Internal("a function of a text is called without one".to_string()));
    };
    let scalar = matches!(argument, ColumnarValue::Scalar(_));
    let texts = strings(&argument.to_array(if scalar { 1 } else { args.number_rows })?)?;
    let values = convert(&texts)?;
    if scalar {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?));
    }
    Ok(ColumnarValue::Array(values))
}

/// The values as one array type.
///
/// # Errors
/// An internal error when the argument is no text: the planner lets none through.
pub(super) fn strings(array: &ArrayRef) -> Result<StringArray> {
    let array = arrow::compute::cast(array, &DataType::Utf8)?;
    array
        .as_any()
        .downcast_ref::<StringArray>()
        .cloned()
        .ok_or_else(|| DataFusionError::Internal("a text argument is no text".to_string()))
}
