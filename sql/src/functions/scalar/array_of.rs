//! What `x = ANY ('{1,2}')` calls: a text as an array of values of another one's type. It stands in a statement until types are
//! known, when what reads the text takes its place; it never runs.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// Its name, which statements are rewritten with.
pub(crate) const ARRAY_OF: &str = "muster_array_of";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ArrayOf {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(2, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(ArrayOf { signature }))
    });
    FUNCTION.clone()
}

/// The array's type, for an element of this type: text, if that is not known.
pub(crate) fn array_type(element: &DataType) -> DataType {
    let element = match element {
        DataType::Null => DataType::Utf8,
        other => other.clone(),
    };
    DataType::List(Arc::new(Field::new("item", element, true)))
}

impl ScalarUDFImpl for ArrayOf {
    fn name(&self) -> &str {
        ARRAY_OF
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let element = types.get(1).ok_or_else(misplaced)?;
        Ok(array_type(element))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(misplaced())
    }
}

fn misplaced() -> DataFusionError {
    DataFusionError::Internal(format!("{ARRAY_OF} is left in a plan"))
}
