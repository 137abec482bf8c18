//! `vector_dims(vector)`: how many numbers a vector has, an `integer`. `vector_norm(vector)` and `l2_norm(halfvec)`: its
//! Euclidean length, a `double precision`. NULL of NULL.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Float64Array, Int32Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{self, Argument};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Measure {
    Dimensions,
    Norm,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MeasureFunction {
    name: &'static str,
    measure: Measure,
    signature: Signature,
}

const NAMES: [(&str, Measure); 3] =
    [("vector_dims", Measure::Dimensions), ("vector_norm", Measure::Norm), ("l2_norm", Measure::Norm)];

/// All of them.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 3]> = LazyLock::new(|| {
        NAMES.map(|(name, measure)| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(MeasureFunction { name, measure, signature }))
        })
    });
    FUNCTIONS.to_vec()
}

/// The length of a vector.
pub(super) fn norm(vector: &[f32]) -> f64 {
    vector.iter().map(|number| f64::from(*number) * f64::from(*number)).sum::<f64>().sqrt()
}

impl ScalarUDFImpl for MeasureFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(match self.measure {
            Measure::Dimensions => DataType::Int32,
            Measure::Norm => DataType::Float64,
        })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        arguments::kind(self.name, &args, 1)?;
        Ok(Arc::new(Field::new(self.name, self.return_type(&[])?, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let vectors = Argument::new(&args, 0, arguments::called_with(&args))?;
        let rows = (0..arguments::rows_of(&args)).map(|row| vectors.get(row));
        let values: ArrayRef = match self.measure {
            Measure::Norm => Arc::new(rows.map(|vector| vector.map(norm)).collect::<Float64Array>()),
            Measure::Dimensions => {
                let length = |vector: &[f32]| i32::try_from(vector.len());
                let lengths = rows.map(|vector| vector.map(length).transpose());
                let lengths = lengths.collect::<std::result::Result<Int32Array, _>>();
                Arc::new(lengths.map_err(|error| DataFusionError::External(Box::new(error)))?)
            }
        };
        arguments::result(&args, values)
    }
}
