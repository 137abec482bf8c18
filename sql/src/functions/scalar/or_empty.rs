//! What `array(SELECT ...)` is beside an aggregate: without rows it is an empty array, not NULL.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, ListArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Its name, which statements are rewritten with.
pub(crate) const OR_EMPTY: &str = "muster_array_or_empty";

#[derive(Debug, PartialEq, Eq, Hash)]
struct OrEmpty {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(1, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(OrEmpty { signature }))
    });
    FUNCTION.clone()
}

impl ScalarUDFImpl for OrEmpty {
    fn name(&self) -> &str {
        OR_EMPTY
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let given = types.first().cloned();
        given.ok_or_else(|| DataFusionError::Internal(format!("{OR_EMPTY} takes an array")))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let lists = arrays.first().and_then(|given| given.as_list_opt::<i32>());
        let Some(lists) = lists else {
            return Err(DataFusionError::Internal(format!("{OR_EMPTY} takes an array")));
        };
        let DataType::List(item) = lists.data_type() else {
            return Err(DataFusionError::Internal(format!("{OR_EMPTY} takes an array")));
        };
        // Where a list is NULL its range is empty: that is what builders and kernels of Arrow make.
        let empty = (0..lists.len()).all(|row| lists.is_valid(row) || lists.value_length(row) == 0);
        if !empty {
            return Err(DataFusionError::Internal("a NULL list has elements".to_string()));
        }
        let none: Option<NullBuffer> = None;
        let filled = ListArray::new(item.clone(), lists.offsets().clone(), lists.values().clone(), none);
        Ok(ColumnarValue::Array(Arc::new(filled)))
    }
}
