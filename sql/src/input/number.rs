//! Numerics: decimal digits and an exponent, brought to a precision and scale.

use super::{Fault, Read};

/// Digits (most significant first, each 0 to 9), the power of ten of the last one, and the sign.
#[derive(Debug, Default)]
pub struct Digits {
    /// Whether it is below zero.
    pub negative: bool,
    /// Each from 0 to 9.
    pub digits: Vec<u8>,
    /// The power of ten of the last one.
    pub exponent: i64,
}

impl Digits {
    /// Reads `-12.5e3`.
    ///
    /// # Errors
    /// [`Fault::Syntax`] for what is no number, [`Fault::Unsupported`] for NaN and the infinities.
    pub fn parse(text: &str) -> Read<Self> {
        let text = text.trim();
        if matches!(text.to_ascii_lowercase().trim_start_matches(['+', '-']), "nan" | "inf" | "infinity") {
            return Err(Fault::Unsupported(format!("the numeric value {text}")));
        }
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| Fault::Syntax)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(Fault::Syntax);
        }
        let digits = whole.bytes().chain(fraction.bytes());
        let digits = digits
            .map(|byte| if byte.is_ascii_digit() { Ok(byte - b'0') } else { Err(Fault::Syntax) })
            .collect::<Read<Vec<u8>>>()?;
        let behind = i64::try_from(fraction.len()).map_err(|_| Fault::Range)?;
        Ok(Self { negative, digits, exponent: i64::from(exponent) - behind })
    }

    /// The number in units of 10^-scale, rounded half away from zero as PostgreSQL rounds on
    /// assignment.
    ///
    /// # Errors
    /// [`Fault::Range`] when it has more digits than `precision`.
    pub fn unscaled(&self, precision: u8, scale: i8) -> Read<i128> {
        let leading = self.digits.iter().take_while(|digit| **digit == 0).count();
        let digits = self.digits.get(leading..).unwrap_or_default();
        let shift = self.exponent.saturating_add(i64::from(scale));
        let length = i64::try_from(digits.len()).map_err(|_| Fault::Range)?;
        let wanted = length.saturating_add(shift);
        // One more digit than the precision may come from rounding up only.
        if digits.is_empty() || wanted < 0 {
            return Ok(0);
        }
        let wanted = usize::try_from(wanted).map_err(|_| Fault::Range)?;
        if wanted > usize::from(precision) {
            return Err(Fault::Range);
        }
        let mut value: i128 = 0;
        for digit in digits.iter().copied().chain(std::iter::repeat(0)).take(wanted) {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(digit.into()))
                .ok_or(Fault::Range)?;
        }
        if digits.get(wanted).is_some_and(|next| *next >= 5) {
            value += 1;
            if value == 10_i128.checked_pow(precision.into()).ok_or(Fault::Range)? {
                return Err(Fault::Range);
            }
        }
        Ok(if self.negative { -value } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unscaled(text: &str, precision: u8, scale: i8) -> Read<i128> {
        Digits::parse(text)?.unscaled(precision, scale)
    }

    #[test]
    fn numerics_are_brought_to_their_scale() {
        for (text, expected) in [
            ("25.5", 2550),
            ("-0.05", -5),
            ("1e3", 100_000),
            ("1.5E-1", 15),
            (" +7 ", 700),
            (".5", 50),
            ("5.", 500),
            ("0.005", 1),
            ("-0.005", -1),
            ("0.0049999", 0),
            ("0", 0),
            ("1e-2000000000", 0),
            ("0e2000000000", 0),
        ] {
            assert_eq!(unscaled(text, 10, 2), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_numeric_or_too_large_is_refused() {
        for text in ["", "-", ".", "1x", "1e", "1.2.3", "0x10", "--1", "1 2"] {
            assert_eq!(unscaled(text, 10, 2), Err(Fault::Syntax), "{text}");
        }
        for text in ["100000000", "99999999.995", "1e2000000000", "-1e9"] {
            assert_eq!(unscaled(text, 10, 2), Err(Fault::Range), "{text}");
        }
        assert_eq!(unscaled("99999999.994", 10, 2), Ok(9_999_999_999));
        assert!(matches!(unscaled("NaN", 10, 2), Err(Fault::Unsupported(_))));
    }
}
