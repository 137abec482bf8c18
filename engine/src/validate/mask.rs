//! What a reason may show of the input.
//!
//! Invariant: no more than the last four characters of a number that [`pii`](super::pii) finds, and nothing of a text that holds one.

use super::{pii, text};

/// The longest excerpt, in characters.
const LONGEST: usize = 60;

/// A text from the input in quotation marks, cut off where it is long; without its content where that is sensitive.
pub(super) fn quoted(text: &str) -> String {
    let text = text::normalised(text);
    if pii::is_sensitive(&text) {
        return "\"(masked)\"".to_string();
    }
    let text = text.replace('\n', " ");
    let mut excerpt: String = text.chars().take(LONGEST).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    format!("\"{excerpt}\"")
}

/// All but the last four characters of a number without separators are stars.
pub(super) fn last_four(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(4);
    number.chars().enumerate().map(|(place, c)| if place < hidden { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_hide_what_is_sensitive() {
        assert_eq!(quoted("W-17"), "\"W-17\"");
        assert_eq!(quoted("W 123-45-6789"), "\"(masked)\"");
        assert_eq!(quoted("W １２３‑45-6789"), "\"(masked)\"");
        assert_eq!(quoted("4111 1111 1111 1111"), "\"(masked)\"");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), LONGEST + 3);
        assert_eq!(last_four("021000021"), "*****0021");
        assert_eq!(last_four("21"), "21");
    }
}
