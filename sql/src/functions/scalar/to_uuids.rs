//! What casts and assignments to `uuid[]` run: Arrow casts no text to the bytes of a uuid, and takes no list of bytes for one of
//! uuids. Of one dimension.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, ListArray};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::one_argument::over_values;
use super::text::strings;
use super::to_uuid::{no_uuid, parse_uuid};

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToUuids {
    /// The list's type.
    target: DataType,
    signature: Signature,
}

/// `expression`, an array of texts or uuids, as an array of uuids of this type; `None` where that is none.
pub(crate) fn to_uuids(expression: Expr, target: &DataType) -> Option<Expr> {
    match target {
        DataType::List(item) if item.data_type() == &DataType::FixedSizeBinary(16) => {
            let signature = Signature::any(1, Volatility::Immutable);
            let function = ToUuids { target: target.clone(), signature };
            Some(ScalarUDF::new_from_impl(function).call(vec![expression]))
        }
        _ => None,
    }
}

impl ScalarUDFImpl for ToUuids {
    fn name(&self) -> &str {
        "muster_to_uuids"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.target.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::List(item) = &self.target else {
            return Err(DataFusionError::Internal("an array of uuids is a list".to_string()));
        };
        over_values(&args, |given| {
            if given.data_type() == &DataType::Null {
                return Ok(Arc::new(ListArray::new_null(item.clone(), given.len())));
            }
            let Some(lists) = given.as_list_opt::<i32>() else {
                let what = format!("a cast of {} to uuid[]", given.data_type());
                return Err(crate::Error::unsupported(what).into());
            };
            let (_, offsets, values, nulls) = lists.clone().into_parts();
            Ok(Arc::new(ListArray::try_new(item.clone(), offsets, uuids(&values)?, nulls)?))
        })
    }
}

fn uuids(values: &ArrayRef) -> Result<ArrayRef> {
    match values.data_type() {
        DataType::FixedSizeBinary(16) => return Ok(values.clone()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {}
        other => return Err(crate::Error::unsupported(format!("a cast of {other}[] to uuid[]")).into()),
    }
    let mut out = FixedSizeBinaryBuilder::with_capacity(values.len(), 16);
    for text in &strings(values)? {
        match text {
            None => out.append_null(),
            Some(text) => out.append_value(parse_uuid(text).ok_or_else(|| no_uuid(text))?)?,
        }
    }
    Ok(Arc::new(out.finish()))
}
