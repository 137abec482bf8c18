//! A field of a struct, taken where it is written.
//!
//! DataFusion's own moves towards the table that it comes from, below joins, and takes along what the struct is
//! computed by: a subquery's error for several rows would then come from rows that no join keeps.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::{is_null, nullif};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct StructField {
    place: usize,
    signature: Signature,
}

/// Field number `place` of `structure`; NULL of a NULL.
pub(crate) fn struct_field(structure: Expr, place: usize) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    ScalarUDF::new_from_impl(StructField { place, signature }).call(vec![structure])
}

impl StructField {
    fn of(&self, data_type: &DataType) -> Result<FieldRef> {
        let field = match data_type {
            DataType::Struct(fields) => fields.get(self.place),
            _ => None,
        };
        field.cloned().ok_or_else(|| DataFusionError::Internal(format!("{data_type} has no such field")))
    }
}

impl ScalarUDFImpl for StructField {
    fn name(&self) -> &str {
        "muster_struct_field"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let [structure] = types else {
            return Err(DataFusionError::Internal("muster_struct_field takes a struct".to_string()));
        };
        Ok(self.of(structure)?.data_type().clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [structure] = args.arg_fields else {
            return Err(DataFusionError::Internal("muster_struct_field takes a struct".to_string()));
        };
        Ok(Arc::new(self.of(structure.data_type())?.as_ref().clone().with_nullable(true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [argument] = args.args.as_slice() else {
            return Err(DataFusionError::Internal("muster_struct_field takes a struct".to_string()));
        };
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let structures = argument.to_array(if scalar { 1 } else { args.number_rows })?;
        let fields = structures.as_struct_opt().and_then(|structures| structures.columns().get(self.place));
        let values = fields.ok_or_else(|| DataFusionError::Internal("no such field".to_string()))?;
        let values = if structures.null_count() == 0 {
            values.clone()
        } else {
            nullif(values, &is_null(&structures)?)?
        };
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?));
        }
        Ok(ColumnarValue::Array(values))
    }
}
