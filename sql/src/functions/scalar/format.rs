//! `format(text, value, ...)`: `%s` is a value as text, `%I` as a name, `%L` as a literal, `%%` a percent sign. `%2$s` takes the
//! second value; `%-10s` and `%10s` fill up to a width.
//!
//! SQLSTATEs: 22023 for another letter and for too few values; 22004 for `%I` of NULL.

use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{Array, StringArray};
use arrow::datatypes::DataType;
use bytes::BytesMut;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::Error;
use crate::catalog::system::{quoted, quoted_literal};
use crate::sqlstate::SqlState;
use crate::text::{Fault, writer};

#[derive(Debug, PartialEq, Eq, Hash)]
struct Format {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::variadic_any(Volatility::Stable);
        Arc::new(ScalarUDF::new_from_impl(Format { signature }))
    });
    FUNCTION.clone()
}

fn invalid(message: impl Into<String>) -> DataFusionError {
    Error::new(SqlState::InvalidParameterValue, message.into()).into()
}

/// The text with its places filled; `None` is NULL.
fn fill(format: &str, values: &[Option<String>]) -> Result<String> {
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    let mut next = 0;
    while let Some(character) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        if rest.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let mut digits = String::new();
        let mut left = false;
        let mut place = None;
        loop {
            match rest.peek() {
                Some('-') => left = true,
                Some(digit) if digit.is_ascii_digit() => digits.push(*digit),
                Some('$') => {
                    let number: usize =
                        digits.parse().map_err(|_| invalid("format specifies no argument"))?;
                    let number = number.checked_sub(1);
                    place = Some(number.ok_or_else(|| {
                        invalid("format specifies argument 0, but arguments are numbered from 1")
                    })?);
                    digits.clear();
                }
                _ => break,
            }
            rest.next();
        }
        let kind = rest.next().ok_or_else(|| invalid("unterminated format() type specifier"))?;
        if !['s', 'I', 'L'].contains(&kind) {
            return Err(invalid(format!("unrecognized format() type specifier \"{kind}\"")));
        }
        let place = place.unwrap_or(next);
        next = place + 1;
        let value = values.get(place).ok_or_else(|| invalid("too few arguments for format()"))?;
        let text = match (kind, value) {
            ('s', value) => value.clone().unwrap_or_default(),
            ('I', Some(value)) => quoted(value)?,
            ('I', None) => {
                let message = "null values cannot be formatted as an SQL identifier";
                return Err(Error::new(SqlState::NullValueNotAllowed, message).into());
            }
            (_, Some(value)) => quoted_literal(value),
            (_, None) => "NULL".to_string(),
        };
        let width: usize = if digits.is_empty() {
            0
        } else {
            digits.parse().map_err(|_| invalid("number is out of range"))?
        };
        let blanks = " ".repeat(width.min(MOST_BLANKS).saturating_sub(text.chars().count()));
        if left {
            out.push_str(&text);
            out.push_str(&blanks);
        } else {
            out.push_str(&blanks);
            out.push_str(&text);
        }
    }
    Ok(out)
}

/// A width beyond it is taken for it: nobody can read such a text.
const MOST_BLANKS: usize = 1 << 20;

impl ScalarUDFImpl for Format {
    fn name(&self) -> &str {
        "format"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
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
                _ => Some(writer(array.as_ref(), field, zone).map_err(said)?),
            };
            writers.push((array.logical_nulls(), write));
        }
        let mut formatted = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let mut texts = Vec::with_capacity(writers.len());
            for (nulls, write) in &writers {
                texts.push(match write {
                    Some(write) if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) => {
                        let mut out = BytesMut::new();
                        write(row, &mut out).map_err(said)?;
                        Some(String::from_utf8_lossy(&out).into_owned())
                    }
                    _ => None,
                });
            }
            formatted.push(match texts.split_first() {
                Some((Some(format), values)) => Some(fill(format, values)?),
                _ => None,
            });
        }
        Ok(ColumnarValue::Array(Arc::new(StringArray::from(formatted))))
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn places_are_filled() {
        let value = |text: &str| Some(text.to_string());
        let values = [value("a b"), value("it's"), None];
        assert_eq!(fill("%s|%I|%L", &[value("x"), value("Y"), value("z")]).unwrap(), "x|\"Y\"|'z'");
        assert_eq!(fill("%2$L %1$s %%", &values).unwrap(), "'it''s' a b %");
        assert_eq!(fill("%3$L%3$s", &values).unwrap(), "NULL");
        assert_eq!(fill("[%5s][%-5s]", &[value("x"), value("y")]).unwrap(), "[    x][y    ]");
        assert!(fill("%s %s", &values[..1]).is_err());
        assert!(fill("%d", &values).is_err());
        assert!(fill("%", &values).is_err());
        assert!(fill("%3$I", &values).is_err());
    }
}
