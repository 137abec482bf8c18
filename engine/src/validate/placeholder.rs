//! Placeholders of templates that nobody filled: `{{x}}`, `<<x>>`, `[NAME]`, `%s` and their kin.
//!
//! In brackets, words in capitals count, and a template's usual words in any case; `[see map]` is text, and `[URGENT]` is a label.

use super::rule::PLACEHOLDER_UNFILLED;
use super::{Finding, mask};

/// The longest placeholder, in bytes between its delimiters: beyond that it is text in brackets.
const LONGEST: usize = 80;

/// Labels that stand in brackets in finished subjects.
const LABELS: &[&str] = &[
    "ACTION REQUIRED",
    "ASAP",
    "CONFIDENTIAL",
    "EXTERNAL",
    "FYI",
    "IMPORTANT",
    "INTERNAL",
    "NEW",
    "OPTIONAL",
    "REMINDER",
    "REQUIRED",
    "UPDATE",
    "URGENT",
];

/// What placeholders in brackets begin with, in any case.
const WORDS: &[&str] = &[
    "your ",
    "insert ",
    "enter ",
    "first name",
    "last name",
    "full name",
    "candidate name",
    "client name",
    "company name",
];

/// Adds a finding for the placeholders of a normalised text.
pub(super) fn check(field: &'static str, text: &str, findings: &mut Vec<Finding>) {
    let mut placeholders = Vec::new();
    for (offset, _) in text.match_indices(['{', '<', '[', '%', '$']) {
        if let Some(placeholder) = text.get(offset..).and_then(|rest| at_start(text, offset, rest))
            && !placeholders.contains(&placeholder)
        {
            placeholders.push(placeholder);
        }
    }
    let Some((first, others)) = placeholders.split_first() else { return };
    let more = match others.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let reason =
        format!("still has the placeholder {}{more}: fill it in or take it out", mask::quoted(first));
    findings.push(PLACEHOLDER_UNFILLED.fails(field, reason));
}

/// The placeholder that a text begins with at an offset.
fn at_start<'a>(text: &str, offset: usize, rest: &'a str) -> Option<&'a str> {
    match rest.as_bytes() {
        [b'{', b'{', ..] => delimited(rest, "{{", "}}", |_| true),
        [b'<', b'<', ..] => delimited(rest, "<<", ">>", |inner| !inner.trim().is_empty()),
        [b'$', b'{', ..] => delimited(rest, "${", "}", |inner| !inner.trim().is_empty()),
        [b'[', ..] => delimited(rest, "[", "]", is_field),
        [b'%', ..] => {
            let before = text.get(..offset).and_then(|before| before.chars().next_back());
            printf(rest).filter(|_| !before.is_some_and(|c| c.is_ascii_digit() || c == '%'))
        }
        _ => None,
    }
}

fn delimited<'a>(
    rest: &'a str,
    open: &str,
    close: &str,
    is_placeholder: fn(&str) -> bool,
) -> Option<&'a str> {
    let inner = rest.strip_prefix(open)?;
    let inner = inner.get(..inner.floor_char_boundary(LONGEST + close.len()))?;
    let inner = inner.get(..inner.find(close)?)?;
    is_placeholder(inner).then(|| rest.get(..open.len() + inner.len() + close.len())).flatten()
}

/// Whether what stands in brackets names a field.
fn is_field(inner: &str) -> bool {
    let inner = inner.trim();
    let is_capital =
        |c: char| c.is_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '_' | '-' | '/' | '\'' | '.');
    let capitals =
        inner.starts_with(char::is_uppercase) && inner.chars().all(is_capital) && inner.chars().count() > 1;
    let lower = inner.to_lowercase().replace('_', " ");
    (capitals && !LABELS.contains(&inner))
        || lower == "name"
        || WORDS.iter().any(|word| lower.starts_with(word))
}

/// `%s`, `%d`, `%1$s`, `%(name)s`, where no word goes on behind.
fn printf(rest: &str) -> Option<&str> {
    let after = rest.strip_prefix('%')?;
    let after = match after.strip_prefix('(') {
        Some(name) => name.get(name.get(..name.floor_char_boundary(LONGEST))?.find(')')? + 1..)?,
        None => {
            let position = after.trim_start_matches(|c: char| c.is_ascii_digit());
            if position.len() < after.len() { position.strip_prefix('$')? } else { after }
        }
    };
    let end = after.strip_prefix(['s', 'd'])?;
    let is_word = end.starts_with(|c: char| c.is_alphanumeric());
    if is_word { None } else { rest.get(..rest.len() - end.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> bool {
        let mut findings = Vec::new();
        check("body", text, &mut findings);
        !findings.is_empty()
    }

    #[test]
    fn what_templates_leave_is_found() {
        for text in [
            "Hi {{name}}",
            "{{ first_name }}!",
            "{{}}",
            "Hi [NAME],",
            "[FIRST NAME]",
            "[SHIFT_DATE]",
            "[Your Name]",
            "[name]",
            "<<x>>",
            "<< shift date >>",
            "Hi %s",
            "%s.",
            "%d shifts",
            "%1$s",
            "%(name)s",
            "${name}",
            "a [CLIENT'S NAME] b",
            "[ÉQUIPE]",
        ] {
            assert!(found(text), "{text}");
        }
    }

    #[test]
    fn text_in_brackets_is_no_placeholder() {
        for text in [
            "{x}",
            "{ {x} }",
            "[see map]",
            "[1]",
            "[URGENT] Shift",
            "[X]",
            "a << b",
            "1 <<",
            "<<>>",
            "100% sure",
            "100%s",
            "50% discount",
            "%d1",
            "%sure",
            "$5",
            "${}",
            "[a@example.com]",
            "{{never closed",
            "%",
            "%1",
            "%(",
        ] {
            assert!(!found(text), "{text}");
        }
    }

    #[test]
    fn the_first_is_named_and_the_rest_are_counted() {
        let mut findings = Vec::new();
        check("body", "{{a}} {{b}} {{a}} %s", &mut findings);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].reason,
            "still has the placeholder \"{{a}}\" and 2 more: fill it in or take it out"
        );
        findings.clear();
        check("body", "{{ssn 123-45-6789}}", &mut findings);
        assert!(!findings[0].reason.contains("6789"));
    }
}
