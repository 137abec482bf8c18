//! What assignment of a text to an `interval` column runs: `1 year 2 mons -3 days 04:05:06`, as
//! PostgreSQL writes intervals.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::types::interval::in_units;

const NAME: &str = "muster_to_interval";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToInterval {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature =
            Signature::one_of(vec![TypeSignature::Exact(vec![DataType::Utf8])], Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(ToInterval { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a text, as an interval.
pub(crate) fn to_interval(expression: Expr) -> Expr {
    function().call(vec![expression])
}

impl ScalarUDFImpl for ToInterval {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Interval(IntervalUnit::MonthDayNano))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let target = DataType::Interval(IntervalUnit::MonthDayNano);
        over_texts(&args, |texts| {
            let units: StringArray = texts.iter().map(|text| text.map(in_units)).collect();
            let options = CastOptions { safe: false, ..Default::default() };
            Ok(cast_with_options(&units, &target, &options)?)
        })
    }
}
