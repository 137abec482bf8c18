//! A text's runs of digits, and whether one stands alone or is a part of something longer.
//!
//! What is longer: more digits or a word with digits, directly or behind a joiner (`-`, `.`, `/`, `_`), a country code, an
//! area code in parentheses. Invariant: offsets are into the text, at borders of ASCII characters.

/// See the module.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    /// The text with ASCII letters in lower case; the offsets are the same.
    pub(super) lower: String,
    pub(super) runs: Vec<Run>,
}

/// Digits without anything between, and none beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Run {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (offset, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            match runs.last_mut() {
                Some(run) if run.end == offset => run.end += 1,
                _ => runs.push(Run { start: offset, end: offset + 1 }),
            }
        }
        Self { text, lower: text.to_ascii_lowercase(), runs }
    }

    /// What lies between two offsets.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The single character between a run and the next one.
    pub(super) fn separator(&self, left: &Run, right: &Run) -> Option<u8> {
        match *self.slice(left.end, right.start).as_bytes() {
            [separator] => Some(separator),
            _ => None,
        }
    }

    /// Whether nothing that belongs to a number is beside these runs, whose groups `separator` joins.
    pub(super) fn stands_alone(&self, first: usize, last: usize, separator: Option<u8>) -> bool {
        let (Some(start), Some(end)) = (self.runs.get(first), self.runs.get(last)) else { return false };
        let (before, after) = self.text.as_bytes().split_at(start.start.min(self.text.len()));
        let after = after.get(end.end - start.start..).unwrap_or_default();
        !joined_before(before, separator) && !joined_after(after, separator) && !self.is_dialled(first)
    }

    /// Whether the groups before, up to a `+`, make this a number that is dialled.
    fn is_dialled(&self, first: usize) -> bool {
        let mut next = first;
        // A country code and an area code at most.
        for _ in 0..3 {
            let Some(run) = self.runs.get(next) else { return false };
            if self.slice(0, run.start).ends_with('+') {
                return true;
            }
            let Some(before) = next.checked_sub(1).and_then(|before| self.runs.get(before)) else {
                return false;
            };
            let gap = self.slice(before.end, run.start);
            if gap.len() > 2 || gap.bytes().any(|byte| !matches!(byte, b' ' | b'-' | b'.' | b'(' | b')')) {
                return false;
            }
            next -= 1;
        }
        false
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn is_joiner(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'_')
}

/// Whether the word at the beginning of these bytes has a digit.
fn has_digit(mut bytes: impl Iterator<Item = u8>) -> bool {
    bytes.by_ref().take_while(|byte| is_word(*byte)).any(|byte| byte.is_ascii_digit())
}

fn joined_before(before: &[u8], separator: Option<u8>) -> bool {
    let backwards = || before.iter().rev().copied();
    let Some(last) = backwards().next() else { return false };
    match last {
        b' ' if separator == Some(b' ') => {
            backwards().nth(1).is_some_and(|byte| byte.is_ascii_digit()) || area_code_before(before)
        }
        byte if is_word(byte) => has_digit(backwards()),
        byte if is_joiner(byte) => has_digit(backwards().skip(1)) || area_code_before(before),
        _ => area_code_before(before),
    }
}

/// Two digits or more in parentheses, then at most one character.
fn area_code_before(before: &[u8]) -> bool {
    let before = match before {
        [rest @ .., b' ' | b'-' | b'.'] => rest,
        rest => rest,
    };
    let [rest @ .., b')'] = before else { return false };
    let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    digits >= 2
}

fn joined_after(after: &[u8], separator: Option<u8>) -> bool {
    match after {
        [b' ', next, ..] if separator == Some(b' ') => next.is_ascii_digit(),
        [byte, rest @ ..] if is_joiner(*byte) => has_digit(rest.iter().copied()),
        [byte, ..] if is_word(*byte) => has_digit(after.iter().copied()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the run of nine digits in a text stands alone.
    fn alone(text: &str) -> bool {
        let scan = Scan::new(text);
        let nine = scan.runs.iter().position(|run| run.len() == 9).unwrap();
        scan.stands_alone(nine, nine, None)
    }

    #[test]
    fn what_belongs_to_something_longer_does_not_stand_alone() {
        for text in [
            "+123456789",
            "+1 123456789",
            "+7 (495) 123456789",
            "1-123456789",
            "2024.123456789",
            "a1b123456789",
            "123456789-01",
            "123456789/2",
            "123456789_a1",
            "123456789x1",
            "(313) 123456789",
        ] {
            assert!(!alone(text), "{text}");
        }
    }

    #[test]
    fn punctuation_and_words_do_not_belong_to_a_number() {
        for text in [
            "123456789",
            "(123456789)",
            "SSN:123456789.",
            "ssn-123456789",
            "is123456789,",
            "5 123456789 6",
            "in 2024. 123456789",
            "(1) 123456789",
            "123456789/x",
            "a,123456789;b",
            "1 + 2 and 123456789",
        ] {
            assert!(alone(text), "{text}");
        }
    }
}
