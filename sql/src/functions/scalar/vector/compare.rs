//! `vector_lt`, `vector_le`, `vector_eq`, `vector_ne`, `vector_ge` and `vector_gt`, which the operators `<` to `>` are, and
//! `vector_cmp`, which gives -1, 0 or 1.
//!
//! Vectors compare number by number; of vectors that begin alike, the shorter comes first. NULL where either is NULL.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, Int32Array};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{self, Argument};

/// What is asked of two vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
    /// -1, 0 or 1.
    Order,
}

impl Comparison {
    pub(super) const ALL: [Self; 7] = [
        Self::Less,
        Self::LessOrEqual,
        Self::Equal,
        Self::NotEqual,
        Self::GreaterOrEqual,
        Self::Greater,
        Self::Order,
    ];

    /// The function's name.
    pub(super) const fn function_name(self) -> &'static str {
        match self {
            Self::Less => "vector_lt",
            Self::LessOrEqual => "vector_le",
            Self::Equal => "vector_eq",
            Self::NotEqual => "vector_ne",
            Self::GreaterOrEqual => "vector_ge",
            Self::Greater => "vector_gt",
            Self::Order => "vector_cmp",
        }
    }

    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Equal | Self::Order => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Compare {
    comparison: Comparison,
    signature: Signature,
}

/// The function that compares.
pub(crate) fn compare(comparison: Comparison) -> Arc<ScalarUDF> {
    static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        let functions = Comparison::ALL.map(|comparison| {
            let signature = Signature::variadic_any(Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(Compare { comparison, signature }))
        });
        functions.to_vec()
    });
    let place = Comparison::ALL.iter().position(|known| *known == comparison);
    let known = place.and_then(|place| FUNCTIONS.get(place).cloned());
    known.unwrap_or_else(|| {
        let signature = Signature::variadic_any(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Compare { comparison, signature }))
    })
}

/// The order of two vectors: 0 and -0 are equal, and there is no NaN.
fn order(left: &[f32], right: &[f32]) -> Ordering {
    let differ =
        left.iter().zip(right).find_map(|(left, right)| left.partial_cmp(right).filter(|o| o.is_ne()));
    differ.unwrap_or_else(|| left.len().cmp(&right.len()))
}

impl ScalarUDFImpl for Compare {
    fn name(&self) -> &str {
        self.comparison.function_name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(if self.comparison == Comparison::Order { DataType::Int32 } else { DataType::Boolean })
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        arguments::kind(self.name(), &args, 2)?;
        Ok(Arc::new(Field::new(self.name(), self.return_type(&[])?, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let kind = arguments::called_with(&args);
        let (left, right) = (Argument::new(&args, 0, kind)?, Argument::new(&args, 1, kind)?);
        let orders = (0..arguments::rows_of(&args)).map(|row| Some(order(left.get(row)?, right.get(row)?)));
        let values: ArrayRef = match self.comparison {
            Comparison::Order => {
                Arc::new(orders.map(|order| order.map(|order| order as i32)).collect::<Int32Array>())
            }
            _ => Arc::new(
                orders.map(|order| order.map(|o| self.comparison.holds(o))).collect::<BooleanArray>(),
            ),
        };
        arguments::result(&args, values)
    }
}
