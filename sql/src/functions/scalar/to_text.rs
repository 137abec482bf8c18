//! What a cast to text runs for values that PostgreSQL writes in another way than Arrow: moments, intervals, floats, bytes, uuids,
//! arrays, rows.
//!
//! It is [`text::writer`](crate::text::writer), which results and COPY are written by; a boolean alone is written out.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, StringBuilder};
use arrow::datatypes::DataType;
use bytes::BytesMut;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::one_argument::over_values;
use super::timezone::zone_named;
use crate::text::{Fault, writer};

const NAME: &str = "muster_to_text";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToText {
    /// Where the clocks of moments stand.
    zone: String,
    signature: Signature,
}

/// The function in UTC.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(in_zone("UTC")));
    FUNCTION.clone()
}

fn in_zone(zone: &str) -> ScalarUDF {
    let signature = Signature::any(1, Volatility::Immutable);
    ScalarUDF::new_from_impl(ToText { zone: zone.to_string(), signature })
}

/// `expression` as PostgreSQL writes it.
pub(crate) fn to_text(expression: Expr) -> Expr {
    function().call(vec![expression])
}

/// Whether a function is this one, by the clocks of UTC.
pub(crate) fn is_to_text(call: &ScalarFunction) -> bool {
    let implementation: &dyn std::any::Any = call.func.inner().as_ref();
    implementation.downcast_ref::<ToText>().is_some_and(|it| it.zone == "UTC")
}

/// The same function by the clocks of a zone.
pub(crate) fn text_in_zone(call: ScalarFunction, zone: &str) -> Expr {
    in_zone(zone).call(call.args)
}

/// Whether a cast of this type to text is not Arrow's.
pub(crate) fn is_written(data_type: &DataType) -> bool {
    match data_type {
        DataType::Timestamp(..)
        | DataType::Date32
        | DataType::Time64(_)
        | DataType::Interval(_)
        | DataType::Duration(_)
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Struct(_) => true,
        // A dictionary or a list of what has no text is refused where it is written.
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => true,
        _ => false,
    }
}

impl ScalarUDFImpl for ToText {
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
        let Some(field) = args.arg_fields.first().cloned() else {
            return Err(DataFusionError::Internal(format!("{NAME} takes a value")));
        };
        over_values(&args, |values| {
            let failed = |fault: Fault| DataFusionError::from(crate::Error::from(fault));
            let write = writer(values.as_ref(), &field, zone_named(&self.zone)?).map_err(failed)?;
            let nulls = values.logical_nulls();
            let mut texts = StringBuilder::with_capacity(values.len(), values.len() * 8);
            let mut buffer = BytesMut::new();
            for row in 0..values.len() {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    texts.append_null();
                    continue;
                }
                buffer.clear();
                write(row, &mut buffer).map_err(failed)?;
                let text = std::str::from_utf8(&buffer)
                    .map_err(|_| DataFusionError::Internal("a value's text is not UTF-8".to_string()))?;
                texts.append_value(text);
            }
            Ok(Arc::new(texts.finish()))
        })
    }
}
