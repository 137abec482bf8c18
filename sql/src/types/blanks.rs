//! The blanks that fill up a `char(n)` where it is shown. Stored values have none: blanks at the end mean nothing
//! in comparisons, in keys and for functions, as in PostgreSQL.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;

use crate::column;

/// A result's column as it is shown: filled up with blanks where it is a `char(n)`.
///
/// # Errors
/// None for arrays of texts.
pub(crate) fn fill(values: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    let Some(length) = column::char_length(field) else { return Ok(values.clone()) };
    let texts = arrow::compute::cast(values, &DataType::Utf8)?;
    let Some(texts) = texts.as_any().downcast_ref::<StringArray>() else { return Ok(values.clone()) };
    let mut filled = StringBuilder::new();
    for text in texts {
        match text {
            None => filled.append_null(),
            Some(text) => {
                let missing = length.saturating_sub(text.chars().count());
                filled.append_value(format!("{text}{}", " ".repeat(missing)));
            }
        }
    }
    Ok(Arc::new(filled.finish()))
}
