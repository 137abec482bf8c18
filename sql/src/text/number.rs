//! Numbers as PostgreSQL writes them: floats in their shortest form, numerics with their scale.
//!
//! It knows digits only; which Arrow array they come from is the writers' to know.

use std::io::Write as _;

use bytes::{BufMut, BytesMut};

/// The exponents from which PostgreSQL writes `1e+15` and not the digits: the number of digits that
/// the type is sure to hold (`DBL_DIG`, `FLT_DIG`).
const FLOAT8_DIGITS: i32 = 15;
const FLOAT4_DIGITS: i32 = 6;

/// Appends a `real`.
pub fn write_f32(value: f32, out: &mut BytesMut) {
    let mut digits = [0; 32];
    let unused = {
        let mut rest = digits.as_mut_slice();
        // The shortest form of a float has 17 digits at most, so it always fits.
        let _ = write!(rest, "{value:e}");
        rest.len()
    };
    write_shortest(digits.get(..32 - unused).unwrap_or_default(), FLOAT4_DIGITS, f64::from(value), out);
}

/// Appends a `double precision`.
pub fn write_f64(value: f64, out: &mut BytesMut) {
    let mut digits = [0; 32];
    let unused = {
        let mut rest = digits.as_mut_slice();
        let _ = write!(rest, "{value:e}");
        rest.len()
    };
    write_shortest(digits.get(..32 - unused).unwrap_or_default(), FLOAT8_DIGITS, value, out);
}

/// Lays out `-1.25e-7` (the shortest digits that read back as the value) as PostgreSQL does.
fn write_shortest(scientific: &[u8], fixed_below: i32, value: f64, out: &mut BytesMut) {
    if value.is_nan() {
        return out.put_slice(b"NaN");
    }
    if value.is_infinite() {
        return out.put_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" });
    }
    let (mantissa, exponent) = match scientific.iter().position(|byte| *byte == b'e') {
        Some(at) => scientific.split_at(at),
        None => (scientific, &[][..]),
    };
    let exponent: i32 = std::str::from_utf8(exponent.get(1..).unwrap_or_default())
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    if mantissa.first() == Some(&b'-') {
        out.put_u8(b'-');
    }
    let mut digits = mantissa.iter().copied().filter(u8::is_ascii_digit);
    if (-4..0).contains(&exponent) {
        out.put_slice(b"0.");
        out.put_bytes(b'0', usize::try_from(-exponent - 1).unwrap_or(0));
        out.extend(digits);
    } else if (0..fixed_below).contains(&exponent) {
        for _ in 0..=exponent {
            out.put_u8(digits.next().unwrap_or(b'0'));
        }
        put_fraction(digits, out);
    } else {
        out.put_u8(digits.next().unwrap_or(b'0'));
        put_fraction(digits, out);
        out.put_slice(if exponent < 0 { b"e-" } else { b"e+" });
        let exponent = exponent.unsigned_abs();
        if exponent < 10 {
            out.put_u8(b'0');
        }
        out.put_slice(exponent.to_string().as_bytes());
    }
}

fn put_fraction(mut digits: impl Iterator<Item = u8>, out: &mut BytesMut) {
    if let Some(first) = digits.next() {
        out.put_u8(b'.');
        out.put_u8(first);
        out.extend(digits);
    }
}

