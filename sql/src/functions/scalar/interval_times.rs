//! An interval times a number, and divided by one, as PostgreSQL computes it: what is left of a month are days of it, of which
//! there are thirty, and what is left of a day is time.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, AsArray, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use crate::Error;
use crate::sqlstate::SqlState;

const NANOS_PER_DAY: f64 = 86_400e9;

#[derive(Debug, PartialEq, Eq, Hash)]
struct IntervalTimes {
    divides: bool,
    signature: Signature,
}

/// The functions.
pub(super) fn functions() -> [Arc<ScalarUDF>; 2] {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 2]> = LazyLock::new(|| {
        [false, true].map(|divides| {
            let interval = DataType::Interval(IntervalUnit::MonthDayNano);
            let types = vec![TypeSignature::Exact(vec![interval, DataType::Float64])];
            let signature = Signature::one_of(types, Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(IntervalTimes { divides, signature }))
        })
    });
    FUNCTIONS.clone()
}

/// `interval * number`, or divided by it.
pub(crate) fn interval_times(interval: Expr, number: Expr, divides: bool) -> Expr {
    let [times, divided] = functions();
    let function = if divides { divided } else { times };
    function.call(vec![interval, datafusion::logical_expr::cast(number, DataType::Float64)])
}

fn out_of_range() -> Error {
    Error::new(SqlState::DatetimeFieldOverflow, "interval out of range")
}

fn whole(number: f64) -> crate::Result<i32> {
    // A float that is no i32 gives another, and NaN gives none.
    let whole = number.trunc();
    let fits = whole >= f64::from(i32::MIN) && whole <= f64::from(i32::MAX);
    fits.then_some(whole as i32).ok_or_else(out_of_range)
}

/// To a millionth, so that what a float cannot hold does not become time.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round_ties_even() / 1e6
}

fn scaled(interval: IntervalMonthDayNano, of: impl Fn(f64) -> f64) -> crate::Result<IntervalMonthDayNano> {
    let (months, days) = (of(f64::from(interval.months)), of(f64::from(interval.days)));
    let (month, day) = (whole(months)?, whole(days)?);
    let days_of_months = rounded((months - f64::from(month)) * 30.0);
    let mut nanos = rounded((days - f64::from(day) + days_of_months.fract()) * 86_400.0) * 1e9;
    let over = whole(nanos / NANOS_PER_DAY)?;
    nanos -= f64::from(over) * NANOS_PER_DAY;
    let day = day.checked_add(over).and_then(|day| day.checked_add(days_of_months.trunc() as i32));
    let micros = ((of(interval.nanoseconds as f64) + nanos) / 1e3).round_ties_even();
    // Beyond this a float's neighbours are more than a nanosecond's range apart.
    if micros.is_nan() || micros.abs() >= i64::MAX as f64 / 1e3 {
        return Err(out_of_range());
    }
    let nanoseconds = (micros as i64).checked_mul(1000).ok_or_else(out_of_range)?;
    Ok(IntervalMonthDayNano { months: month, days: day.ok_or_else(out_of_range)?, nanoseconds })
}

impl ScalarUDFImpl for IntervalTimes {
    fn name(&self) -> &str {
        if self.divides { "muster_interval_divided" } else { "muster_interval_times" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Interval(IntervalUnit::MonthDayNano))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let unexpected = || DataFusionError::Internal("an interval is multiplied by no number".to_string());
        let [intervals, numbers] = args.args.as_slice() else { return Err(unexpected()) };
        let constant = matches!((intervals, numbers), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let (intervals, numbers) = (intervals.to_array(rows)?, numbers.to_array(rows)?);
        let intervals = intervals.as_primitive_opt::<IntervalMonthDayNanoType>().ok_or_else(unexpected)?;
        let numbers = numbers.as_primitive_opt::<Float64Type>().ok_or_else(unexpected)?;
        let mut values = Vec::with_capacity(rows);
        for (interval, number) in intervals.iter().zip(numbers.iter()) {
            let (Some(interval), Some(number)) = (interval, number) else {
                values.push(None);
                continue;
            };
            if self.divides && number == 0.0 {
                return Err(Error::new(SqlState::DivisionByZero, "division by zero").into());
            }
            let by = |part: f64| if self.divides { part / number } else { part * number };
            values.push(Some(scaled(interval, by)?));
        }
        let values: ArrayRef = Arc::new(IntervalMonthDayNanoArray::from(values));
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?));
        }
        Ok(ColumnarValue::Array(values))
    }
}
