//! What assignment of a text to an array column runs: PostgreSQL's array text, `{a,"b c",NULL}`.
//!
//! It gives a list of texts; a cast brings its elements to their type.

use std::sync::{Arc, LazyLock};

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::Error;
use crate::sqlstate::SqlState;

const NAME: &str = "muster_to_array";

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToArray {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature =
            Signature::one_of(vec![TypeSignature::Exact(vec![DataType::Utf8])], Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(ToArray { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a text, as a list of texts.
pub(crate) fn to_array(expression: Expr) -> Expr {
    function().call(vec![expression])
}

fn malformed(text: &str) -> Error {
    Error::new(SqlState::InvalidTextRepresentation, format!("malformed array literal: \"{text}\""))
}

/// The elements of one array text; `None` is NULL.
fn parse(text: &str) -> crate::Result<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inner = inner.ok_or_else(|| malformed(text).with_detail("Array value must start with \"{\"."))?;
    let mut elements = Vec::new();
    if inner.trim().is_empty() {
        return Ok(elements);
    }
    let mut characters = inner.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        let mut element = String::new();
        let quoted = characters.next_if_eq(&'"').is_some();
        if quoted {
            loop {
                match characters.next() {
                    Some('"') => break,
                    Some('\\') => element.push(characters.next().ok_or_else(|| malformed(text))?),
                    Some(other) => element.push(other),
                    None => return Err(malformed(text)),
                }
            }
            while characters.next_if(|c| c.is_whitespace()).is_some() {}
        } else {
            while let Some(character) = characters.next_if(|c| *c != ',') {
                match character {
                    '\\' => element.push(characters.next().ok_or_else(|| malformed(text))?),
                    '{' | '}' => return Err(Error::unsupported("a nested array literal")),
                    '"' => return Err(malformed(text)),
                    other => element.push(other),
                }
            }
            element.truncate(element.trim_end().len());
            if element.is_empty() {
                return Err(malformed(text));
            }
        }
        elements.push((quoted || !element.eq_ignore_ascii_case("null")).then_some(element));
        match characters.next() {
            None => return Ok(elements),
            Some(',') => {}
            Some(_) => return Err(malformed(text)),
        }
    }
}

impl ScalarUDFImpl for ToArray {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_texts(&args, |texts| {
            let mut out = ListBuilder::new(StringBuilder::new());
            for text in texts {
                match text {
                    None => out.append_null(),
                    Some(text) => out.append_value(parse(text)?),
                }
            }
            Ok(Arc::new(out.finish()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn elements(text: &str) -> Option<Vec<Option<String>>> {
        parse(text).ok()
    }

    #[test]
    fn array_texts_are_read_as_postgresql_reads_them() {
        let some = |text: &str| Some(text.to_string());
        assert_eq!(
            elements("{a, \"b, c\" ,NULL,\"NULL\"}"),
            Some(vec![some("a"), some("b, c"), None, some("NULL")])
        );
        assert_eq!(elements("{}"), Some(vec![]));
        assert_eq!(elements("{\"\"}"), Some(vec![some("")]));
        assert_eq!(elements("{a\\,b}"), Some(vec![some("a,b")]));
        for malformed in ["", "a", "{a", "{a,}", "{,a}", "{\"a}", "{\"a\"b}", "{a}}"] {
            assert_eq!(elements(malformed), None, "{malformed}");
        }
    }
}
