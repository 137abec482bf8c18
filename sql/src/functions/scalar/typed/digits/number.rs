//! A number in digits, as a pattern shows it.

use super::Pattern;
use crate::functions::scalar::typed::datum::rescaled;

/// A number in digits, rounded to a pattern's.
pub(super) struct Number {
    pub(super) negative: bool,
    /// `#` for what has no digits.
    pub(super) whole: String,
    pub(super) fraction: String,
    pub(super) value: Option<f64>,
}

impl Number {
    pub(super) fn decimal(value: i128, scale: i8, pattern: &Pattern) -> Self {
        let digits = if pattern.shifted { 0 } else { pattern.after.min(100) };
        let shift = if pattern.shifted { pattern.shift.min(100) } else { 0 };
        // V moves the point; then what is behind it is rounded.
        let moved = i8::try_from(i64::from(scale) - shift as i64).unwrap_or(0);
        let wanted = i8::try_from(digits).unwrap_or(100).min(moved.max(0));
        let value_as_float = value as f64 / 10_f64.powi(i32::from(scale));
        let Some(rounded) = rescaled(value, moved, wanted) else {
            return Self {
                negative: value < 0,
                whole: "#".to_string(),
                fraction: String::new(),
                value: None,
            };
        };
        let written = format!("{:0>width$}", rounded.unsigned_abs(), width = wanted as usize + 1);
        let (whole, fraction) = written.split_at(written.len() - wanted as usize);
        Self {
            negative: rounded < 0,
            whole: whole.to_string(),
            fraction: format!("{fraction:0<digits$}"),
            value: Some(value_as_float),
        }
    }

    pub(super) fn float(value: f64, pattern: &Pattern) -> Self {
        if !value.is_finite() {
            return Self {
                negative: value < 0.0,
                whole: "#".to_string(),
                fraction: String::new(),
                value: None,
            };
        }
        let shifted =
            if pattern.shifted { value * 10_f64.powi(pattern.shift.min(300) as i32) } else { value };
        // Digits that a double does not have are not shown.
        let integer = format!("{:.0}", shifted.abs()).len();
        let digits = if pattern.shifted { 0 } else { pattern.after.min(15_usize.saturating_sub(integer)) };
        let written = format!("{:.*}", digits, shifted.abs());
        let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
        let is_zero = written.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let after = if pattern.shifted { 0 } else { pattern.after };
        Self {
            negative: value < 0.0 && !is_zero,
            whole: whole.to_string(),
            fraction: format!("{fraction:0<after$}"),
            value: Some(value),
        }
    }
}
