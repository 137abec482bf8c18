//! `l2_normalize(vector)`: the vector of length 1 in the same direction, the zero vector as it is. NULL of NULL.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{self, Argument};
use super::measure::norm;
use crate::types::vector::Builder;

const NAME: &str = "l2_normalize";

#[derive(Debug, PartialEq, Eq, Hash)]
struct Normalize {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Normalize { signature }))
    });
    FUNCTION.clone()
}

impl ScalarUDFImpl for Normalize {
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
        let kind = arguments::kind(NAME, &args, 1)?;
        let dimensions = args.arg_fields.first().and_then(|field| arguments::dimensions(field));
        Ok(arguments::vectors(kind, NAME, dimensions))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let vectors = Argument::new(&args, 0, arguments::called_with(&args))?;
        let mut built = Builder::of(&args.return_field)
            .ok_or_else(|| DataFusionError::Internal("a vector is none".to_string()))?;
        for row in 0..arguments::rows_of(&args) {
            let Some(vector) = vectors.get(row) else {
                built.push_null();
                continue;
            };
            let norm = norm(vector);
            let scale = if norm > 0.0 { norm } else { 1.0 };
            built.push(|out| {
                out.extend(vector.iter().map(|number| (f64::from(*number) / scale) as f32));
                Ok(())
            })?;
        }
        arguments::result(&args, built.finish()?)
    }
}
