//! A text as words: small letters for comparing, and what their spelling says beside that.
//!
//! It knows no language. Words are runs of letters and digits; an apostrophe inside of one is left out.

use unicode_normalization::UnicodeNormalization;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In small letters.
    pub(super) text: String,
    /// Begins with a capital letter.
    pub(super) capital: bool,
    /// Two letters or more, all of them capitals.
    pub(super) upper: bool,
    /// A hyphen joins it to the word before.
    pub(super) joined: bool,
    /// What stands between it and the next word ends a phrase.
    pub(super) comma: bool,
    /// The same, and it ends more: a full stop, a colon, a dash, a new line.
    pub(super) stop: bool,
    /// It says somebody's: `nurse's`.
    pub(super) of: bool,
}

impl Word {
    /// Whether anything ends behind it.
    pub(super) fn ends(&self) -> bool {
        self.comma || self.stop
    }

    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|first: char| first.is_ascii_digit())
    }
}

/// The words of a text. Long texts are read as far as [`MOST`] words: a need is said before that.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut joined = false;
    let characters: Vec<char> = text.nfkc().take(MOST * 16).collect();
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        if !character.is_alphanumeric() {
            let spaced = |place: Option<usize>| {
                place.and_then(|place| characters.get(place)).is_none_or(|it| it.is_whitespace())
            };
            let dash = matches!(character, '-' | '\u{2010}' | '\u{2011}');
            let apart = spaced(at.checked_sub(1)) || spaced(Some(at + 1));
            if let Some(last) = words.last_mut() {
                match character {
                    ',' | '(' | ')' | '/' => last.comma = true,
                    '.' | ';' | ':' | '!' | '?' | '\n' | '\u{2013}' | '\u{2014}' => {
                        // A point within initials or after `St` ends nothing.
                        last.stop |= character != '.' || last.text.chars().count() > 2;
                    }
                    _ if dash && apart => last.stop = true,
                    _ => {}
                }
            }
            joined = dash && !apart;
            at += 1;
            continue;
        }
        let (word, next) = read(&characters, at, std::mem::take(&mut joined));
        at = next;
        words.push(word);
        if words.len() == MOST {
            break;
        }
    }
    words
}

/// Words that are read.
const MOST: usize = 256;

fn read(characters: &[char], start: usize, joined: bool) -> (Word, usize) {
    let mut word = Word {
        text: String::new(),
        capital: false,
        upper: true,
        joined,
        comma: false,
        stop: false,
        of: false,
    };
    let mut at = start;
    let mut letters = 0;
    while let Some(&character) = characters.get(at) {
        let is_letter = |place: usize| characters.get(place).is_some_and(|next| next.is_alphanumeric());
        if matches!(character, '\'' | '\u{2019}') && is_letter(at + 1) {
            if matches!(characters.get(at + 1), Some('s' | 'S')) && !is_letter(at + 2) {
                word.of = true;
                at += 2;
                break;
            }
            at += 1;
            continue;
        }
        if matches!(character, '\'' | '\u{2019}') && word.text.ends_with('s') {
            word.of = true;
            at += 1;
            break;
        }
        if !character.is_alphanumeric() {
            break;
        }
        if letters == 0 {
            word.capital = character.is_uppercase();
        }
        letters += 1;
        word.upper &= character.is_uppercase();
        word.text.extend(character.to_lowercase());
        at += 1;
    }
    word.upper &= letters > 1;
    (word, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_kept_beside_the_words() {
        let words = words("Don\u{2019}t send RNs to St. Louis, MO - the nurse's no-show");
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["dont", "send", "rns", "to", "st", "louis", "mo", "the", "nurse", "no", "show"]);
        assert!(words[5].comma && words[6].stop && words[6].upper && !words[4].ends());
        assert!(words[8].of && words[10].joined && words[0].capital);
    }
}
