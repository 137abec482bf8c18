//! How `jsonb` compares: null, strings, numbers, booleans, arrays, objects, in this order; of arrays and objects the one of more
//! members is greater. Strings compare by their bytes, numbers by their values whatever their digits.

use std::cmp::Ordering;

use super::{Json, as_numeric, ordered};

/// How two documents compare.
pub(crate) fn compare(left: &Json, right: &Json) -> Ordering {
    // PostgreSQL holds a scalar document as an array of one: an array without elements is less than it.
    match (left, right) {
        (Json::Array(items), scalar) if scalar.is_scalar() && items.is_empty() => Ordering::Less,
        (scalar, Json::Array(items)) if scalar.is_scalar() && items.is_empty() => Ordering::Greater,
        _ => within(left, right),
    }
}

fn within(left: &Json, right: &Json) -> Ordering {
    match (left, right) {
        (Json::Text(left), Json::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Json::Number(left), Json::Number(right)) => compare_numbers(left, right),
        (Json::Bool(left), Json::Bool(right)) => left.cmp(right),
        (Json::Array(left), Json::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
            let pairs = left.iter().zip(right);
            pairs.map(|(left, right)| within(left, right)).find(|it| it.is_ne()).unwrap_or(Ordering::Equal)
        }),
        (Json::Object(left), Json::Object(right)) => {
            let (left, right) = (ordered(left), ordered(right));
            left.len().cmp(&right.len()).then_with(|| {
                let pairs = left.into_iter().zip(right);
                let compared = pairs.map(|((left_key, left), (right_key, right))| {
                    left_key.as_bytes().cmp(right_key.as_bytes()).then_with(|| within(left, right))
                });
                compared.into_iter().find(|it| it.is_ne()).unwrap_or(Ordering::Equal)
            })
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Bytes that are ordered as [`compare`] orders the documents.
pub(crate) fn sort_key(document: &Json) -> Vec<u8> {
    let mut key = Vec::new();
    match document {
        Json::Array(items) if items.is_empty() => key.push(0),
        other => write_key(other, &mut key),
    }
    key
}

fn write_key(value: &Json, key: &mut Vec<u8>) {
    key.push(rank(value) + 1);
    match value {
        Json::Null => {}
        Json::Text(text) => write_text(text, key),
        Json::Number(number) => Digits::of(number).write_key(key),
        Json::Bool(value) => key.push(u8::from(*value)),
        Json::Array(items) => {
            key.extend((items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| write_key(item, key));
        }
        Json::Object(entries) => {
            let entries = ordered(entries);
            key.extend((entries.len() as u64).to_be_bytes());
            for (name, value) in entries {
                write_text(name, key);
                write_key(value, key);
            }
        }
    }
}

/// No text of jsonb has a NUL in it, which ends it here.
fn write_text(text: &str, key: &mut Vec<u8>) {
    key.extend(text.as_bytes());
    key.push(0);
}

fn rank(value: &Json) -> u8 {
    match value {
        Json::Null => 0,
        Json::Text(_) => 1,
        Json::Number(_) => 2,
        Json::Bool(_) => 3,
        Json::Array(_) => 4,
        Json::Object(_) => 5,
    }
}

/// How two numbers compare, whatever their digits.
pub(crate) fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (Digits::of(left), Digits::of(right));
    match (left.sign, right.sign) {
        (a, b) if a != b => a.cmp(&b),
        (0, _) => Ordering::Equal,
        (sign, _) => {
            let by_size = left.point.cmp(&right.point).then_with(|| left.digits.cmp(&right.digits));
            if sign < 0 { by_size.reverse() } else { by_size }
        }
    }
}

/// A number as `0.digits` times ten to the power of `point`, without zeros on either side.
struct Digits {
    sign: i8,
    digits: String,
    point: i64,
}

impl Digits {
    fn write_key(&self, key: &mut Vec<u8>) {
        key.push(match self.sign {
            0 => 1,
            sign if sign < 0 => 0,
            _ => 2,
        });
        if self.sign == 0 {
            return;
        }
        // With its sign bit turned a number is ordered as its bytes are.
        let point = (self.point ^ i64::MIN).to_be_bytes();
        let bytes = point.iter().chain(self.digits.as_bytes()).chain(&[0]);
        let negative = self.sign < 0;
        key.extend(bytes.map(|byte| if negative { !byte } else { *byte }));
    }

    fn of(number: &str) -> Self {
        let plain = as_numeric(number);
        // An exponent that is too large to be written out is still there.
        let (mantissa, exponent) = plain.split_once(['e', 'E']).unwrap_or((&plain, "0"));
        let largest = if exponent.starts_with('-') { -(1_i64 << 40) } else { 1 << 40 };
        let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap_or(largest);
        let (sign, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = i64::try_from(all.len() - significant.len()).unwrap_or(i64::MAX);
        let digits = significant.trim_end_matches('0').to_string();
        let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_sub(leading);
        let sign = if digits.is_empty() { 0 } else { sign };
        Self { sign, digits, point: point.saturating_add(exponent) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn documents_are_ordered_as_jsonb_orders_them() {
        let ascending = [
            "[]",
            "null",
            "\"a\"",
            "\"b\"",
            "-1e3",
            "-10.5",
            "-10",
            "0",
            "0.01",
            "1",
            "9",
            "10",
            "1e2000",
            "false",
            "true",
            "[1]",
            "[2]",
            "[1, 1]",
            "{}",
            "{\"a\": 1}",
            "{\"a\": 2}",
            "{\"b\": 0}",
        ];
        for (place, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                let compared = compare(&parse(left).unwrap(), &parse(right).unwrap());
                assert_eq!(compared, place.cmp(&other), "{left} and {right}");
                let keys = [left, right].map(|document| sort_key(&parse(document).unwrap()));
                assert_eq!(keys[0].cmp(&keys[1]), place.cmp(&other), "the keys of {left} and {right}");
            }
        }
    }

    #[test]
    fn numbers_are_equal_whatever_their_digits() {
        for (left, right) in [("1", "1.00"), ("0", "-0.0"), ("1e2", "100"), ("0.10", "1e-1")] {
            assert_eq!(compare_numbers(left, right), Ordering::Equal, "{left} and {right}");
        }
    }
}
