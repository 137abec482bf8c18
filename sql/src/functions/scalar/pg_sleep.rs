//! `pg_sleep(seconds)`: waits, once for each row, and gives nothing, which is an empty text here.
//!
//! It waits without a thread, so that what cancels the statement ends it at once.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{DataType, Float64Type};
use async_trait::async_trait;
use datafusion::error::Result;
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::Error;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sleep {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::exact(vec![DataType::Float64], Volatility::Volatile);
        Arc::new(AsyncScalarUDF::new(Arc::new(Sleep { signature })).into_scalar_udf())
    });
    FUNCTION.clone()
}

/// Whether a call is evaluated while it is waited for, which takes a node of a plan.
pub(crate) fn is_async(call: &ScalarFunction) -> bool {
    let function: &dyn std::any::Any = call.func.inner().as_ref();
    function.is::<AsyncScalarUDF>()
}

impl ScalarUDFImpl for Sleep {
    fn name(&self) -> &str {
        "pg_sleep"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(Error::unsupported("pg_sleep at this place").into())
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Sleep {
    async fn invoke_async_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = call.number_rows;
        let mut slept = Vec::with_capacity(rows);
        let seconds = call.args.first().map(|seconds| seconds.to_array(rows)).transpose()?;
        let seconds = seconds.as_ref().and_then(|seconds| seconds.as_primitive_opt::<Float64Type>());
        for row in 0..rows {
            let Some(seconds) = seconds.filter(|seconds| seconds.is_valid(row)) else {
                slept.push(None);
                continue;
            };
            // Less than nothing is nothing, as in PostgreSQL; what is longer than can be told never ends.
            let wanted = seconds.value(row).max(0.0);
            sleep(Duration::try_from_secs_f64(wanted).unwrap_or(Duration::MAX)).await?;
            slept.push(Some(""));
        }
        Ok(ColumnarValue::Array(Arc::new(StringArray::from(slept))))
    }
}

/// Waits by the clock of the runtime, where it has one.
async fn sleep(time: Duration) -> Result<()> {
    if time.is_zero() {
        return Ok(());
    }
    let sleep = std::panic::catch_unwind(|| tokio::time::sleep(time));
    let sleep = sleep.map_err(|_| Error::unsupported("pg_sleep in a runtime without a clock"))?;
    sleep.await;
    Ok(())
}
