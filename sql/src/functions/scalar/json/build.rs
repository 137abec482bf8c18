//! `json_build_object(key, value, ...)`, `json_build_array(value, ...)` and their jsonb forms; `to_json(value)` and
//! `to_jsonb(value)`; `array_to_json(array, pretty)`, `row_to_json(row, pretty)`.
//!
//! SQLSTATEs: 22023 for an odd number of arguments, a key that is NULL or no scalar; 42883 for other arguments than these.

use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use super::json_type;
use super::writer::{Composite, document_writer};
use crate::sqlstate::SqlState;
use crate::types::{json, type_name};
use crate::{Error, column};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Shape {
    Object,
    Array,
    Value,
    /// Of an array or a row, which may be on several lines.
    Pretty(bool),
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
            ("array_to_json", Shape::Pretty(false), false),
            ("row_to_json", Shape::Pretty(true), false),
        ];
        let make = |(name, shape, binary)| {
            let arguments = match shape {
                Shape::Value => TypeSignature::Any(1),
                Shape::Pretty(_) => TypeSignature::OneOf(vec![TypeSignature::Any(1), TypeSignature::Any(2)]),
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
    /// One row's document from its values as JSON, none of which has become longer than a text can be.
    fn document(&self, values: Vec<String>) -> crate::Result<String> {
        let text = match self.shape {
            Shape::Value | Shape::Pretty(_) => values.into_iter().next().unwrap_or_default(),
            Shape::Array => format!("[{}]", values.join(", ")),
            Shape::Object => {
                let mut members = Vec::with_capacity(values.len() / 2);
                for (number, pair) in values.chunks_exact(2).enumerate() {
                    let [key, value] = pair else { continue };
                    let key = as_key(key)?.ok_or_else(|| {
                        let message = format!("argument {}: key must not be null", 2 * number + 1);
                        Error::new(SqlState::InvalidParameterValue, message)
                    })?;
                    let mut written = String::new();
                    json::write_string(&key, &mut written);
                    members.push(format!("{written} : {value}"));
                }
                format!("{{{}}}", members.join(", "))
            }
        };
        if self.binary { json::canonical(&text) } else { Ok(text) }
    }

    fn undefined(&self, given: &[FieldRef]) -> Error {
        let names: Vec<String> = given.iter().map(|field| type_name(field)).collect();
        let message = format!("function {}({}) does not exist", self.name, names.join(", "));
        Error::new(SqlState::UndefinedFunction, message)
    }

    fn check(&self, given: &[FieldRef]) -> crate::Result<()> {
        match self.shape {
            Shape::Object if !given.len().is_multiple_of(2) => {
                let message = "argument list must have even number of elements";
                let hint =
                    format!("The arguments of {}() must consist of alternating keys and values.", self.name);
                Err(Error::new(SqlState::InvalidParameterValue, message).with_hint(hint))
            }
            Shape::Object if given.iter().step_by(2).any(|key| is_no_key(key)) => Err(no_key()),
            Shape::Pretty(of_rows) => {
                let wanted = if of_rows { Composite::Row } else { Composite::Array };
                let fits = match given.first() {
                    Some(value) if value.data_type().is_null() => true,
                    Some(value) => Composite::of(value) == Some(wanted),
                    None => false,
                };
                let pretty = given
                    .get(1)
                    .is_none_or(|it| matches!(it.data_type(), DataType::Boolean | DataType::Null));
                if fits && pretty { Ok(()) } else { Err(self.undefined(given)) }
            }
            _ => Ok(()),
        }
    }
}

/// Whether no value of a type can be a key.
pub(crate) fn is_no_key(field: &Field) -> bool {
    Composite::of(field).is_some() || json_type(field).is_some()
}

/// The error for such a key.
pub(crate) fn no_key() -> Error {
    let message = "key value must be scalar, not array, composite, or json";
    Error::new(SqlState::InvalidParameterValue, message)
}

/// A value, written as JSON, as the key of an object; `None` for NULL.
pub(crate) fn as_key(value: &str) -> crate::Result<Option<String>> {
    Ok(match json::parse(value)? {
        json::Json::Null => None,
        json::Json::Text(text) => Some(text),
        _ => Some(value.to_string()),
    })
}

/// The time zone that times are written in.
pub(crate) fn zone() -> crate::Result<Tz> {
    Ok("+00:00".parse()?)
}

impl ScalarUDFImpl for JsonBuild {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.check(args.arg_fields)?;
        Ok(Arc::new(column::json_field(self.name, if self.binary { "jsonb" } else { "json" }, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone = zone()?;
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args.args.iter().map(|argument| argument.to_array(rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let mut plain = Vec::with_capacity(arrays.len());
        let mut lines = Vec::with_capacity(arrays.len());
        for (array, field) in arrays.iter().zip(&args.arg_fields) {
            plain.push(document_writer(array.as_ref(), field, zone, ",")?);
            lines.push(document_writer(array.as_ref(), field, zone, ",\n ")?);
        }
        let first_nulls = arrays.first().and_then(|array| array.logical_nulls());
        let strict = matches!(self.shape, Shape::Value | Shape::Pretty(_));
        let pretty = arrays.get(1).filter(|_| matches!(self.shape, Shape::Pretty(_)));
        let mut documents = Vec::with_capacity(rows);
        for row in 0..rows {
            let mut writers = &plain;
            if let Some(pretty) = pretty {
                match pretty.as_boolean_opt().filter(|pretty| pretty.is_valid(row)) {
                    Some(pretty) if pretty.value(row) => writers = &lines,
                    Some(_) => {}
                    None => {
                        documents.push(None);
                        continue;
                    }
                }
            }
            let null = arrays.first().is_some_and(|array| array.data_type().is_null())
                || first_nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            if strict && null {
                documents.push(None);
                continue;
            }
            let mut written = Vec::with_capacity(writers.len());
            for write in writers {
                let mut out = String::new();
                write(row, &mut out)?;
                written.push(out);
            }
            documents.push(Some(self.document(written)?));
        }
        let documents = StringArray::from(documents);
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&documents, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(documents)))
    }
}
