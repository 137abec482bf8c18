//! Values as PostgreSQL prints them with its default settings (`DateStyle` ISO, `TimeZone` UTC,
//! `extra_float_digits` 1, `bytea_output` hex).
//!
//! [`arrow`] starts from Arrow arrays and [`binary`] from the wire's binary format; they share
//! nothing with the server's encoders, which they check.

pub mod arrow;
pub mod binary;
mod float;
mod time;

use std::fmt::Write as _;

pub use float::{float4, float8};
pub use time::{Interval, date, interval, time_of_day, timestamp};

/// An array: elements in braces, quoted where the plain text would be misread.
///
/// Source: PostgreSQL's manual, section 8.15.6. An element that is an array is not quoted.
fn array(items: impl IntoIterator<Item = Option<Element>>) -> String {
    let mut out = String::from("{");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match item {
            None => out.push_str("NULL"),
            Some(Element::Array(text)) => out.push_str(&text),
            Some(Element::Value(text)) => push_element(&mut out, &text),
        }
    }
    out.push('}');
    out
}

/// An element of an array, already printed.
enum Element {
    Value(String),
    Array(String),
}

fn push_element(out: &mut String, text: &str) {
    let misread = |c: char| matches!(c, '"' | '\\' | '{' | '}' | ',') || c.is_ascii_whitespace();
    if !text.is_empty() && !text.eq_ignore_ascii_case("null") && !text.contains(misread) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

fn boolean(value: bool) -> String {
    if value { "t" } else { "f" }.to_owned()
}

fn bytes(value: &[u8]) -> String {
    value.iter().fold(String::from("\\x"), |mut out, byte| {
        // Writing to a String does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// `None` unless there are 16 bytes.
fn uuid(value: &[u8]) -> Option<String> {
    let number = u128::from_be_bytes(value.try_into().ok()?);
    let hex = format!("{number:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    Some([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

/// pgvector's text: `[1,2.5,3]`.
fn vector(values: impl IntoIterator<Item = f32>) -> String {
    format!("[{}]", values.into_iter().map(float4).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_elements_are_quoted_where_they_must_be() {
        let value = |text: &str| Some(Element::Value(text.to_owned()));
        let items = [value("a"), value("b c"), value(""), None, value("null"), value("q\"\\"), value("x,y")];
        assert_eq!(array(items), r#"{a,"b c","",NULL,"null","q\"\\","x,y"}"#);
        assert_eq!(
            array([Some(Element::Array("{1}".to_owned())), Some(Element::Array("{2}".to_owned()))]),
            "{{1},{2}}"
        );
        assert_eq!(array([]), "{}");
    }

    #[test]
    fn uuid_has_its_dashes() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(uuid(&bytes).unwrap(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(uuid(&bytes[1..]), None);
    }

    #[test]
    fn vectors_print_like_pgvector() {
        assert_eq!(vector([1.0, 2.5, -0.1]), "[1,2.5,-0.1]");
    }
}
