//! Text as the rules compare it: one way of writing for what looks the same.
//!
//! [`normalised`] is NFKC without invisible characters, with every dash a `-`, every space a ` `, every decimal digit an ASCII
//! digit, every middle dot and full stop a `.`, every line end a `\n`. [`folded`] also forgets case and spacing. Invariant:
//! printable ASCII is its own normal form.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory};

/// A text for matching.
pub(super) fn normalised(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().filter_map(normal).collect())
}

/// The text without combining marks, which can be put on digits too.
pub(super) fn without_marks(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let is_mark =
        |c: &char| matches!(c.general_category(), Category::NonspacingMark | Category::EnclosingMark);
    Cow::Owned(text.chars().filter(|c| !is_mark(c)).collect())
}

/// A normalised text without case, its runs of white space single spaces, none at its ends.
pub(super) fn folded(normalised: &str) -> String {
    let mut folded = String::with_capacity(normalised.len());
    for word in normalised.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        // Up, then down: both of the small sigmas, and the sharp s, have one form.
        folded.extend(word.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    }
    folded
}

/// Whether two texts are the same but for case and spacing.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right || folded(&normalised(left)) == folded(&normalised(right))
}

/// Whether nothing of a text can be seen.
pub(super) fn is_blank(text: &str) -> bool {
    normalised(text).trim().is_empty()
}

/// Whether a folded text contains another, not as a part of longer words.
pub(super) fn contains_words(text: &str, words: &str) -> bool {
    !words.is_empty()
        && text.match_indices(words).any(|(start, found)| {
            let (before, after) = (text.get(..start), text.get(start + found.len()..));
            let before = before.and_then(|before| before.chars().next_back());
            let after = after.and_then(|after| after.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
}

/// What a character of an NFKC text becomes; `None` for what cannot be seen.
fn normal(c: char) -> Option<char> {
    match c {
        ' '..='~' | '\n' => return Some(c),
        '\t' | '\u{2800}' => return Some(' '),
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Some('\n'),
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bb}' | '\u{2bc}' => return Some('\''),
        '\u{2044}' | '\u{2215}' => return Some('/'),
        // Minus signs, hyphen bullet, prolonged sound mark and a line of a box: what is typed for a dash.
        '\u{2d7}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{2796}' | '\u{30fc}' => return Some('-'),
        // Middle dots, bullets, full stops.
        '\u{b7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{3002}' | '\u{30fb}'
        | '\u{6d4}' => {
            return Some('.');
        }
        _ => {}
    }
    if is_ignorable(c) {
        return None;
    }
    match c.general_category() {
        Category::DashPunctuation => Some('-'),
        Category::SpaceSeparator => Some(' '),
        Category::DecimalNumber => Some(digit(c)),
        Category::Control | Category::Format => None,
        _ => Some(c),
    }
}

/// Unicode's default ignorable code points that are not of the category Format.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2065}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// The ASCII digit of the same value. Decimal digits stand in runs of ten, each from zero to nine.
fn digit(c: char) -> char {
    let is_digit = |c: &char| c.general_category() == Category::DecimalNumber;
    let before = (0..u32::from(c)).rev().map_while(char::from_u32).take_while(is_digit).count();
    char::from_digit((before % 10) as u32, 10).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_ascii_becomes_ascii() {
        for (written, meant) in [
            ("１２３－４５", "123-45"),
            ("1\u{200b}2\u{ad}3\u{2060}4\u{fe0f}5", "12345"),
            ("1\u{2011}2\u{2013}3\u{2212}4", "1-2-3-4"),
            ("1\u{a0}2\u{202f}3\u{3000}4", "1 2 3 4"),
            ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
            ("𝟎𝟏𝟡𝟶 𑃰𑃹 ०९ 𞥐𞥙", "0190 09 09 09"),
            ("①②③ ¹²³", "123 123"),
            ("O\u{2019}Brien", "O'Brien"),
            ("a\r\nb\u{2028}c\u{0}", "a\n\nb\nc"),
        ] {
            assert_eq!(normalised(written), meant, "{written:?}");
        }
    }

    #[test]
    fn every_decimal_digit_has_its_value() {
        let digits = ('\0'..=char::MAX).filter(|c| c.general_category() == Category::DecimalNumber);
        let values: Vec<u32> = digits.filter_map(|c| digit(c).to_digit(10)).collect();
        assert!(values.len() >= 600, "{}", values.len());
        assert!(values.chunks(10).all(|run| run == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    }

    #[test]
    fn marks_go_only_where_they_are_not_part_of_a_letter() {
        assert_eq!(without_marks(&normalised("1\u{20e3}2\u{332}3")), "123");
        assert_eq!(without_marks(&normalised("Jose\u{301}")), "José");
    }

    #[test]
    fn names_are_the_same_whatever_their_case_and_spacing() {
        assert!(same("  MARÍA  de la\tCruz ", "María de la Cruz"));
        assert!(same("ΝΊΚΟΣ", "Νίκος") && same("STRASSE", "Straße"));
        assert!(!same("Jose", "José") && !same("Ann Lee", "AnnLee"));
        assert!(is_blank(" \u{200b}\u{a0}\n") && !is_blank("."));
    }

    #[test]
    fn words_are_found_whole() {
        assert!(contains_words("hi ann lee, your shift", "ann lee"));
        assert!(contains_words("ann lee's shift", "ann lee"));
        assert!(contains_words("joann leech and ann lee", "ann lee"));
        assert!(!contains_words("joann lee", "ann lee") && !contains_words("ann leech", "ann lee"));
        assert!(!contains_words("anything", ""));
    }
}
