//! `pg_typeof(any)` → text: the name of an argument's type. PostgreSQL gives a `regtype`, which reads the same.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::types::{base_name, type_name};

#[derive(Debug, PartialEq, Eq, Hash)]
struct TypeOf {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(1, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(TypeOf { signature }))
    });
    FUNCTION.clone()
}

impl ScalarUDFImpl for TypeOf {
    fn name(&self) -> &str {
        "pg_typeof"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let name = args.arg_fields.first().map(|field| match field.data_type() {
            // Counts, which are bigint to PostgreSQL.
            DataType::UInt64 => "bigint".to_string(),
            DataType::List(item) => format!("{}[]", base_name(&type_name(item))),
            _ => base_name(&type_name(field)).to_string(),
        });
        Ok(ColumnarValue::Scalar(ScalarValue::Utf8(name)))
    }
}
