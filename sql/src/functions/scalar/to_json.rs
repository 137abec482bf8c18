//! What `x::json`, `x::jsonb` and assignment to such a column run: the text is checked, and for
//! `jsonb` brought into its canonical form.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::text::over_texts;
use crate::sqlstate::SqlState;
use crate::types::{json, type_name};
use crate::{Error, column};

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToJson {
    name: &'static str,
    sql_type: &'static str,
    signature: Signature,
}

fn make(name: &'static str, sql_type: &'static str) -> Arc<ScalarUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(ToJson { name, sql_type, signature }))
}

/// The function for `json`.
pub(super) fn json_function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| make("muster_to_json", "json"));
    FUNCTION.clone()
}

/// The function for `jsonb`.
pub(super) fn jsonb_function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| make("muster_to_jsonb", "jsonb"));
    FUNCTION.clone()
}

/// `expression` as `json` or `jsonb`.
pub(crate) fn to_json(expression: Expr, sql_type: &str) -> Expr {
    if sql_type == "json" { json_function() } else { jsonb_function() }.call(vec![expression])
}

impl ScalarUDFImpl for ToJson {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null] => {
                Ok(vec![DataType::Utf8])
            }
            _ => {
                let names: Vec<String> =
                    given.iter().map(|given| type_name(&Field::new("", given.clone(), true))).collect();
                let message = format!("cannot cast type {} to {}", names.join(", "), self.sql_type);
                Err(Error::new(SqlState::CannotCoerce, message).into())
            }
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(column::json_field(self.name, self.sql_type, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_texts(&args, |texts| {
            let mut out: Vec<Option<String>> = Vec::with_capacity(texts.len());
            for text in texts {
                out.push(match text {
                    None => None,
                    Some(text) if self.sql_type == "jsonb" => Some(json::canonical(text)?),
                    Some(text) => {
                        json::parse(text)?;
                        Some(text.to_string())
                    }
                });
            }
            Ok(Arc::new(StringArray::from(out)))
        })
    }
}
