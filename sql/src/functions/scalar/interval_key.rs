//! The number by which intervals are compared and sorted: microseconds, a month of thirty days, a day of twenty-four hours, as PostgreSQL
//! compares them. Arrow compares months first, then days.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, Decimal128Array};
use arrow::datatypes::{DataType, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::one_argument::over_values;

const NAME: &str = "muster_interval_key";
/// What every interval's number fits in.
const KEY: DataType = DataType::Decimal128(38, 0);

const DAY: i128 = 86_400_000_000;
const MONTH: i128 = 30 * DAY;

#[derive(Debug, PartialEq, Eq, Hash)]
struct IntervalKey {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let types = vec![TypeSignature::Exact(vec![DataType::Interval(IntervalUnit::MonthDayNano)])];
        let signature = Signature::one_of(types, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(IntervalKey { signature }))
    });
    FUNCTION.clone()
}

/// What an interval is compared by.
pub(crate) fn interval_key(interval: Expr) -> Expr {
    function().call(vec![interval])
}

impl ScalarUDFImpl for IntervalKey {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(KEY)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_values(&args, |values| {
            let intervals = values.as_primitive_opt::<IntervalMonthDayNanoType>();
            let intervals =
                intervals.ok_or_else(|| DataFusionError::Internal(format!("{NAME} takes an interval")))?;
            let keys = intervals.iter().map(|interval| {
                interval.map(|interval| {
                    i128::from(interval.months) * MONTH
                        + i128::from(interval.days) * DAY
                        + i128::from(interval.nanoseconds).div_euclid(1000)
                })
            });
            Ok(Arc::new(keys.collect::<Decimal128Array>().with_data_type(KEY)))
        })
    }
}
