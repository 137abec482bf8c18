//! What assignment of a text to a `bytea` column runs: the hex form `\x0aff` and the escape form.

use std::sync::{Arc, LazyLock};

use arrow::array::BinaryBuilder;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::Error;
use crate::sqlstate::SqlState;

const NAME: &str = "muster_to_bytea";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToBytea {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::one_of(
            vec![TypeSignature::Exact(vec![DataType::Binary]), TypeSignature::Exact(vec![DataType::Utf8])],
            Volatility::Immutable,
        );
        Arc::new(ScalarUDF::new_from_impl(ToBytea { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a text, as bytes.
pub(crate) fn to_bytea(expression: Expr) -> Expr {
    function().call(vec![expression])
}

fn parse(text: &str) -> Option<Vec<u8>> {
    if let Some(hex) = text.strip_prefix("\\x") {
        let digits: Option<Vec<u32>> =
            hex.chars().filter(|c| !c.is_ascii_whitespace()).map(|c| c.to_digit(16)).collect();
        return digits?
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => u8::try_from(high * 16 + low).ok(),
                _ => None,
            })
            .collect();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'\\' => out.push(b'\\'),
            first @ b'0'..=b'3' => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    value = value * 8 + char::from(bytes.next()?).to_digit(8)?;
                }
                out.push(u8::try_from(value).ok()?);
            }
            _ => return None,
        }
    }
    Some(out)
}

/// The bytes that a text writes.
///
/// # Errors
/// 22P02 for a text that writes none.
pub(crate) fn read_bytea(text: &str) -> crate::Result<Vec<u8>> {
    parse(text)
        .ok_or_else(|| Error::new(SqlState::InvalidTextRepresentation, "invalid input syntax for type bytea"))
}

impl ScalarUDFImpl for ToBytea {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let Some(argument) = args.args.first()
            && argument.data_type() == DataType::Binary
        {
            return Ok(argument.clone());
        }
        over_texts(&args, |texts| {
            let mut out = BinaryBuilder::new();
            for text in texts {
                match text {
                    None => out.append_null(),
                    Some(text) => out.append_value(read_bytea(text)?),
                }
            }
            Ok(Arc::new(out.finish()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn hex_and_escapes_are_read() {
        assert_eq!(parse("\\x00fF"), Some(vec![0, 255]));
        assert_eq!(parse("\\x0"), None);
        assert_eq!(parse("a\\\\b\\101"), Some(b"a\\bA".to_vec()));
        assert_eq!(parse("\\9"), None);
        assert_eq!(parse("\\"), None);
    }
}