/// A numeric: its digits before and behind the point.
#[derive(Clone, Debug)]
pub struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    /// From an integer in decimal digits (with a sign, perhaps) that counts units of 10^-scale.
    #[must_use]
    pub fn new(unscaled: &str, scale: i8) -> Self {
        let (negative, digits) = match unscaled.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, unscaled),
        };
        let behind = usize::try_from(scale).unwrap_or(0);
        let before = usize::from(scale.min(0).unsigned_abs());
        // At least one digit stands before the point.
        let padded = format!("{digits:0>width$}{:0<before$}", "", width = behind + 1);
        let (whole, fraction) = padded.split_at(padded.len() - behind);
        Self { negative, whole: whole.to_string(), fraction: fraction.to_string() }
    }

    /// Appends the digits: `-0.05`.
    pub fn write_text(&self, out: &mut BytesMut) {
        if self.negative {
            out.put_u8(b'-');
        }
        let whole = self.whole.trim_start_matches('0');
        out.put_slice(if whole.is_empty() { "0" } else { whole }.as_bytes());
        if !self.fraction.is_empty() {
            out.put_u8(b'.');
            out.put_slice(self.fraction.as_bytes());
        }
    }

    /// PostgreSQL's binary form: groups of four decimal digits, the weight of the first, the sign and
    /// the digits behind the point.
    pub fn write_binary(&self, out: &mut BytesMut) {
        let whole_width = self.whole.len().next_multiple_of(4);
        let fraction_width = self.fraction.len().next_multiple_of(4);
        let digits = format!("{:0>whole_width$}{:0<fraction_width$}", self.whole, self.fraction);
        let mut groups: Vec<i16> = digits
            .as_bytes()
            .chunks(4)
            .map(|group| group.iter().fold(0, |value, digit| value * 10 + i16::from(digit - b'0')))
            .collect();
        let mut weight = (whole_width / 4) as i16 - 1;
        while groups.last() == Some(&0) {
            groups.pop();
        }
        let leading = groups.iter().take_while(|group| **group == 0).count();
        groups.drain(..leading);
        weight = if groups.is_empty() { 0 } else { weight - leading as i16 };
        out.put_i16(groups.len() as i16);
        out.put_i16(weight);
        out.put_u16(if self.negative && !groups.is_empty() { 0x4000 } else { 0 });
        out.put_u16(self.fraction.len() as u16);
        for group in groups {
            out.put_i16(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut BytesMut)) -> String {
        let mut out = BytesMut::new();
        write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    // Each expected text is what PostgreSQL 15 prints for the same value.
    #[test]
    fn float8_is_shortest_and_laid_out_as_postgresql_does() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1.5e15, "1.5e+15"),
            (1e300, "1e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(|out| write_f64(value, out)), expected);
        }
    }

    #[test]
    fn float4_is_shortest_in_its_own_precision() {
        for (value, expected) in [
            (0.1_f32, "0.1"),
            (0.3, "0.3"),
            (123_456.0, "123456"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (16_777_216.0, "1.6777216e+07"),
            (1e-5, "1e-05"),
            (f32::MAX, "3.4028235e+38"),
        ] {
            assert_eq!(text(|out| write_f32(value, out)), expected);
        }
    }

    #[test]
    fn numerics_keep_their_scale() {
        for (unscaled, scale, expected) in [
            ("2550", 2, "25.50"),
            ("-5", 2, "-0.05"),
            ("0", 2, "0.00"),
            ("0", 0, "0"),
            ("12", -3, "12000"),
            ("99999999999999999999999999999999999999", 10, "9999999999999999999999999999.9999999999"),
        ] {
            assert_eq!(text(|out| Decimal::new(unscaled, scale).write_text(out)), expected);
        }
    }

    #[test]
    fn binary_numerics_are_groups_of_four_digits() {
        let binary = |unscaled: &str, scale| {
            let mut out = BytesMut::new();
            Decimal::new(unscaled, scale).write_binary(&mut out);
            out.to_vec()
        };
        // 12345.678: 1, 2345 before the point, 6780 behind it.
        assert_eq!(binary("12345678", 3), [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 9, 41, 26, 124]);
        // -0.05: one group, 500 of the first four digits behind the point.
        assert_eq!(binary("-5", 2), [0, 1, 255, 255, 64, 0, 0, 2, 1, 244]);
        assert_eq!(binary("0", 2), [0, 0, 0, 0, 0, 0, 0, 2]);
        // 10000: trailing groups of zeros are left out.
        assert_eq!(binary("10000", 0), [0, 1, 0, 1, 0, 0, 0, 0, 0, 1]);
    }
}
