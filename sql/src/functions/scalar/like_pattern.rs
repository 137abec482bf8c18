//! What `LIKE pattern ESCAPE character` runs: the same pattern with the backslash as its escape character, the only one that
//! DataFusion knows.
//!
//! SQLSTATEs: 22025 for a pattern that ends in its escape character, 22019 for more than one character.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::text::strings;
use crate::Error;
use crate::sqlstate::SqlState;

/// Its name, which statements are rewritten with.
pub(crate) const LIKE_PATTERN: &str = "muster_like_pattern";

#[derive(Debug, PartialEq, Eq, Hash)]
struct LikePattern {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::string(2, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(LikePattern { signature }))
    });
    FUNCTION.clone()
}

/// `pattern` with backslashes in place of `escape`; without one a backslash is a letter like others.
fn with_backslashes(pattern: &str, escape: Option<char>) -> crate::Result<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        if Some(character) == escape {
            let Some(escaped) = rest.next() else {
                let message = "LIKE pattern must not end with escape character";
                return Err(Error::new(SqlState::InvalidEscapeSequence, message));
            };
            out.push('\\');
            out.push(escaped);
        } else {
            if character == '\\' {
                out.push('\\');
            }
            out.push(character);
        }
    }
    Ok(out)
}

impl ScalarUDFImpl for LikePattern {
    fn name(&self) -> &str {
        LIKE_PATTERN
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let count = if constant { 1 } else { args.number_rows };
        let texts = args.args.iter().map(|argument| strings(&argument.to_array(count)?));
        let texts = texts.collect::<Result<Vec<_>>>()?;
        let [patterns, escapes] = texts.as_slice() else {
            return Err(DataFusionError::Internal(format!("{LIKE_PATTERN} takes two texts")));
        };
        let mut out: Vec<Option<String>> = Vec::with_capacity(count);
        for (pattern, escape) in patterns.iter().zip(escapes) {
            let (Some(pattern), Some(escape)) = (pattern, escape) else {
                out.push(None);
                continue;
            };
            let mut characters = escape.chars();
            let first = characters.next();
            if characters.next().is_some() {
                let error = Error::new(SqlState::InvalidEscapeSequence, "invalid escape string");
                return Err(error.with_hint("Escape string must be empty or one character.").into());
            }
            out.push(Some(with_backslashes(pattern, first)?));
        }
        let out = StringArray::from(out);
        if constant {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&out, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(out)))
    }
}

#[cfg(test)]
mod tests {
    use super::with_backslashes;

    #[test]
    fn a_pattern_keeps_its_meaning() {
        assert_eq!(with_backslashes("pg/_%", Some('/')).unwrap(), "pg\\_%");
        assert_eq!(with_backslashes("a\\b", Some('/')).unwrap(), "a\\\\b");
        assert_eq!(with_backslashes("a\\_", Some('\\')).unwrap(), "a\\_");
        assert_eq!(with_backslashes("a\\_", None).unwrap(), "a\\\\_");
        assert!(with_backslashes("a/", Some('/')).is_err());
    }
}
