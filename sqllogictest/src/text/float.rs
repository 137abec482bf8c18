//! Floating point as PostgreSQL prints it: the shortest digits that read back to the same value,
//! plain for moderate exponents and scientific beyond.
//!
//! Source: `src/common/f2s.c` and `d2s.c`: plain while -4 <= exponent < 6 (float4) or 15 (float8),
//! otherwise `d.ddde+XX` with at least two exponent digits.

/// A float4.
pub fn float4(value: f32) -> String {
    shortest(f64::from(value), &format!("{value:e}"), 6)
}

/// A float8.
pub fn float8(value: f64) -> String {
    shortest(value, &format!("{value:e}"), 15)
}

/// `scientific` holds the shortest digits, as in `1.25e-7`.
fn shortest(value: f64, scientific: &str, plain_below: i32) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..plain_below).contains(&exponent) {
        return plain(mantissa, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Moves the point of `d.ddd` by `exponent` places.
fn plain(mantissa: &str, exponent: i32) -> String {
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let whole = exponent + 1;
    if whole <= 0 {
        let zeros = "0".repeat(whole.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = whole.unsigned_abs() as usize;
    match digits.split_at_checked(whole) {
        Some((integer, "")) => format!("{sign}{integer}"),
        Some((integer, fraction)) => format!("{sign}{integer}.{fraction}"),
        None => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected texts are what PostgreSQL 16 prints for the same values.
    #[test]
    fn float4_has_the_fewest_digits() {
        for (value, text) in [
            (0.1_f32, "0.1"),
            (1.0, "1"),
            (-0.0, "-0"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (16_777_216.0, "1.6777216e+07"),
            (f32::MAX, "3.4028235e+38"),
            (f32::NAN, "NaN"),
            (f32::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(float4(value), text);
        }
    }

    #[test]
    fn float8_has_the_fewest_digits() {
        for (value, text) in [
            (0.1_f64 + 0.2, "0.30000000000000004"),
            (1234.5, "1234.5"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (1e100, "1e+100"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(float8(value), text);
        }
    }
}
