//! pgvector's functions behind its casts, by their names: `array_to_vector(array, dimensions, explicit)`,
//! `array_to_halfvec`, `vector_to_float4(vector, dimensions, explicit)`, `halfvec_to_float4`, `vector_to_halfvec` and
//! `halfvec_to_vector`. The dimensions are a constant, -1 for any; what is explicit does not matter.
//!
//! And `binary_quantize`, which is refused: its result is a `bit`, and there is no such type.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments;
use crate::Error;
use crate::types::vector::{VectorKind, convert, is_convertible};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum To {
    Vector(VectorKind),
    Reals,
    Bits,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CastFunction {
    name: &'static str,
    /// What it takes: vectors of a kind, or arrays of numbers.
    from: Option<VectorKind>,
    to: To,
    signature: Signature,
}

const FUNCTIONS: [(&str, Option<VectorKind>, To); 7] = [
    ("array_to_vector", None, To::Vector(VectorKind::Vector)),
    ("array_to_halfvec", None, To::Vector(VectorKind::Half)),
    ("vector_to_float4", Some(VectorKind::Vector), To::Reals),
    ("halfvec_to_float4", Some(VectorKind::Half), To::Reals),
    ("vector_to_halfvec", Some(VectorKind::Vector), To::Vector(VectorKind::Half)),
    ("halfvec_to_vector", Some(VectorKind::Half), To::Vector(VectorKind::Vector)),
    ("binary_quantize", Some(VectorKind::Vector), To::Bits),
];

/// All of them.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    static MADE: LazyLock<[Arc<ScalarUDF>; 7]> = LazyLock::new(|| {
        FUNCTIONS.map(|(name, from, to)| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(CastFunction { name, from, to, signature }))
        })
    });
    MADE.to_vec()
}

impl CastFunction {
    fn takes(&self, field: &Field) -> bool {
        match (self.from, VectorKind::of(field)) {
            (_, None) if field.data_type() == &DataType::Null => true,
            (Some(from), Some(given)) => from == given,
            (None, None) => {
                let is_list = matches!(field.data_type(), DataType::List(_) | DataType::LargeList(_));
                is_list && is_convertible(field.data_type())
            }
            _ => false,
        }
    }
}

impl ScalarUDFImpl for CastFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{} gives a field, not a type", self.name)))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        if self.to == To::Bits {
            return Err(Error::unsupported("type bit, which binary_quantize gives,").into());
        }
        let given = args.arg_fields.first().is_some_and(|field| self.takes(field));
        if !given || args.arg_fields.len() != 3 {
            return Err(arguments::undefined(self.name, &args).into());
        }
        let modifier = args.scalar_arguments.get(1).copied().flatten();
        let dimensions = match modifier.map(|modifier| modifier.cast_to(&DataType::Int32)).transpose()? {
            Some(ScalarValue::Int32(Some(dimensions))) => {
                Some(dimensions).filter(|dimensions| *dimensions > 0)
            }
            _ => return Err(Error::unsupported(format!("{} with dimensions of each row", self.name)).into()),
        };
        Ok(match self.to {
            To::Vector(kind) => arguments::vectors(kind, self.name, dimensions),
            To::Reals | To::Bits => {
                Arc::new(Field::new(self.name, DataType::new_list(DataType::Float32, true), true))
            }
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let argument = args.args.first();
        let argument =
            argument.ok_or_else(|| DataFusionError::Internal(format!("{} takes a value", self.name)))?;
        let values = argument.to_array(arguments::rows_of(&args))?;
        let converted = match self.to {
            To::Vector(_) => convert(&values, &args.return_field)?,
            To::Reals | To::Bits => arrow::compute::cast(&values, args.return_field.data_type())?,
        };
        arguments::result(&args, converted)
    }
}
