//! `jsonb_typeof(jsonb)`, `json_typeof(json)` → text: `object`, `array`, `string`, `number`, `boolean` or `null`. NULL for NULL.
//!
//! SQLSTATEs: 42883 for an argument of another type; 22P02 for a text that is no JSON.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::text::over_texts;
use crate::Error;
use crate::sqlstate::SqlState;
use crate::types::json::{self, Json};
use crate::types::type_name;

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonTypeof {
    name: &'static str,
    signature: Signature,
}

/// Both.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    let names = ["jsonb_typeof", "json_typeof"];
    names.into_iter().map(|name| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(JsonTypeof { name, signature }))
    })
}

/// What a document is, as PostgreSQL calls it.
fn kind(document: &Json) -> &'static str {
    match document {
        Json::Object(_) => "object",
        Json::Array(_) => "array",
        Json::Text(_) => "string",
        Json::Number(_) => "number",
        Json::Bool(_) => "boolean",
        Json::Null => "null",
    }
}

impl ScalarUDFImpl for JsonTypeof {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let [DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null] = given {
            return Ok(vec![DataType::Utf8]);
        }
        let names: Vec<String> =
            given.iter().map(|given| type_name(&Field::new("", given.clone(), true))).collect();
        let message = format!("function {}({}) does not exist", self.name, names.join(", "));
        Err(Error::new(SqlState::UndefinedFunction, message).into())
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_texts(&args, |texts| {
            let kinds = texts.iter().map(|text| text.map(|text| Ok(kind(&json::parse(text)?))).transpose());
            Ok(Arc::new(kinds.collect::<crate::Result<StringArray>>()?))
        })
    }
}
