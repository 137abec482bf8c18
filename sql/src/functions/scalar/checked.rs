//! `+`, `-` and `*` of integers, which say so when the result does not fit (22003). DataFusion's wrap around.

use std::sync::{Arc, LazyLock};

use arrow::compute::kernels::numeric;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr_common::datum::apply;

use crate::Error;
use crate::sqlstate::SqlState;
use crate::types::type_name;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    name: &'static str,
    operator: Operator,
    signature: Signature,
}

/// The function in place of an operator, if it has one.
pub(crate) fn checked(operator: Operator) -> Option<Arc<ScalarUDF>> {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 3]> = LazyLock::new(|| {
        let make = |(name, operator)| {
            let signature = Signature::any(2, Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(Checked { name, operator, signature }))
        };
        [
            ("muster_add", Operator::Plus),
            ("muster_subtract", Operator::Minus),
            ("muster_multiply", Operator::Multiply),
        ]
        .map(make)
    });
    let [add, subtract, multiply] = &*FUNCTIONS;
    match operator {
        Operator::Plus => Some(add.clone()),
        Operator::Minus => Some(subtract.clone()),
        Operator::Multiply => Some(multiply.clone()),
        _ => None,
    }
}

/// Whether a function's name is one of these.
pub(crate) fn is_checked(name: &str) -> bool {
    matches!(name, "muster_add" | "muster_subtract" | "muster_multiply")
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [left, right] if left == right && left.is_integer() => Ok(left.clone()),
            _ => Err(DataFusionError::Internal(format!("{} takes two integers of one type", self.name))),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = args.args.as_slice() else {
            return Err(DataFusionError::Internal(format!("{} takes two integers", self.name)));
        };
        let kernel = match self.operator {
            Operator::Plus => numeric::add,
            Operator::Minus => numeric::sub,
            _ => numeric::mul,
        };
        apply(left, right, kernel).map_err(|error| match error.find_root() {
            DataFusionError::ArrowError(inner, _)
                if matches!(inner.as_ref(), arrow::error::ArrowError::ArithmeticOverflow(_)) =>
            {
                let message = format!("{} out of range", type_name(&args.return_field));
                Error::new(SqlState::NumericValueOutOfRange, message).into()
            }
            _ => error,
        })
    }
}
