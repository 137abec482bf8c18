//! `timezone(zone, moment)`, which is what `moment AT TIME ZONE zone` means: a moment as a clock of that zone shows it, and a
//! clock's time there as a moment.

use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, Offset, TimeZone};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};

use super::text::strings;
use crate::Error;
use crate::sqlstate::SqlState;

/// The name by which AT TIME ZONE calls it.
pub(crate) const TIMEZONE: &str = "timezone";

const SECOND: i64 = 1_000_000;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Timezone {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(Timezone { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a moment or a clock's time, by the clocks of a zone.
pub(crate) fn timezone(zone: &str, expression: Expr) -> Expr {
    function().call(vec![lit(zone), expression])
}

/// A zone by its name, in any case.
pub(super) fn zone_named(name: &str) -> crate::Result<Tz> {
    let known = Tz::from_str(name).or_else(|_| Tz::from_str(&name.to_uppercase()));
    known.map_err(|_| {
        Error::new(SqlState::InvalidParameterValue, format!("time zone \"{name}\" not recognized"))
    })
}

fn out_of_range() -> Error {
    Error::new(SqlState::DatetimeFieldOverflow, "timestamp out of range")
}

fn naive(micros: i64) -> crate::Result<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|at| at.naive_utc()).ok_or_else(out_of_range)
}

/// What a clock of the zone shows at a moment.
fn shown(micros: i64, zone: Tz) -> crate::Result<i64> {
    let offset = zone.offset_from_utc_datetime(&naive(micros)?).fix().local_minus_utc();
    micros.checked_add(i64::from(offset) * SECOND).ok_or_else(out_of_range)
}

/// The moment at which a clock of the zone shows this. An hour that comes twice is the second one; one that is left out is
/// told by the offset before.
fn moment(micros: i64, zone: Tz) -> crate::Result<i64> {
    let local = naive(micros)?;
    let offset = match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(_, offset) => offset,
        LocalResult::None => {
            let before = local.checked_sub_signed(Duration::hours(3)).ok_or_else(out_of_range)?;
            zone.offset_from_local_datetime(&before).latest().ok_or_else(out_of_range)?
        }
    };
    micros.checked_sub(i64::from(offset.fix().local_minus_utc()) * SECOND).ok_or_else(out_of_range)
}

/// A plan that was made for a session's zone has moments of any unit.
fn in_micros(moments: &ArrayRef) -> Result<ArrayRef> {
    let wanted = match moments.data_type() {
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => utc(),
    };
    Ok(arrow::compute::cast(moments, &wanted)?)
}

fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

impl ScalarUDFImpl for Timezone {
    fn name(&self) -> &str {
        TIMEZONE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [_, at] = arguments else {
            return Err(DataFusionError::Plan("timezone takes a zone and a timestamp".to_string()));
        };
        let at = match at {
            DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
            // A date, a text and NULL are moments.
            DataType::Timestamp(_, Some(_)) | DataType::Date32 | DataType::Utf8 | DataType::Null => utc(),
            other => {
                let message = format!("timezone takes a zone and a timestamp, not {other}");
                return Err(DataFusionError::Plan(message));
            }
        };
        Ok(vec![DataType::Utf8, at])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match arguments.get(1) {
            Some(DataType::Timestamp(_, None)) => utc(),
            _ => DataType::Timestamp(TimeUnit::Microsecond, None),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [zones, moments] = args.args.as_slice() else {
            return Err(DataFusionError::Internal("timezone is called without its arguments".to_string()));
        };
        let constant = matches!((zones, moments), (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let names = strings(&zones.to_array(rows)?)?;
        let moments = in_micros(&moments.to_array(rows)?)?;
        let is_clock = matches!(moments.data_type(), DataType::Timestamp(_, None));
        let micros = moments.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| {
            DataFusionError::Internal("timezone is called with another type than was planned".to_string())
        })?;
        let mut known: Option<(String, Tz)> = None;
        let mut values = Vec::with_capacity(rows);
        for (name, at) in names.iter().zip(micros.iter()) {
            let (Some(name), Some(at)) = (name, at) else {
                values.push(None);
                continue;
            };
            let zone = match &known {
                Some((last, zone)) if last == name => *zone,
                _ => known.insert((name.to_string(), zone_named(name)?)).1,
            };
            values.push(Some(if is_clock { moment(at, zone)? } else { shown(at, zone)? }));
        }
        let values = TimestampMicrosecondArray::from(values);
        let values: ArrayRef =
            if is_clock { Arc::new(values.with_timezone("UTC")) } else { Arc::new(values) };
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?));
        }
        Ok(ColumnarValue::Array(values))
    }
}
