//! PostgreSQL's text form of an array: `{forklift,"pallet jack",NULL}`.

/// The literal of `items`, where `None` is NULL.
pub(crate) fn array_literal<T: AsRef<str>>(items: impl Iterator<Item = Option<T>>) -> String {
    let mut out = String::from("{");
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        match item {
            None => out.push_str("NULL"),
            Some(text) => push_element(&mut out, text.as_ref()),
        }
    }
    out.push('}');
    out
}

/// The element, quoted where PostgreSQL would quote it.
fn push_element(out: &mut String, text: &str) {
    let needs_quotes = text.is_empty()
        || text.eq_ignore_ascii_case("null")
        || text.contains(|letter: char| {
            matches!(letter, '{' | '}' | ',' | '"' | '\\') || letter.is_ascii_whitespace()
        });
    if !needs_quotes {
        out.push_str(text);
        return;
    }
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_quoted_where_they_must_be() {
        let items =
            [Some("plain"), Some("two words"), None, Some("null"), Some(""), Some(r#"a"b\c"#), Some("{,}")];
        assert_eq!(array_literal(items.into_iter()), r#"{plain,"two words",NULL,"null","","a\"b\\c","{,}"}"#);
        assert_eq!(array_literal(std::iter::empty::<Option<&str>>()), "{}");
    }
}
