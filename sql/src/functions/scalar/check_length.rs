//! What assignment to a `varchar(n)` column runs: a text that is too long is refused, unless all
//! that is too much are spaces, which SQL cuts.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::Error;
use crate::sqlstate::SqlState;

const NAME: &str = "muster_check_length";

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckLength {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let exact = TypeSignature::Exact(vec![DataType::Utf8, DataType::Int64]);
        let signature = Signature::one_of(vec![exact], Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(CheckLength { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a text, if it has at most so many characters.
pub(crate) fn check_length(expression: Expr, most: Expr) -> Expr {
    function().call(vec![expression, most])
}

fn check(text: &str, most: usize) -> crate::Result<&str> {
    match text.char_indices().nth(most) {
        None => Ok(text),
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            if rest.chars().all(|c| c == ' ') {
                return Ok(kept);
            }
            Err(Error::new(
                SqlState::StringDataRightTruncation,
                format!("value too long for type character varying({most})"),
            ))
        }
    }
}

impl ScalarUDFImpl for CheckLength {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(ColumnarValue::Scalar(ScalarValue::Int64(Some(most)))) = args.args.get(1) else {
            return Err(DataFusionError::Internal(format!("{NAME} takes a text and a constant")));
        };
        let most = usize::try_from(*most).unwrap_or(0);
        over_texts(&args, |texts| {
            let checked = texts.iter().map(|text| text.map(|text| check(text, most)).transpose());
            Ok(Arc::new(checked.collect::<crate::Result<StringArray>>()?))
        })
    }
}
