//! What `x::uuid` and assignment of a text to a `uuid` column run.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, FixedSizeBinaryBuilder};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::sqlstate::SqlState;
use crate::{Error, column};

const NAME: &str = "muster_to_uuid";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToUuid {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::one_of(
            vec![
                TypeSignature::Exact(vec![DataType::FixedSizeBinary(16)]),
                TypeSignature::Exact(vec![DataType::Utf8]),
            ],
            Volatility::Immutable,
        );
        Arc::new(ScalarUDF::new_from_impl(ToUuid { signature }))
    });
    FUNCTION.clone()
}

/// `expression` as a uuid.
pub(crate) fn to_uuid(expression: Expr) -> Expr {
    function().call(vec![expression])
}

/// Hyphens may stand anywhere between groups of four digits, braces around the whole, as in PostgreSQL.
pub(crate) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let inner = text.trim();
    let inner = inner.strip_prefix('{').map_or(Some(inner), |rest| rest.strip_suffix('}'))?;
    let mut digits = 0_usize;
    let mut out = [0_u8; 16];
    for character in inner.chars() {
        if character == '-' {
            if digits == 0 || !digits.is_multiple_of(4) || digits == 32 {
                return None;
            }
            continue;
        }
        let digit = u8::try_from(character.to_digit(16)?).ok()?;
        let byte = out.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        digits += 1;
    }
    (digits == 32).then_some(out)
}

/// A text that is none.
pub(super) fn no_uuid(text: &str) -> Error {
    let message = format!("invalid input syntax for type uuid: \"{text}\"");
    Error::new(SqlState::InvalidTextRepresentation, message)
}

impl ScalarUDFImpl for ToUuid {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::FixedSizeBinary(16))
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(column::uuid_field(NAME, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let Some(argument) = args.args.first()
            && argument.data_type() == DataType::FixedSizeBinary(16)
        {
            return Ok(argument.clone());
        }
        over_texts(&args, |texts| {
            let mut out = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
            for text in texts {
                let Some(text) = text else {
                    out.append_null();
                    continue;
                };
                out.append_value(parse_uuid(text).ok_or_else(|| no_uuid(text))?)?;
            }
            Ok(Arc::new(out.finish()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse_uuid as parse;

    #[test]
    fn the_forms_that_postgresql_reads_are_read() {
        let bytes = parse("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
        assert!(bytes.is_some());
        assert_eq!(parse("{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"), bytes);
        assert_eq!(parse("a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"), bytes);
        assert_eq!(parse("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"), None);
        assert_eq!(parse("-a0eebc999c0b4ef8bb6d6bb9bd380a11"), None);
        assert_eq!(parse("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1é"), None);
    }
}
