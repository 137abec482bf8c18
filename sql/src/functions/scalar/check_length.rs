//! What assignment to a `varchar(n)` or `char(n)` column runs: a text that is too long is refused, unless all
//! that is too much are spaces, which SQL cuts. Of a `char(n)` all spaces at the end are cut: they mean nothing.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
    lit,
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
        let exact = TypeSignature::Exact(vec![DataType::Utf8, DataType::Int64, DataType::Boolean]);
        let signature = Signature::one_of(vec![exact], Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(CheckLength { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a text, if it has at most so many characters.
pub(crate) fn check_length(expression: Expr, most: usize) -> Expr {
    call(expression, most, false)
}

/// `expression`, a text, as a `char(length)` column keeps it.
pub(crate) fn check_char(expression: Expr, length: usize) -> Expr {
    call(expression, length, true)
}

fn call(expression: Expr, most: usize, blank_padded: bool) -> Expr {
    let most = lit(i64::try_from(most).unwrap_or(i64::MAX));
    function().call(vec![expression, most, lit(blank_padded)])
}

fn check(text: &str, most: usize, blank_padded: bool) -> crate::Result<&str> {
    let kept = match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            if !rest.chars().all(|c| c == ' ') {
                let name = if blank_padded { "character" } else { "character varying" };
                return Err(Error::new(
                    SqlState::StringDataRightTruncation,
                    format!("value too long for type {name}({most})"),
                ));
            }
            kept
        }
    };
    Ok(if blank_padded { kept.trim_end_matches(' ') } else { kept })
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
        let (
            Some(ColumnarValue::Scalar(ScalarValue::Int64(Some(most)))),
            Some(ColumnarValue::Scalar(ScalarValue::Boolean(Some(blank_padded)))),
        ) = (args.args.get(1), args.args.get(2))
        else {
            return Err(DataFusionError::Internal(format!("{NAME} takes a text and two constants")));
        };
        let most = usize::try_from(*most).unwrap_or(0);
        over_texts(&args, |texts| {
            let checked =
                texts.iter().map(|text| text.map(|text| check(text, most, *blank_padded)).transpose());
            Ok(Arc::new(checked.collect::<crate::Result<StringArray>>()?))
        })
    }
}
