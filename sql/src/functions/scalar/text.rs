//! Functions of one text: reads the argument, whichever of Arrow's string types it comes in.

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::one_argument::over_values;

/// Converts the first argument's texts, NULLs among them, into as many values.
///
/// # Errors
/// What `convert` gives; an internal error when there is no argument: the planner lets that not through.
pub(super) fn over_texts(
    args: &ScalarFunctionArgs,
    convert: impl FnOnce(&StringArray) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    over_values(args, |values| convert(&strings(values)?))
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
