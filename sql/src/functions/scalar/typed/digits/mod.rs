//! `to_char(number, pattern)` and `to_number(text, pattern)` in PostgreSQL's patterns: `FM9,999.00`, `S999`, `RN`.
//!
//! SQLSTATEs: 22P02 for a text without a number; 42601 for a pattern that is none; 0A000 for EEEE of a text.

mod number;
mod pattern;

use number::Number;

use super::datum::{Datum, rescaled};
use super::overload::{Planned, Run, unexpected};
use super::pattern::ordinal;
use super::value::Value;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Of a number.
pub(super) const SHOW: Run = |values| {
    let [number, Value::Text(pattern)] = values else { return Err(unexpected()) };
    let pattern = Pattern::of(pattern)?;
    let number = match number {
        Value::Int(value) => Number::decimal(i128::from(*value), 0, &pattern),
        Value::Decimal(value, scale) => Number::decimal(*value, *scale, &pattern),
        Value::Float(value) => Number::float(*value, &pattern),
        _ => return Err(unexpected()),
    };
    Ok(Datum::Text(pattern.show(&number)))
};

/// A number of a text.
pub(super) const READ: Run = |values| {
    let [Value::Text(text), Value::Text(pattern)] = values else { return Err(unexpected()) };
    let pattern = Pattern::of(pattern)?;
    pattern.read(text)
};

/// The digits that `to_number` gives behind the point.
pub(super) fn read_scale(planned: &Planned<'_>) -> i8 {
    let digits = planned.text(1).and_then(|pattern| Pattern::of(pattern).ok());
    digits.map_or(10, |pattern| i8::try_from(pattern.after).unwrap_or(37))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Nine,
    Zero,
    Point,
    Comma,
    Sign,
    Minus,
    Plus,
    Either,
    Currency,
    Ordinal(bool),
    Literal(char),
}

#[derive(Debug, Default)]
struct Pattern {
    nodes: Vec<Node>,
    fill: bool,
    blank: bool,
    brackets: bool,
    roman: Option<bool>,
    exponent: bool,
    /// Digits before the point, behind it, and those of V.
    before: usize,
    after: usize,
    shift: usize,
    /// The place of the first 0 before the point, and the number of digits up to the last 0 behind it.
    first_zero: Option<usize>,
    last_zero: usize,
    point: bool,
    shifted: bool,
    sign: bool,
}

impl Pattern {
    fn show(&self, number: &Number) -> String {
        if let Some(upper) = self.roman {
            return self.show_roman(number, upper);
        }
        if self.exponent {
            return self.show_exponent(number);
        }
        let too_long = number.whole.len() > self.before || number.whole == "#";
        let is_zero = number.whole.bytes().chain(number.fraction.bytes()).all(|digit| digit == b'0');
        // Whether the one 0 before the point is shown.
        let lone_zero = number.whole == "0";
        // A point without digits behind it is none.
        let has_point = self.point && self.after > 0;
        let hidden_zero = lone_zero
            && has_point
            && self.first_zero.is_none()
            && !(self.fill && is_zero && self.last_zero == 0);
        let length = if hidden_zero { 0 } else { number.whole.len() };
        let first = self.before.saturating_sub(length).min(self.first_zero.unwrap_or(usize::MAX));
        let significant = number.fraction.trim_end_matches('0').len().max(self.last_zero);
        let leading_sign = self.nodes.iter().position(|node| *node == Node::Sign);
        let first_digit =
            self.nodes.iter().position(|node| matches!(node, Node::Nine | Node::Zero | Node::Point));
        let sign_first = matches!((leading_sign, first_digit), (Some(sign), Some(digit)) if sign < digit);
        let mut out = String::new();
        let mut place = 0;
        let mut behind = 0;
        let mut begun = false;
        let mut past_point = false;
        // What stands right before the first digit.
        let mark = |out: &mut String| {
            if self.brackets {
                match (number.negative, self.fill) {
                    (true, _) => out.push('<'),
                    (false, false) => out.push(' '),
                    (false, true) => {}
                }
            } else if sign_first {
                out.push(if number.negative { '-' } else { '+' });
            } else if !self.sign {
                match (number.negative, self.fill) {
                    (true, _) => out.push('-'),
                    (false, false) => out.push(' '),
                    (false, true) => {}
                }
            }
        };
        for node in &self.nodes {
            match node {
                Node::Nine | Node::Zero if !past_point => {
                    let shows = too_long || place >= first;
                    if shows && !begun {
                        mark(&mut out);
                        begun = true;
                    }
                    if too_long {
                        out.push('#');
                    } else if !shows {
                        if !self.fill {
                            out.push(' ');
                        }
                    } else {
                        let from_start = (place + number.whole.len()).checked_sub(self.before);
                        let digit = from_start.and_then(|at| number.whole.as_bytes().get(at));
                        out.push(digit.map_or('0', |digit| char::from(*digit)));
                    }
                    place += 1;
                }
                Node::Nine | Node::Zero => {
                    let digit =
                        number.fraction.as_bytes().get(behind).map_or('0', |digit| char::from(*digit));
                    if too_long {
                        out.push('#');
                    } else if !self.fill || behind < significant {
                        out.push(digit);
                    }
                    behind += 1;
                }
                Node::Point => {
                    if !begun {
                        mark(&mut out);
                        begun = true;
                    }
                    past_point = true;
                    if has_point || too_long {
                        out.push('.');
                    }
                }
                Node::Comma => match (begun, self.fill) {
                    (true, _) => out.push(','),
                    (false, false) => out.push(' '),
                    (false, true) => {}
                },
                Node::Sign if sign_first => {}
                Node::Sign => out.push(if number.negative { '-' } else { '+' }),
                Node::Minus => match (number.negative, self.fill) {
                    (true, _) => out.push('-'),
                    (false, false) => out.push(' '),
                    (false, true) => {}
                },
                Node::Plus => match (number.negative, self.fill) {
                    (false, _) => out.push('+'),
                    (true, false) => out.push(' '),
                    (true, true) => {}
                },
                Node::Either => out.push(if number.negative { '-' } else { '+' }),
                Node::Currency => out.push(' '),
                Node::Ordinal(upper) => {
                    if !number.negative && !self.point && !too_long {
                        out.push_str(ordinal(&number.whole, *upper));
                    }
                }
                Node::Literal(character) => out.push(*character),
            }
        }
        if self.brackets {
            match (number.negative, self.fill) {
                (true, _) => out.push('>'),
                (false, false) => out.push(' '),
                (false, true) => {}
            }
        }
        if self.blank && is_zero && !self.fill && hidden_zero && self.after == 0 {
            return " ".repeat(out.len());
        }
        out
    }

