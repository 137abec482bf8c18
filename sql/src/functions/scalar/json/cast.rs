//! Casts of jsonb to numbers and booleans. Any other cast of JSON but to a text is none: 42846.
//!
//! SQLSTATEs: 22023 for a document that is no number or boolean; 22003 for a number that does not fit.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, StringArray,
};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};

use super::super::text::over_texts;
use super::{json_type, named};
use crate::sqlstate::SqlState;
use crate::types::json::{self, Json};
use crate::types::{base_name, type_name};
use crate::{Error, Result};

/// A cast of JSON as what runs it; `None` for a cast of anything else.
///
/// # Errors
/// 42846 where there is no such cast.
pub(crate) fn cast_json(cast: &Cast, schema: &DFSchema) -> Result<Option<Expr>> {
    let target = cast.field.data_type();
    let Some(given) = cast.expr.to_field(schema).ok().and_then(|(_, field)| json_type(&field)) else {
        return Ok(None);
    };
    // The same text, which is JSON no more.
    if matches!(target, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        let text = named(if given == "jsonb" { "muster_jsonb_text" } else { "muster_json_text" });
        return Ok(text.map(|text| text.call(vec![cast.expr.as_ref().clone()])));
    }
    let of = |target: DataType| {
        let types = vec![TypeSignature::Exact(vec![DataType::Utf8])];
        let signature = Signature::one_of(types, Volatility::Immutable);
        ScalarUDF::new_from_impl(JsonCast { target, signature }).call(vec![cast.expr.as_ref().clone()])
    };
    match target {
        DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Boolean
            if given == "jsonb" =>
        {
            Ok(Some(of(target.clone())))
        }
        // A numeric's digits are read as those of a text.
        DataType::Decimal128(_, _) if given == "jsonb" => {
            let digits = Box::new(of(DataType::Utf8));
            Ok(Some(Expr::Cast(Cast { expr: digits, field: cast.field.clone() })))
        }
        _ => {
            let target = type_name(&cast.field);
            Err(Error::new(SqlState::CannotCoerce, format!("cannot cast type {given} to {target}")))
        }
    }
}

/// What it gives; texts are a numeric's digits.
#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonCast {
    target: DataType,
    signature: Signature,
}

impl JsonCast {
    fn target(&self) -> String {
        let field = FieldRef::new(arrow::datatypes::Field::new("", self.target.clone(), true));
        match self.target {
            DataType::Utf8 => "numeric".to_string(),
            _ => base_name(&type_name(&field)).to_string(),
        }
    }

    fn kind_error(&self, document: &Json) -> Error {
        let kind = match document {
            Json::Object(_) => "object",
            Json::Array(_) => "array",
            Json::Text(_) => "string",
            Json::Number(_) => "numeric",
            Json::Bool(_) => "boolean",
            Json::Null => "null",
        };
        let message = match document {
            Json::Array(_) | Json::Object(_) => {
                format!("cannot cast jsonb array or object to type {}", self.target())
            }
            _ => format!("cannot cast jsonb {kind} to type {}", self.target()),
        };
        Error::new(SqlState::InvalidParameterValue, message)
    }

    fn out_of_range(&self) -> Error {
        Error::new(SqlState::NumericValueOutOfRange, format!("{} out of range", self.target()))
    }

    fn digits(&self, text: &str) -> Result<String> {
        match json::parse(text)? {
            Json::Number(digits) => Ok(json::as_numeric(&digits)),
            other => Err(self.kind_error(&other)),
        }
    }

    fn boolean(&self, text: &str) -> Result<bool> {
        match json::parse(text)? {
            Json::Bool(value) => Ok(value),
            other => Err(self.kind_error(&other)),
        }
    }

    /// Halves are rounded away from zero, as those of numerics are.
    fn integer(&self, text: &str) -> Result<i64> {
        let digits = self.digits(text)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let whole: i64 = whole.parse().map_err(|_| self.out_of_range())?;
        if !fraction.starts_with(['5', '6', '7', '8', '9']) {
            return Ok(whole);
        }
        let away = if digits.starts_with('-') { -1 } else { 1 };
        whole.checked_add(away).ok_or_else(|| self.out_of_range())
    }

    fn float(&self, text: &str) -> Result<f64> {
        let digits = self.digits(text)?;
        let value: f64 = digits.parse().map_err(|_| Error::internal("a number that is no number"))?;
        let vanished = value == 0.0 && digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        if value.is_infinite() || vanished { Err(self.out_of_range()) } else { Ok(value) }
    }

    fn real(&self, text: &str) -> Result<f32> {
        let digits = self.digits(text)?;
        let value: f32 = digits.parse().map_err(|_| Error::internal("a number that is no number"))?;
        let vanished = value == 0.0 && digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        if value.is_infinite() || vanished { Err(self.out_of_range()) } else { Ok(value) }
    }

    fn array(&self, texts: &StringArray) -> Result<ArrayRef> {
        fn each<T, A: FromIterator<Option<T>>>(
            texts: &StringArray,
            read: impl Fn(&str) -> Result<T>,
        ) -> Result<A> {
            texts.iter().map(|text| text.map(&read).transpose()).collect()
        }
        let out_of_range = |_| self.out_of_range();
        Ok(match self.target {
            DataType::Boolean => Arc::new(each::<_, BooleanArray>(texts, |text| self.boolean(text))?),
            DataType::Int16 => Arc::new(each::<_, Int16Array>(texts, |text| {
                i16::try_from(self.integer(text)?).map_err(out_of_range)
            })?),
            DataType::Int32 => Arc::new(each::<_, Int32Array>(texts, |text| {
                i32::try_from(self.integer(text)?).map_err(out_of_range)
            })?),
            DataType::Int64 => Arc::new(each::<_, Int64Array>(texts, |text| self.integer(text))?),
            DataType::Float32 => Arc::new(each::<_, Float32Array>(texts, |text| self.real(text))?),
            DataType::Float64 => Arc::new(each::<_, Float64Array>(texts, |text| self.float(text))?),
            _ => Arc::new(each::<_, StringArray>(texts, |text| self.digits(text))?),
        })
    }
}

impl ScalarUDFImpl for JsonCast {
    fn name(&self) -> &str {
        "muster_jsonb_cast"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> datafusion::error::Result<DataType> {
        Ok(self.target.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> datafusion::error::Result<ColumnarValue> {
        over_texts(&args, |texts| Ok(self.array(texts)?))
    }
}
