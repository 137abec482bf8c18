//! Parameters of a record: `-- params: [..]`, a JSON array, as the first line of its SQL.
//!
//! The values reach `$1`, `$2`, ... in the way of each engine: as typed values (embedded), as text
//! of the type that the server reports (extended), as literals written into the statement (simple,
//! which has no parameters). JSON `null` is NULL, a nested array is a PostgreSQL array.

use serde_json::Value as Json;

use crate::error::{Error, Result};

const DIRECTIVE: &str = "-- params:";

/// Splits a record's SQL into the statement and its parameters, if it has any.
pub fn split(sql: &str) -> Result<(&str, Vec<Json>)> {
    let Some(rest) = sql.trim_start().strip_prefix(DIRECTIVE) else {
        return Ok((sql, Vec::new()));
    };
    let (line, statement) = rest.split_once('\n').unwrap_or((rest, ""));
    let values = serde_json::from_str(line)
        .map_err(|error| Error::record(format!("`{DIRECTIVE}` takes a JSON array: {error}")))?;
    Ok((statement, values))
}

/// The parameter in PostgreSQL's text format; `None` is NULL.
pub fn to_text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::Bool(true) => Some("t".to_owned()),
        Json::Bool(false) => Some("f".to_owned()),
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => Some(array_text(items)),
        Json::Object(_) => Some(value.to_string()),
    }
}

fn array_text(items: &[Json]) -> String {
    let items = items.iter().map(|item| match item {
        Json::Array(inner) => array_text(inner),
        other => to_text(other)
            .map_or_else(|| "NULL".to_owned(), |text| format!("\"{}\"", escape(&text, &['"', '\\'], '\\'))),
    });
    format!("{{{}}}", items.collect::<Vec<_>>().join(","))
}

/// The statement with its parameters written in as literals.
///
/// Placeholders inside quotes and comments are left alone. Dollar-quoted strings are not understood:
/// a record with parameters does without them.
pub fn inline(statement: &str, params: &[Json]) -> Result<String> {
    let mut out = String::with_capacity(statement.len());
    let mut rest = statement.chars().peekable();
    let mut quote = None;
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), _) => {
                if c == open {
                    quote = None;
                }
                out.push(c);
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                out.push(c);
            }
            (None, '$') => {
                let mut digits = String::new();
                while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                let value = digits.parse::<usize>().ok().and_then(|n| params.get(n.checked_sub(1)?));
                let value = value.ok_or_else(|| Error::record(format!("no parameter for `${digits}`")))?;
                out.push_str(&literal(value));
            }
            (None, _) => out.push(c),
        }
    }
    Ok(out)
}

fn literal(value: &Json) -> String {
    match value {
        Json::Null => "NULL".to_owned(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            format!("ARRAY[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Json::Object(_) => quoted(&value.to_string()),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", escape(text, &['\''], '\''))
}

fn escape(text: &str, special: &[char], with: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            out.push(with);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_first_line_is_the_directive() {
        let (sql, params) = split("-- params: [\"a\", 1, null]\nSELECT $1").unwrap();
        assert_eq!(sql, "SELECT $1");
        assert_eq!(params, vec![json!("a"), json!(1), Json::Null]);
        assert_eq!(split("SELECT 1 -- params: [1]").unwrap().1.len(), 0);
        assert!(split("-- params: 1, 2\nSELECT 1").is_err());
    }

    #[test]
    fn inlining_leaves_quotes_alone_and_quotes_what_it_writes() {
        let sql = inline("SELECT $1, '$1', $2 AS \"$2\"", &[json!("it's"), json!([1, null])]).unwrap();
        assert_eq!(sql, "SELECT 'it''s', '$1', ARRAY[1, NULL] AS \"$2\"");
        assert!(inline("SELECT $3", &[json!(1)]).is_err());
        assert!(inline("SELECT $0", &[json!(1)]).is_err());
    }

    #[test]
    fn arrays_are_written_as_postgresql_reads_them() {
        assert_eq!(to_text(&json!(["a", "b\"c", null])).unwrap(), r#"{"a","b\"c",NULL}"#);
        assert_eq!(to_text(&Json::Null), None);
    }
}