    fn show_roman(&self, number: &Number, upper: bool) -> String {
        const PARTS: [(u32, &str); 13] = [
            (1000, "M"),
            (900, "CM"),
            (500, "D"),
            (400, "CD"),
            (100, "C"),
            (90, "XC"),
            (50, "L"),
            (40, "XL"),
            (10, "X"),
            (9, "IX"),
            (5, "V"),
            (4, "IV"),
            (1, "I"),
        ];
        let value = number.whole.parse::<u32>().ok().filter(|value| (1..4000).contains(value));
        let Some(mut value) = value.filter(|_| !number.negative) else { return "#".repeat(15) };
        let mut roman = String::new();
        for (unit, letters) in PARTS {
            while value >= unit {
                roman.push_str(letters);
                value -= unit;
            }
        }
        let roman = if upper { roman } else { roman.to_lowercase() };
        if self.fill { roman } else { format!("{roman:>15}") }
    }

    fn show_exponent(&self, number: &Number) -> String {
        let sign = if number.value.is_some_and(|value| value < 0.0) { "-" } else { " " };
        match number.value {
            Some(value) if value.is_finite() => {
                let written = format!("{:.*e}", self.after, value.abs());
                let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                let mark = if exponent < 0 { '-' } else { '+' };
                format!("{sign}{mantissa}e{mark}{:02}", exponent.abs())
            }
            _ => format!("{sign}{}.{}", "#".repeat(self.before), "#".repeat(self.after + 4)),
        }
    }

    fn read(&self, text: &str) -> Result<Datum> {
        if self.exponent {
            return Err(Error::new(SqlState::FeatureNotSupported, "\"EEEE\" not supported for input"));
        }
        if self.roman.is_some() {
            return Err(Error::new(SqlState::FeatureNotSupported, "\"RN\" not supported for input"));
        }
        let invalid = || {
            let message = format!("invalid input syntax for type numeric: \"{}\"", text.trim());
            Error::new(SqlState::InvalidTextRepresentation, message)
        };
        let mut negative = text.contains('-') || (self.brackets && text.contains('<'));
        if text.trim_start().starts_with('+') {
            negative = false;
        }
        let mut digits = String::new();
        let mut fraction: Option<usize> = None;
        let most = self.before + self.after;
        for character in text.chars() {
            match character {
                digit if digit.is_ascii_digit() => {
                    let room = match fraction {
                        Some(count) => count < self.after,
                        None => digits.len() < self.before,
                    };
                    if digits.len() >= most || (!room && fraction.is_some()) {
                        break;
                    }
                    if !room {
                        break;
                    }
                    digits.push(digit);
                    fraction = fraction.map(|count| count + 1);
                }
                '.' if self.point && fraction.is_none() => fraction = Some(0),
                '.' if fraction.is_some() => break,
                _ => {}
            }
        }
        if digits.is_empty() {
            return Err(invalid());
        }
        let value: i128 = digits.parse().map_err(|_| invalid())?;
        let scale = i8::try_from(fraction.unwrap_or(0) + self.shift).map_err(|_| invalid())?;
        let value = if negative { -value } else { value };
        rescaled(value, scale, scale).map(|value| Datum::Decimal(value, scale)).ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(value: i128, scale: i8, pattern: &str) -> String {
        let pattern = Pattern::of(pattern).unwrap();
        pattern.show(&Number::decimal(value, scale, &pattern))
    }

    // Each expected text is what PostgreSQL 15 gives.
    #[test]
    fn numbers_are_shown_as_their_patterns_say() {
        for (value, scale, pattern, expected) in [
            (12345, 1, "9,999.99", " 1,234.50"),
            (12345, 1, "FM9,999.00", "1,234.50"),
            (-12, 0, "999", " -12"),
            (-12, 0, "S999", " -12"),
            (12, 0, "999S", " 12+"),
            (12, 0, "000", " 012"),
            (5, 1, "0.99", " 0.50"),
            (5, 1, "9.99", "  .50"),
            (5, 1, "FM9.99", ".5"),
            (12345, 0, "999", " ###"),
            (-12, 0, "99MI", "12-"),
            (-12, 0, "99PR", "<12>"),
            (12, 0, "99PR", " 12 "),
            (485, 0, "FMRN", "CDLXXXV"),
            (12, 0, "99th", " 12th"),
            (15, 1, "9V99", " 150"),
            (0, 0, "FM999", "0"),
            (-1, 1, "99.99", "  -.10"),
            (148_500, 0, "999G999", " 148,500"),
        ] {
            assert_eq!(show(value, scale, pattern), expected, "{value} {scale} {pattern}");
        }
    }
}
