//! Text into words: NFKC, lower case, split at everything that is neither letter nor digit.
//!
//! It hashes nothing. Invariant: [`Words`] holds each word between [`START`] and [`END`], two bytes that no
//! word contains, so that n-grams at a word's edge differ from those inside.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// The mark before a word.
pub(super) const START: u8 = 0x02;
/// The mark after a word.
pub(super) const END: u8 = 0x03;

/// The words of one text, in buffers that are used again for the next.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The marked words, one after the other, in UTF-8.
    bytes: Vec<u8>,
    /// Where in `bytes` each character begins, marks included.
    starts: Vec<usize>,
    /// Each word's characters, marks included, as positions in `starts`.
    words: Vec<Range<usize>>,
}

/// One word of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    bytes: &'a [u8],
    /// Beginnings of the characters, marks included; offsets are into the whole text's bytes.
    starts: &'a [usize],
    /// Offset of `bytes` in the whole text's bytes.
    base: usize,
}

impl Words {
    /// Forgets the words before and takes those of `text`.
    pub(super) fn fill(&mut self, text: &str) {
        self.bytes.clear();
        self.starts.clear();
        self.words.clear();
        let mut in_word = false;
        if text.is_ascii() {
            for byte in text.bytes() {
                self.push(char::from(byte.to_ascii_lowercase()), &mut in_word);
            }
        } else {
            // Lower-casing can denormalise (a dotted capital I), so the normal form is taken again after.
            for c in text.nfkc().flat_map(char::to_lowercase).nfkc() {
                self.push(c, &mut in_word);
            }
        }
        if in_word {
            self.end_word();
        }
    }

    /// The words, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Word<'_>> {
        self.words.iter().filter_map(|word| {
            let starts = self.starts.get(word.clone())?;
            let base = *starts.first()?;
            let end = *starts.last()? + 1;
            Some(Word { bytes: self.bytes.get(base..end)?, starts, base })
        })
    }

    /// Gives memory back after an unusually long text.
    pub(super) fn shrink(&mut self, most: usize) {
        self.bytes.shrink_to(most);
        self.starts.shrink_to(most);
        self.words.shrink_to(most);
    }

    fn push(&mut self, c: char, in_word: &mut bool) {
        if !c.is_alphanumeric() {
            if std::mem::replace(in_word, false) {
                self.end_word();
            }
            return;
        }
        if !std::mem::replace(in_word, true) {
            let first = self.starts.len();
            self.words.push(first..first);
            self.push_byte(START);
        }
        self.starts.push(self.bytes.len());
        let mut utf8 = [0; 4];
        self.bytes.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
    }

    fn end_word(&mut self) {
        self.push_byte(END);
        let end = self.starts.len();
        if let Some(word) = self.words.last_mut() {
            word.end = end;
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.starts.push(self.bytes.len());
        self.bytes.push(byte);
    }
}

impl<'a> Word<'a> {
    /// The word without its marks.
    pub(super) fn plain(&self) -> &'a [u8] {
        self.bytes.get(1..self.bytes.len().saturating_sub(1)).unwrap_or_default()
    }

    /// Calls `visit` with the bytes of every run of `n` characters, marks included.
    #[inline]
    pub(super) fn grams(&self, n: usize, mut visit: impl FnMut(&'a [u8])) {
        for first in 0..(self.starts.len() + 1).saturating_sub(n) {
            if let Some(gram) = self.characters(first, first + n) {
                visit(gram);
            }
        }
    }

    /// The last `n` characters of the word, fewer if it is shorter, without marks.
    pub(super) fn tail(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (word, end) = (*self, self.starts.len().saturating_sub(1));
        let first = end.saturating_sub(n).max(1);
        (first..end).filter_map(move |at| word.characters(at, at + 1))
    }

    /// The first `n` characters of the word, fewer if it is shorter, without marks.
    pub(super) fn head(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (word, end) = (*self, self.starts.len().saturating_sub(1));
        (1..end.min(n + 1)).filter_map(move |at| word.characters(at, at + 1))
    }

    /// The bytes of the characters `first..end`.
    #[inline]
    fn characters(&self, first: usize, end: usize) -> Option<&'a [u8]> {
        let start = self.starts.get(first)?.checked_sub(self.base)?;
        let end = match self.starts.get(end) {
            Some(&end) => end.checked_sub(self.base)?,
            None => self.bytes.len(),
        };
        self.bytes.get(start..end)
    }
}
