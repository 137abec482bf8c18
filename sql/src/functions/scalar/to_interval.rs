//! What assignment of a text to an `interval` column runs: `1 year 2 mons -3 days 04:05:06`, as
//! PostgreSQL writes intervals.

use std::sync::{Arc, LazyLock};

use arrow::array::IntervalMonthDayNanoArray;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::types::interval::{Unit, parse};

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
        over_texts(&args, |texts| {
            let read = |text: Option<&str>| -> crate::Result<Option<IntervalMonthDayNano>> {
                let Some(text) = text else { return Ok(None) };
                let parts = parse(text, Unit::SECOND)?;
                // The reader has seen that it fits.
                let nanos = parts.micros.saturating_mul(1000);
                Ok(Some(IntervalMonthDayNano::new(parts.months, parts.days, nanos)))
            };
            let intervals: IntervalMonthDayNanoArray =
                texts.iter().map(read).collect::<crate::Result<_>>()?;
            Ok(Arc::new(intervals))
        })
    }
}
