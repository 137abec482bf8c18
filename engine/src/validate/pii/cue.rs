//! The words beside a number: cues that say what it is, labels that say what else it is.
//!
//! Invariant: a cue is a whole word of the same sentence, and no other number of three digits or more is between.

use super::scan::{Run, Scan};

/// Words that name another kind of number when they stand directly before it.
const LABELS: &[&str] = &[
    "batch",
    "bol",
    "case",
    "conf",
    "confirmation",
    "inv",
    "invoice",
    "isbn",
    "item",
    "load",
    "lot",
    "model",
    "ord",
    "order",
    "orders",
    "package",
    "parcel",
    "part",
    "po",
    "quote",
    "ref",
    "reference",
    "serial",
    "shipment",
    "sku",
    "ticket",
    "tracking",
    "trk",
    "upc",
    "waybill",
];

/// Words that may be between a label and its number.
const FILLERS: &[&str] = &["code", "id", "is", "no", "nr", "num", "number", "was"];

/// Whether the words directly before an offset say that the number there is an order's, a parcel's or the like.
pub(super) fn is_labelled(scan: &Scan<'_>, start: usize) -> bool {
    let mut rest = scan.lower.get(..start).unwrap_or_default();
    for _ in 0..3 {
        let trimmed = rest.trim_end_matches([' ', '#', ':', '=', '-', '_', '/', '(', '[', '.', '"', '\'']);
        let between = rest.get(trimmed.len()..).unwrap_or_default();
        let before = trimmed.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let word = trimmed.get(before.len()..).unwrap_or_default();
        let is_filler = FILLERS.contains(&word);
        // `Your order. 123-45-6789` is two sentences, `order no. 7` is one.
        if between.contains('.') && !is_filler {
            return false;
        }
        if LABELS.contains(&word) {
            return true;
        }
        if !is_filler {
            return false;
        }
        rest = before;
    }
    false
}

/// The first of these cues that stands beside the number `start..end`: at most `before` bytes before it, or `after` after it.
pub(super) fn beside(
    scan: &Scan<'_>,
    (start, end): (usize, usize),
    cues: &[&'static str],
    (before, after): (usize, usize),
) -> Option<&'static str> {
    let lower = scan.lower.as_str();
    let is_number = |run: &&Run| run.len() >= 3;
    let (previous, next) = scan.runs.split_at(scan.runs.partition_point(|run| run.start < start));
    let left = lower.floor_char_boundary(start.saturating_sub(before));
    let right = lower.floor_char_boundary(end.saturating_add(after));
    let previous = previous.iter().rev().take_while(|run| run.end > left).find(is_number);
    let next = next.iter().take_while(|run| run.start < right).filter(|run| run.start >= end).find(is_number);
    let left = previous.map_or(left, |run| run.end);
    let right = next.map_or(right, |run| run.start);
    let left = lower.get(left..start).unwrap_or_default();
    let right = lower.get(end..right).unwrap_or_default();
    let left = sentence_ends(left).last().and_then(|end| left.get(end..)).unwrap_or(left);
    let right = sentence_ends(right).next().and_then(|end| right.get(..end)).unwrap_or(right);
    cues.iter().copied().find(|cue| has_word(left, cue) || has_word(right, cue))
}

/// Where sentences end: behind `.`, `!`, `?` before white space, unless it is the point of an abbreviation.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.match_indices(['.', '!', '?']).map(|(offset, _)| offset).filter(|&offset| {
        let (before, after) =
            (text.get(..offset).unwrap_or_default(), text.get(offset + 1..).unwrap_or_default());
        let letters = before.len() - before.trim_end_matches(|c: char| c.is_ascii_lowercase()).len();
        let word = before.get(before.len() - letters..).unwrap_or_default();
        let is_abbreviation = letters == 1 || matches!(word, "no" | "nr" | "num" | "acct" | "sec" | "soc");
        after.starts_with([' ', '\n']) && !(text.as_bytes().get(offset) == Some(&b'.') && is_abbreviation)
    })
}

/// Whether a text has a cue that is not a part of a longer word; a plural is none.
fn has_word(text: &str, cue: &str) -> bool {
    text.match_indices(cue).any(|(offset, _)| {
        let before = text.get(..offset).and_then(|before| before.chars().next_back());
        let after = text.get(offset + cue.len()..).unwrap_or_default();
        let after = after.strip_prefix('s').unwrap_or(after).chars().next();
        let starts = !cue.starts_with(char::is_alphabetic) || !before.is_some_and(char::is_alphabetic);
        starts && (!cue.ends_with(char::is_alphabetic) || !after.is_some_and(char::is_alphabetic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_directly_before_the_number() {
        let labelled = |text: &str| is_labelled(&Scan::new(text), text.find("123").unwrap());
        for text in ["Order 123", "INV-123", "PO#123", "order number: 123", "Ticket no. 123", "ref id is 123"]
        {
            assert!(labelled(text), "{text}");
        }
        for text in ["Your order. 123", "order for Maria: 123", "border 123", "123", "is 123", "number 123"] {
            assert!(!labelled(text), "{text}");
        }
    }

    #[test]
    fn cues_are_words_of_the_same_sentence() {
        let cued = |text: &str| {
            let start = text.find("555").unwrap();
            beside(&Scan::new(text), (start, start + 3), &["ssn", "social security"], (30, 20)).is_some()
        };
        for text in [
            "SSN 555",
            "ssn_555",
            "SSNs: 555",
            "Social Security no. 555",
            "555 (SSN)",
            "ssn of worker 7: 555",
        ] {
            assert!(cued(text), "{text}");
        }
        for text in [
            "assn 555",
            "ssnx 555",
            "Bring your SSN. Go to 555",
            "SSN 123, order 555",
            "555. SSN later",
            "no cue 555",
        ] {
            assert!(!cued(text), "{text}");
        }
    }
}
