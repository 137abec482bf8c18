//! `json_build_object(key, value, ...)`, `json_build_array(value, ...)` and their jsonb forms; `to_json(value)` and
//! `to_jsonb(value)`.

use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{Array, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, FieldRef};
use bytes::{BufMut, BytesMut};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use crate::sqlstate::SqlState;
use crate::text::Fault;
use crate::types::json;
use crate::unload::jsonl::value_writer;
use crate::{Error, column};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Shape {
    Object,
    Array,
    Value,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonBuild {
    name: &'static str,
    shape: Shape,
    binary: bool,
    signature: Signature,
}

/// All of them.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        let all = [
            ("json_build_object", Shape::Object, false),
            ("jsonb_build_object", Shape::Object, true),
            ("json_build_array", Shape::Array, false),
            ("jsonb_build_array", Shape::Array, true),
            ("to_json", Shape::Value, false),
            ("to_jsonb", Shape::Value, true),
        ];
        let make = |(name, shape, binary)| {
            let arguments = match shape {
                Shape::Value => TypeSignature::Any(1),
                _ => TypeSignature::OneOf(vec![TypeSignature::VariadicAny, TypeSignature::Nullary]),
            };
            let signature = Signature::new(arguments, Volatility::Stable);
            Arc::new(ScalarUDF::new_from_impl(JsonBuild { name, shape, binary, signature }))
        };
        all.into_iter().map(make).collect()
    });
    FUNCTIONS.clone()
}

impl JsonBuild {
    /// One row's document from its values as JSON.
    fn document(&self, values: &[String], keys: &[Option<String>]) -> Result<String> {
        let text = match self.shape {
            Shape::Value => values.concat(),
            Shape::Array => format!("[{}]", values.join(", ")),
            Shape::Object => {
                let mut members = Vec::with_capacity(keys.len());
                for (number, (key, value)) in keys.iter().zip(values).enumerate() {
                    let key = key.as_deref().ok_or_else(|| {
                        let message = format!("argument {}: key must not be null", 2 * number + 1);
                        DataFusionError::from(Error::new(SqlState::InvalidParameterValue, message))
                    })?;
                    let mut written = String::new();
                    json::write_string(key, &mut written);
                    members.push(format!("{written} : {value}"));
                }
                format!("{{{}}}", members.join(", "))
            }
        };
        Ok(if self.binary { json::canonical(&text)? } else { text })
    }
}

impl ScalarUDFImpl for JsonBuild {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if self.shape == Shape::Object && !types.len().is_multiple_of(2) {
            let message = "argument list must have even number of elements";
            let hint =
                format!("The arguments of {}() must consist of alternating keys and values.", self.name);
            return Err(Error::new(SqlState::InvalidParameterValue, message).with_hint(hint).into());
        }
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        self.return_type(&types)?;
        Ok(Arc::new(column::json_field(self.name, if self.binary { "jsonb" } else { "json" }, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone: Tz = "+00:00".parse()?;
        let arrays = args.args.iter().map(|argument| argument.to_array(args.number_rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let said = |fault: Fault| DataFusionError::from(Error::from(fault));
        let mut writers = Vec::with_capacity(arrays.len());
        for (array, field) in arrays.iter().zip(&args.arg_fields) {
            let write = match array.data_type() {
                DataType::Null => None,
                _ => Some(value_writer(array.as_ref(), field, zone).map_err(said)?),
            };
            writers.push((array.logical_nulls(), write));
        }
        let mut documents = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let mut written = Vec::with_capacity(writers.len());
            for (nulls, write) in &writers {
                let mut out = BytesMut::new();
                match write {
                    Some(write) if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) => {
                        write(row, &mut out).map_err(said)?;
                    }
                    _ => out.put_slice(b"null"),
                }
                written.push(String::from_utf8_lossy(&out).into_owned());
            }
            let is_null = |(nulls, write): &(Option<NullBuffer>, Option<_>)| {
                write.is_none() || nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
            };
            if self.shape == Shape::Value && writers.iter().all(is_null) {
                documents.push(None);
                continue;
            }
            let document = match self.shape {
                Shape::Object => {
                    let keys: Vec<Option<String>> =
                        written.iter().step_by(2).map(|key| as_key(key)).collect();
                    let values: Vec<String> = written.into_iter().skip(1).step_by(2).collect();
                    self.document(&values, &keys)?
                }
                _ => self.document(&written, &[])?,
            };
            documents.push(Some(document));
        }
        Ok(ColumnarValue::Array(Arc::new(StringArray::from(documents))))
    }
}

/// A value as the key of an object; `None` for NULL.
fn as_key(value: &str) -> Option<String> {
    match json::parse(value) {
        Ok(json::Json::Null) => None,
        Ok(json::Json::Text(text)) => Some(text),
        _ => Some(value.to_string()),
    }
}
