//! The Arrow lists that elements are put into.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, LargeListArray, ListArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;

use super::{Fault, Read};

/// A list of the type given, of elements of its element type.
///
/// # Errors
/// [`Fault::Dimensions`] where the type says another number of them, [`Fault::Unsupported`] for a type of something else.
pub fn list(data_type: &DataType, values: Vec<ScalarValue>) -> Read<ScalarValue> {
    let count = values.len();
    match data_type {
        DataType::List(item) => {
            let offsets = OffsetBuffer::from_lengths([count]);
            let array = ListArray::try_new(item.clone(), offsets, elements(item, values)?, None);
            Ok(ScalarValue::List(Arc::new(array.map_err(unfit)?)))
        }
        DataType::LargeList(item) => {
            let offsets = OffsetBuffer::from_lengths([count]);
            let array = LargeListArray::try_new(item.clone(), offsets, elements(item, values)?, None);
            Ok(ScalarValue::LargeList(Arc::new(array.map_err(unfit)?)))
        }
        DataType::FixedSizeList(item, length) => {
            let expected = usize::try_from(*length).unwrap_or(0);
            if count != expected {
                return Err(Fault::Dimensions { expected, actual: count });
            }
            let array = FixedSizeListArray::try_new(item.clone(), *length, elements(item, values)?, None);
            Ok(ScalarValue::FixedSizeList(Arc::new(array.map_err(unfit)?)))
        }
        other => Err(Fault::Unsupported(format!("an array for a parameter of type {other}"))),
    }
}

fn elements(item: &FieldRef, values: Vec<ScalarValue>) -> Read<ArrayRef> {
    if values.is_empty() {
        return Ok(new_empty_array(item.data_type()));
    }
    ScalarValue::iter_to_array(values).map_err(|error| Fault::Unsupported(error.strip_backtrace()))
}

fn unfit(error: arrow::error::ArrowError) -> Fault {
    Fault::Unsupported(error.to_string())
}
