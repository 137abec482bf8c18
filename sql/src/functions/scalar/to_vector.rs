//! What `x::vector`, `x::halfvec(n)` and assignment to such a column run: text, an array of numbers or a vector of the
//! other kind becomes a vector. A NULL, infinite or NaN element is refused, as pgvector refuses it.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, lit,
};

use crate::sqlstate::SqlState;
use crate::types::vector::{MAX_DIMENSIONS, VectorKind, convert, is_convertible};
use crate::types::{base_name, type_name};
use crate::{Error, column};

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToVector {
    kind: VectorKind,
    signature: Signature,
}

/// The name of the function that makes vectors of a kind.
pub(crate) const fn to_vector_name(kind: VectorKind) -> &'static str {
    match kind {
        VectorKind::Vector => "muster_to_vector",
        VectorKind::Half => "muster_to_halfvec",
    }
}

/// The function for a kind.
pub(super) fn function(kind: VectorKind) -> Arc<ScalarUDF> {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 2]> = LazyLock::new(|| {
        [VectorKind::Vector, VectorKind::Half].map(|kind| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(ToVector { kind, signature }))
        })
    });
    let [vector, half] = &*FUNCTIONS;
    match kind {
        VectorKind::Vector => vector.clone(),
        VectorKind::Half => half.clone(),
    }
}

/// `expression` as a vector, of so many dimensions if they are given.
pub(crate) fn to_vector(kind: VectorKind, expression: Expr, dimensions: Option<i64>) -> Expr {
    let arguments = std::iter::once(expression).chain(dimensions.map(lit)).collect();
    function(kind).call(arguments)
}

impl ScalarUDFImpl for ToVector {
    fn name(&self) -> &str {
        to_vector_name(self.kind)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{} gives a field, not a type", self.name())))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        if let Some(from) = args.arg_fields.first()
            && !is_convertible(from.data_type())
        {
            let (from, kind) = (type_name(from), self.kind.name());
            let message = format!("cannot cast type {} to {kind}", base_name(&from));
            return Err(Error::new(SqlState::CannotCoerce, message).into());
        }
        match args.scalar_arguments.get(1) {
            None => Ok(Arc::new(self.kind.field(self.name()))),
            Some(Some(dimensions)) => {
                Ok(Arc::new(column::vector_field(self.kind, self.name(), self.dimensions(dimensions)?, true)))
            }
            Some(None) => {
                Err(DataFusionError::Internal(format!("{} takes constant dimensions", self.name())))
            }
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(argument) = args.args.first() else {
            return Err(DataFusionError::Internal(format!("{} is called without a value", self.name())));
        };
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let values = argument.to_array(if scalar { 1 } else { args.number_rows })?;
        let vectors = convert(&values, &args.return_field)?;
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&vectors, 0)?));
        }
        Ok(ColumnarValue::Array(vectors))
    }
}

impl ToVector {
    fn dimensions(&self, value: &ScalarValue) -> Result<i32> {
        let ScalarValue::Int32(Some(dimensions)) = value.cast_to(&DataType::Int32)? else {
            return Err(DataFusionError::Internal(format!("{} takes constant dimensions", self.name())));
        };
        if usize::try_from(dimensions).is_ok_and(|n| (1..=MAX_DIMENSIONS).contains(&n)) {
            return Ok(dimensions);
        }
        Err(crate::types::vector_modifier(self.kind, dimensions).into())
    }
}
