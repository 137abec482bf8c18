//! `subvector(vector, start, count)`: so many numbers of a vector, from one on; the first is number 1. NULL where any
//! argument is NULL. 22000 where no numbers are left.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, Int64Array};
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{self, Argument};
use crate::types::vector::Builder;

const NAME: &str = "subvector";

#[derive(Debug, PartialEq, Eq, Hash)]
struct Subvector {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Subvector { signature }))
    });
    FUNCTION.clone()
}

/// Where `count` numbers from number `start` on begin and end in a vector of so many.
fn range(dimensions: usize, start: i64, count: i64) -> (usize, usize) {
    if count < 1 {
        return (0, 0);
    }
    let place = |number: i64| usize::try_from(number.saturating_sub(1).max(0)).unwrap_or(usize::MAX);
    let (from, to) = (place(start), place(start.saturating_add(count)).min(dimensions));
    (from.min(to), to)
}

impl ScalarUDFImpl for Subvector {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{NAME} gives a field, not a type")))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let kind = arguments::first(NAME, &args, 1)?;
        let numbers = args.arg_fields.get(1..).unwrap_or_default();
        let is_number =
            |field: &FieldRef| field.data_type().is_integer() || field.data_type() == &DataType::Null;
        if numbers.len() != 2 || !numbers.iter().all(is_number) {
            return Err(arguments::undefined(NAME, &args).into());
        }
        let constant = |position: usize| match args.scalar_arguments.get(position) {
            Some(Some(value)) => match value.cast_to(&DataType::Int64) {
                Ok(ScalarValue::Int64(number)) => number,
                _ => None,
            },
            _ => None,
        };
        let dimensions = args.arg_fields.first().and_then(|field| arguments::dimensions(field));
        let size = match (dimensions.and_then(|n| usize::try_from(n).ok()), constant(1), constant(2)) {
            (Some(dimensions), Some(start), Some(count)) => {
                let (from, to) = range(dimensions, start, count);
                i32::try_from(to - from).ok()
            }
            _ => None,
        };
        Ok(arguments::vectors(kind, NAME, size))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let vectors = Argument::new(&args, 0, arguments::called_with(&args))?;
        let rows = arguments::rows_of(&args);
        let numbers = |position: usize| -> Result<Int64Array> {
            let argument = args.args.get(position).ok_or_else(missing)?;
            let numbers = arrow::compute::cast(&argument.to_array(rows)?, &DataType::Int64)?;
            Ok(numbers.as_primitive::<Int64Type>().clone())
        };
        let (starts, counts) = (numbers(1)?, numbers(2)?);
        let mut built = Builder::of(&args.return_field)
            .ok_or_else(|| DataFusionError::Internal("a vector is none".to_string()))?;
        for row in 0..rows {
            let (Some(vector), false) = (vectors.get(row), starts.is_null(row) || counts.is_null(row)) else {
                built.push_null();
                continue;
            };
            let (from, to) = range(vector.len(), starts.value(row), counts.value(row));
            built.push(|out| {
                out.extend_from_slice(vector.get(from..to).unwrap_or_default());
                Ok(())
            })?;
        }
        arguments::result(&args, built.finish()?)
    }
}

fn missing() -> DataFusionError {
    DataFusionError::Internal(format!("{NAME} takes three arguments"))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_cut_to_the_vector() {
        for (start, count, found) in [
            (1, 3, (0, 3)),
            (-1, 3, (0, 1)),
            (4, 10, (3, 5)),
            (6, 1, (5, 5)),
            (1, 0, (0, 0)),
            (-1, 2, (0, 0)),
            (2, i64::MAX, (1, 5)),
            (i64::MIN, i64::MAX, (0, 0)),
            (1, -1, (0, 0)),
        ] {
            assert_eq!(range(5, start, count), found, "{start}, {count}");
        }
    }
}
