//! Values of other types as vectors: texts, arrays of numbers, vectors of the other kind.

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::common::ScalarValue;

use super::{Builder, VectorKind, parse};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Whether a cast to a vector takes values of this type.
pub(crate) fn is_convertible(from: &DataType) -> bool {
    match from {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            item.data_type().is_numeric() || item.data_type() == &DataType::Null
        }
        _ => false,
    }
}

/// The values as vectors of this field's type.
///
/// # Errors
/// pgvector's, where a value is none: 22P02, 22003, 22000, 22004, 54000.
pub(crate) fn convert(values: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    if values.data_type() == to.data_type() {
        return Ok(values.clone());
    }
    let kind = VectorKind::of(to).ok_or_else(|| Error::internal("a vector's type is no vector"))?;
    let mut built = Builder::of(to).ok_or_else(|| Error::internal("a vector's type is no vector"))?;
    match values.data_type() {
        DataType::Null => (0..values.len()).for_each(|_| built.push_null()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = arrow::compute::cast(values, &DataType::Utf8)?;
            let texts = texts.as_any().downcast_ref::<StringArray>();
            for text in texts.ok_or_else(|| Error::internal("a text is none"))? {
                match text {
                    None => built.push_null(),
                    Some(text) => built.push(|out| parse(kind, text, out))?,
                }
            }
        }
        _ => {
            let lists = arrow::compute::cast(values, &list_of(number_type(values.data_type())))?;
            for list in lists.as_list::<i32>().iter() {
                match list {
                    None => built.push_null(),
                    Some(list) => built.push(|out| elements(&list, out))?,
                }
            }
        }
    }
    built.finish()
}

/// The same for one value.
///
/// # Errors
/// As [`convert`].
pub(crate) fn convert_value(value: &ScalarValue, to: &FieldRef) -> Result<ScalarValue> {
    Ok(ScalarValue::try_from_array(&convert(&value.to_array()?, to)?, 0)?)
}

fn list_of(number: DataType) -> DataType {
    DataType::new_list(number, true)
}

/// What numbers are read as: pgvector makes a `float4` of a `float8`, and of a numeric by way of its text.
fn number_type(list: &DataType) -> DataType {
    let item = match list {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            item.data_type()
        }
        _ => &DataType::Null,
    };
    if item.is_decimal() || item == &DataType::Float64 { DataType::Float64 } else { DataType::Float32 }
}

/// The numbers of one array.
fn elements(list: &ArrayRef, out: &mut Vec<f32>) -> Result<()> {
    if list.null_count() > 0 {
        return Err(Error::new(SqlState::NullValueNotAllowed, "array must not contain nulls"));
    }
    if let Some(numbers) = list.as_primitive_opt::<Float64Type>() {
        out.extend(numbers.values().iter().map(|number| *number as f32));
        return Ok(());
    }
    let numbers: &Float32Array = list
        .as_primitive_opt::<Float32Type>()
        .ok_or_else(|| Error::internal("a list of numbers holds none"))?;
    out.extend_from_slice(numbers.values());
    Ok(())
}
