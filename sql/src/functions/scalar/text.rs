//! Reads a function's text argument, whichever of Arrow's string types it comes in.

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};

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
