//! What a cast of a text to `numeric` runs first: `1e2`, `.5`, `5.` in the digits that Arrow reads.
//!
//! It decides how a numeric may be written, not whether it fits. Invariant: a text that comes out means the number that
//! PostgreSQL reads in the one that went in.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use crate::Error;
use crate::sqlstate::SqlState;

const NAME: &str = "muster_decimal_text";

/// Digits that no numeric has: what is longer is too large, or nothing.
const FAR: i64 = 100;

#[derive(Debug, PartialEq, Eq, Hash)]
struct DecimalText {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let texts = [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View];
        let texts = texts.into_iter().map(|text| TypeSignature::Exact(vec![text])).collect();
        let signature = Signature::one_of(texts, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(DecimalText { signature }))
    });
    FUNCTION.clone()
}

/// `expression`, a text, as a text that Arrow reads as a decimal.
pub(crate) fn decimal_text(expression: Expr) -> Expr {
    function().call(vec![expression])
}

/// Whether a function is this one.
pub(crate) fn is_decimal_text(expression: &Expr) -> bool {
    matches!(expression, Expr::ScalarFunction(call) if call.func.name() == NAME)
}

impl ScalarUDFImpl for DecimalText {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_texts(&args, |texts| {
            let plain = texts.iter().map(|text| text.map(plain).transpose());
            Ok(Arc::new(plain.collect::<std::result::Result<StringArray, Error>>()?))
        })
    }
}

/// The number without an exponent: `-0.05`.
fn plain(written: &str) -> crate::Result<String> {
    let refused = || {
        let message = format!("invalid input syntax for type numeric: \"{written}\"");
        Error::new(SqlState::InvalidTextRepresentation, message)
    };
    let text = written.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if ["nan", "inf", "infinity"].contains(&number.to_ascii_lowercase().as_str()) {
        return Err(Error::unsupported(format!("{number} as a value of type numeric")));
    }
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (number, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
        return Err(refused());
    }
    let exponent: i64 = match exponent {
        None => 0,
        Some(exponent) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !is_number(digits) {
                return Err(refused());
            }
            exponent
                .parse()
                .map_err(|_| Error::new(SqlState::NumericValueOutOfRange, "numeric field overflow"))?
        }
    };
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    // Where the point stands, in digits from the left of those.
    let leading = (whole.len() + fraction.len() - digits.len()) as i64;
    let point = (whole.len() as i64).saturating_sub(leading).saturating_add(exponent);
    if digits.is_empty() || point < -FAR {
        return Ok("0".to_string());
    }
    if point > FAR {
        return Err(Error::new(SqlState::NumericValueOutOfRange, "numeric field overflow"));
    }
    let Ok(before) = usize::try_from(point) else {
        return Ok(format!("{sign}0.{:0<zeros$}{digits}", "", zeros = point.unsigned_abs() as usize));
    };
    Ok(match digits.split_at_checked(before) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some(("", fraction)) => format!("{sign}0.{fraction}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits:0<before$}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_out() {
        for (written, expected) in [
            ("1e2", "100"),
            ("1E-3", "0.001"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-.5e1", "-5"),
            ("+1.50", "1.50"),
            (" 12 \n", "12"),
            ("0.0001e+2", "0.01"),
            ("123.456e-5", "0.00123456"),
            ("000", "0"),
            ("0e999", "0"),
            ("1e-999", "0"),
            ("99999", "99999"),
        ] {
            assert_eq!(plain(written).unwrap(), expected, "{written}");
        }
        for (written, state) in [
            (".", "22P02"),
            ("", "22P02"),
            ("1e", "22P02"),
            ("1e+", "22P02"),
            ("e5", "22P02"),
            ("1.2.3", "22P02"),
            ("1 2", "22P02"),
            ("--1", "22P02"),
            ("0x1f", "22P02"),
            ("1e400", "22003"),
            ("1e99999999999999999999", "22003"),
            ("NaN", "0A000"),
            ("-Infinity", "0A000"),
        ] {
            assert_eq!(plain(written).unwrap_err().sqlstate(), state, "{written}");
        }
    }
}
