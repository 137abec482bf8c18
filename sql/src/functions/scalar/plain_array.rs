//! What stands around a cast to an array type: the same array, which is a vector no more.
//!
//! DataFusion's casts take the metadata of what is cast along, and a vector is told from an array by that.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Its name, which statements are rewritten with.
pub(crate) const PLAIN_ARRAY: &str = "muster_plain_array";

#[derive(Debug, PartialEq, Eq, Hash)]
struct PlainArray {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(1, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(PlainArray { signature }))
    });
    FUNCTION.clone()
}

impl ScalarUDFImpl for PlainArray {
    fn name(&self) -> &str {
        PLAIN_ARRAY
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let given = types.first().cloned();
        given.ok_or_else(|| DataFusionError::Internal(format!("{PLAIN_ARRAY} takes an array")))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = args.args.into_iter().next();
        given.ok_or_else(|| DataFusionError::Internal(format!("{PLAIN_ARRAY} takes an array")))
    }
}
