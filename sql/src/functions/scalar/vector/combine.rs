//! `vector_add`, `vector_sub`, `vector_mul` and `vector_concat`, which the operators `+`, `-`, `*` and `||` are.
//!
//! Arguments: two vectors, of equal dimensions but for `||`. Result: a vector, element by element, or one after the
//! other; NULL where either is NULL. 22000 for different dimensions, 22003 where a number does not fit, 54000 for too many
//! dimensions.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{self, Argument};
use crate::Error;
use crate::sqlstate::SqlState;
use crate::types::vector::{Builder, VectorKind, rounded};

/// What is made of two vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Combination {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `||`
    Concatenate,
}

impl Combination {
    pub(super) const ALL: [Self; 4] = [Self::Add, Self::Subtract, Self::Multiply, Self::Concatenate];

    /// The function's name.
    pub(super) const fn function_name(self) -> &'static str {
        match self {
            Self::Add => "vector_add",
            Self::Subtract => "vector_sub",
            Self::Multiply => "vector_mul",
            Self::Concatenate => "vector_concat",
        }
    }

    /// One number of the result.
    fn of(self, kind: VectorKind, left: f32, right: f32) -> crate::Result<f32> {
        let exact = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply | Self::Concatenate => left * right,
        };
        let number = match kind {
            VectorKind::Vector => exact,
            VectorKind::Half => rounded(exact),
        };
        if number.is_infinite() {
            return Err(out_of_range("overflow"));
        }
        if self == Self::Multiply && number == 0.0 && left != 0.0 && right != 0.0 {
            return Err(out_of_range("underflow"));
        }
        Ok(number)
    }
}

/// The error for a result that the type does not hold, in PostgreSQL's words.
pub(crate) fn out_of_range(what: &str) -> Error {
    Error::new(SqlState::NumericValueOutOfRange, format!("value out of range: {what}"))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Combine {
    combination: Combination,
    signature: Signature,
}

/// The function that makes a combination.
pub(crate) fn combine(combination: Combination) -> Arc<ScalarUDF> {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 4]> = LazyLock::new(|| {
        Combination::ALL.map(|combination| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(Combine { combination, signature }))
        })
    });
    let [add, subtract, multiply, concatenate] = &*FUNCTIONS;
    match combination {
        Combination::Add => add.clone(),
        Combination::Subtract => subtract.clone(),
        Combination::Multiply => multiply.clone(),
        Combination::Concatenate => concatenate.clone(),
    }
}

impl ScalarUDFImpl for Combine {
    fn name(&self) -> &str {
        self.combination.function_name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{} gives a field, not a type", self.name())))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let kind = arguments::kind(self.name(), &args, 2)?;
        let sizes: Vec<Option<i32>> =
            args.arg_fields.iter().map(|field| arguments::dimensions(field)).collect();
        let dimensions = match (self.combination, sizes.as_slice()) {
            (Combination::Concatenate, [Some(left), Some(right)]) => left.checked_add(*right),
            (Combination::Concatenate, _) => None,
            // They are equal, or there is no result.
            (_, [left, right]) => left.or(*right),
            _ => None,
        };
        Ok(arguments::vectors(kind, self.name(), dimensions))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let kind = arguments::called_with(&args);
        let (left, right) = (Argument::new(&args, 0, kind)?, Argument::new(&args, 1, kind)?);
        let mut built = Builder::of(&args.return_field)
            .ok_or_else(|| DataFusionError::Internal("a vector is none".to_string()))?;
        for row in 0..arguments::rows_of(&args) {
            let (Some(left), Some(right)) = (left.get(row), right.get(row)) else {
                built.push_null();
                continue;
            };
            if self.combination == Combination::Concatenate {
                built.push(|out| {
                    out.extend_from_slice(left);
                    out.extend_from_slice(right);
                    Ok(())
                })?;
                continue;
            }
            if left.len() != right.len() {
                return Err(arguments::different_dimensions(kind, left.len(), right.len()).into());
            }
            built.push(|out| {
                for (left, right) in left.iter().zip(right) {
                    out.push(self.combination.of(kind, *left, *right)?);
                }
                Ok(())
            })?;
        }
        arguments::result(&args, built.finish()?)
    }
}
