//! `value IN (SELECT ...)` where the rows' values are a list: NULL where neither a value nor its absence is known.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, BooleanArray, Scalar};
use arrow::compute::kernels::cmp::eq;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct InRows {
    signature: Signature,
}

/// Whether `value` is among `rows`, a list of values of its type. No list is one without values.
pub(crate) fn in_rows(value: Expr, rows: Expr) -> Expr {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(2, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(InRows { signature }))
    });
    FUNCTION.call(vec![value, rows])
}

impl ScalarUDFImpl for InRows {
    fn name(&self) -> &str {
        "muster_in_rows"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, rows] = args.args.as_slice() else {
            return Err(DataFusionError::Internal("muster_in_rows takes a value and a list".to_string()));
        };
        let values = value.to_array(args.number_rows)?;
        let lists = rows.to_array(args.number_rows)?;
        let lists = lists
            .as_list_opt::<i32>()
            .ok_or_else(|| DataFusionError::Internal("a subquery's rows are no list".to_string()))?;
        let mut found = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            if lists.is_null(row) || lists.value_length(row) == 0 {
                found.push(Some(false));
                continue;
            }
            if values.is_null(row) {
                found.push(None);
                continue;
            }
            let list = lists.value(row);
            let equal = eq(&list, &Scalar::new(values.slice(row, 1)))?;
            found.push(match equal.true_count() {
                0 if list.logical_null_count() > 0 => None,
                count => Some(count > 0),
            });
        }
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::from(found))))
    }
}
