//! What `x::vector`, `x::vector(n)` and assignment to a vector column run: text or an array of
//! numbers becomes a vector. A NULL, infinite or NaN element is refused, as pgvector refuses it.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, FixedSizeListArray, Float32Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, lit,
};

use super::text::strings;
use crate::sqlstate::SqlState;
use crate::types::vector;
use crate::{Error, column};

const NAME: &str = "muster_to_vector";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToVector {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(ToVector { signature }))
    });
    FUNCTION.clone()
}

/// `expression` as a vector, of so many dimensions if they are given.
pub(crate) fn to_vector(expression: Expr, dimensions: Option<i64>) -> Expr {
    let arguments = std::iter::once(expression).chain(dimensions.map(lit)).collect();
    function().call(arguments)
}

impl ScalarUDFImpl for ToVector {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{NAME} gives a field, not a type")))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        if let Some(from) = args.arg_fields.first()
            && !castable(from.data_type())
        {
            return Err(Error::new(
                SqlState::DatatypeMismatch,
                format!("cannot cast type {} to vector", crate::types::type_name(from)),
            )
            .into());
        }
        match args.scalar_arguments.get(1) {
            None => Ok(Arc::new(column::unsized_vector_field(NAME))),
            Some(Some(dimensions)) => {
                let dimensions = integer(dimensions)?;
                if !(1..=16_000).contains(&dimensions) {
                    return Err(Error::new(
                        SqlState::InvalidParameterValue,
                        "dimensions for type vector must be between 1 and 16000",
                    )
                    .into());
                }
                Ok(Arc::new(column::vector_field(NAME, dimensions, true)))
            }
            Some(None) => Err(DataFusionError::Internal(format!("{NAME} takes constant dimensions"))),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(argument) = args.args.first() else {
            return Err(DataFusionError::Internal(format!("{NAME} is called without a value")));
        };
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let values = argument.to_array(if scalar { 1 } else { args.number_rows })?;
        let expected = match args.return_field.data_type() {
            DataType::FixedSizeList(_, dimensions) => usize::try_from(*dimensions).ok(),
            _ => None,
        };
        let vectors = convert(&values, expected)?;
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&vectors, 0)?));
        }
        Ok(ColumnarValue::Array(vectors))
    }
}

fn integer(value: &ScalarValue) -> Result<i32> {
    match value.cast_to(&DataType::Int32)? {
        ScalarValue::Int32(Some(number)) => Ok(number),
        _ => Err(DataFusionError::Internal(format!("{NAME} takes constant dimensions"))),
    }
}

fn castable(from: &DataType) -> bool {
    match from {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            item.data_type().is_numeric() || item.data_type() == &DataType::Null
        }
        _ => false,
    }
}

/// Appends one row's numbers and tells how many they are.
type ReadRow<'a> = dyn Fn(&mut Vec<f32>) -> crate::Result<usize> + 'a;

/// The values as vectors: a fixed-size list when the dimensions are known, a list otherwise.
fn convert(values: &ArrayRef, expected: Option<usize>) -> Result<ArrayRef> {
    let mut numbers: Vec<f32> = Vec::new();
    let mut lengths: Vec<usize> = Vec::with_capacity(values.len());
    let mut valid: Vec<bool> = Vec::with_capacity(values.len());
    let mut take = |row: Option<&ReadRow<'_>>| -> crate::Result<()> {
        let found = match row {
            None => {
                // The place of a NULL is filled, for a fixed-size list has one for it.
                let filled = expected.unwrap_or(0);
                numbers.extend(std::iter::repeat_n(0.0, filled));
                filled
            }
            Some(read) => {
                let found = read(&mut numbers)?;
                match expected {
                    Some(expected) if expected != found => {
                        return Err(vector::dimensions_differ(expected, found));
                    }
                    _ => found,
                }
            }
        };
        lengths.push(found);
        valid.push(row.is_some());
        Ok(())
    };
    match values.data_type() {
        DataType::Null => {
            for _ in 0..values.len() {
                take(None)?;
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            for text in &strings(values)? {
                match text {
                    None => take(None)?,
                    Some(text) => take(Some(&|out: &mut Vec<f32>| vector::parse(text, out)))?,
                }
            }
        }
        _ => {
            let item = Arc::new(Field::new("item", DataType::Float32, true));
            let lists = arrow::compute::cast(values, &DataType::List(item))?;
            let lists = lists
                .as_any()
                .downcast_ref::<ListArray>()
                .ok_or_else(|| DataFusionError::Internal("a list is no list".to_string()))?;
            for list in lists.iter() {
                match list {
                    None => take(None)?,
                    Some(list) => take(Some(&|out: &mut Vec<f32>| elements(&list, out)))?,
                }
            }
        }
    }
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
    let numbers: ArrayRef = Arc::new(Float32Array::from(numbers));
    Ok(match expected {
        Some(dimensions) => {
            let dimensions = i32::try_from(dimensions)
                .map_err(|_| DataFusionError::Internal("too many dimensions".to_string()))?;
            Arc::new(FixedSizeListArray::try_new(item, dimensions, numbers, nulls)?)
        }
        None => Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), numbers, nulls)?),
    })
}

/// The numbers of one array.
fn elements(list: &ArrayRef, out: &mut Vec<f32>) -> crate::Result<usize> {
    let Some(list) = list.as_any().downcast_ref::<Float32Array>() else {
        return Err(DataFusionError::Internal("a list of numbers holds none".to_string()).into());
    };
    if list.is_empty() {
        return Err(Error::new(SqlState::DataException, "vector must have at least 1 dimension"));
    }
    for number in list {
        match number {
            None => return Err(Error::new(SqlState::DataException, "array must not contain nulls")),
            Some(number) if number.is_nan() => {
                return Err(Error::new(SqlState::DataException, "NaN not allowed in vector"));
            }
            Some(number) if number.is_infinite() => {
                return Err(Error::new(SqlState::DataException, "infinite value not allowed in vector"));
            }
            Some(number) => out.push(number),
        }
    }
    Ok(list.len())
}
