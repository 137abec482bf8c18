//! Array literals: `{a,"b c",NULL}`.

use muster::input::{Fault, Read};

/// Nested braces that a literal may have; PostgreSQL's limit of dimensions.
const MAX_DEPTH: usize = 6;

/// An element of an array literal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Element {
    Null,
    Text(String),
    Array(Vec<Element>),
}

/// Reads `{a,"b c",NULL,{d}}`.
pub(super) fn parse(text: &str) -> Read<Vec<Element>> {
    let mut rest = text.trim().strip_prefix('{').ok_or(Fault::Syntax)?;
    let elements = parse_elements(&mut rest, 1)?;
    if rest.is_empty() { Ok(elements) } else { Err(Fault::Syntax) }
}

/// Reads elements up to the closing brace, and past it.
fn parse_elements(rest: &mut &str, depth: usize) -> Read<Vec<Element>> {
    if depth > MAX_DEPTH {
        return Err(Fault::Range);
    }
    let mut elements = Vec::new();
    *rest = rest.trim_start();
    if let Some(after) = rest.strip_prefix('}') {
        *rest = after;
        return Ok(elements);
    }
    loop {
        *rest = rest.trim_start();
        let element = if let Some(after) = rest.strip_prefix('{') {
            *rest = after;
            Element::Array(parse_elements(rest, depth + 1)?)
        } else if let Some(after) = rest.strip_prefix('"') {
            *rest = after;
            Element::Text(quoted(rest)?)
        } else {
            unquoted(rest)?
        };
        elements.push(element);
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            *rest = after;
        } else {
            *rest = rest.strip_prefix('}').ok_or(Fault::Syntax)?;
            return Ok(elements);
        }
    }
}

fn quoted(rest: &mut &str) -> Read<String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next().ok_or(Fault::Syntax)? {
            '"' => break,
            '\\' => text.push(chars.next().ok_or(Fault::Syntax)?),
            char => text.push(char),
        }
    }
    *rest = chars.as_str();
    Ok(text)
}

fn unquoted(rest: &mut &str) -> Read<Element> {
    let mut text = String::new();
    // Whitespace at the end does not count, unless it was escaped.
    let mut kept = 0;
    let mut escaped = false;
    let mut chars = rest.chars();
    loop {
        let before = chars.as_str();
        match chars.next().ok_or(Fault::Syntax)? {
            ',' | '}' => {
                *rest = before;
                break;
            }
            '{' | '"' => return Err(Fault::Syntax),
            '\\' => {
                text.push(chars.next().ok_or(Fault::Syntax)?);
                kept = text.len();
                escaped = true;
            }
            char => {
                text.push(char);
                if !char.is_ascii_whitespace() {
                    kept = text.len();
                }
            }
        }
    }
    text.truncate(kept);
    match text.as_str() {
        "" => Err(Fault::Syntax),
        null if !escaped && null.eq_ignore_ascii_case("null") => Ok(Element::Null),
        _ => Ok(Element::Text(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Element {
        Element::Text(text.to_string())
    }

    #[test]
    fn literals_are_read_with_their_quotes_and_nulls() {
        assert_eq!(parse("{}").unwrap(), []);
        assert_eq!(parse(" { } ").unwrap(), []);
        assert_eq!(
            parse(r#"{a, b c ,"d,\"e\\",NULL,"NULL",\null}"#).unwrap(),
            [text("a"), text("b c"), text("d,\"e\\"), Element::Null, text("NULL"), text("null")]
        );
        assert_eq!(
            parse("{{1},{2}}").unwrap(),
            [Element::Array(vec![text("1")]), Element::Array(vec![text("2")])]
        );
    }

    #[test]
    fn broken_literals_are_refused() {
        for literal in
            ["", "a", "{", "{a", "{a,}", "{,a}", "{a}b", "{a\"b\"}", "{\"a", "{\"a\\", "{a{b}}", "{a}}"]
        {
            assert_eq!(parse(literal), Err(Fault::Syntax), "{literal}");
        }
        assert_eq!(parse(&"{".repeat(100_000)), Err(Fault::Range));
    }
}
