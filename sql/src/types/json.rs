//! `jsonb`'s canonical text: keys once, the shorter first, `": "` and `", "` between.

use serde_json::Value;

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Reads `text` as JSON and gives `jsonb`'s text of it.
///
/// # Errors
/// 22P02 where the text is no JSON.
pub(crate) fn canonical(text: &str) -> Result<String> {
    let value = parse(text)?;
    let mut out = String::with_capacity(text.len());
    write_value(&value, &mut out);
    Ok(out)
}

/// Reads `text` as JSON.
pub(crate) fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(SqlState::InvalidTextRepresentation, "invalid input syntax for type json")
            .with_detail(error.to_string())
    })
}

/// Writes a value as `jsonb` prints it.
pub(crate) fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
            out.push('{');
            for (position, (key, value)) in entries.into_iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_string(key, out);
                out.push_str(": ");
                write_value(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::String(text) => write_string(text, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

/// Writes a JSON string with its quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_jsonb_orders_them() {
        assert_eq!(
            canonical(r#"{"bb":1,"a":[1,2,{"x":null}],"c":"d\n"}"#).unwrap(),
            "{\"a\": [1, 2, {\"x\": null}], \"c\": \"d\\n\", \"bb\": 1}"
        );
    }

    #[test]
    fn what_is_no_json_is_refused() {
        assert_eq!(canonical("{").unwrap_err().sqlstate(), "22P02");
    }
}
