//! Whether a document has another one in it, or a key.

use super::order::compare;
use super::{Json, ordered};

/// `whole @> part`: an array may have a scalar in it, too.
pub(crate) fn contains(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Array(items), scalar) if scalar.is_scalar() => items.iter().any(|item| holds(item, scalar)),
        _ => holds(whole, part),
    }
}

fn holds(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Object(_), Json::Object(wanted)) => ordered(wanted)
            .into_iter()
            .all(|(key, value)| whole.get(key).is_some_and(|found| holds(found, value))),
        (Json::Array(items), Json::Array(wanted)) => {
            wanted.iter().all(|wanted| items.iter().any(|item| holds(item, wanted)))
        }
        (whole, part) => whole.is_scalar() && part.is_scalar() && compare(whole, part).is_eq(),
    }
}

/// `document ? key`: a key of an object, a string among an array's elements, a string itself.
pub(crate) fn has_key(document: &Json, key: &str) -> bool {
    match document {
        Json::Object(entries) => entries.iter().any(|(name, _)| name == key),
        Json::Array(items) => items.iter().any(|item| matches!(item, Json::Text(text) if text == key)),
        Json::Text(text) => text == key,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn parts_are_found() {
        let holds = |whole, part| contains(&parse(whole).unwrap(), &parse(part).unwrap());
        for (whole, part) in [
            (r#"{"a": {"b": [1, 2, {"c": 3}]}, "d": null}"#, r#"{"a": {"b": [{"c": 3.0}, 1]}}"#),
            ("[1, [2, 3]]", "[[3]]"),
            (r#"["a", "b"]"#, r#""b""#),
            ("[1, 2]", "[1, 1, 1]"),
            ("{}", "{}"),
            ("[]", "[]"),
        ] {
            assert!(holds(whole, part), "{whole} and {part}");
        }
        for (whole, part) in [
            (r#""b""#, r#"["b"]"#),
            (r#"{"a": ["x"]}"#, r#"{"a": "x"}"#),
            ("[1, [2, 3]]", "[3]"),
            ("{}", "[]"),
            ("[]", "{}"),
        ] {
            assert!(!holds(whole, part), "{whole} and {part}");
        }
    }
}
