//! The features of a text: words, word pairs, and character n-grams, as 64-bit hashes.
//!
//! It counts and weighs nothing. Invariant: a feature's hash depends on its UTF-8 bytes alone, by XXH3
//! with a fixed seed, so it is the same on every platform.
//!
//! Two neighbouring words are hashed *joined*, and with the seed of single words, and n-grams run across
//! the joint. So `fork lift` has the features of `forklift`, though with less weight.

use twox_hash::XxHash3_64;

use super::normalize::{Word, Words};

/// Seeds: arbitrary, different, and part of what `hash-v1` means.
const WORD_SEED: u64 = 0x6d75_7374_6572_0001;
const GRAM_SEED: u64 = 0x6d75_7374_6572_0002;

/// Lengths of n-grams, in characters.
const GRAMS: std::ops::RangeInclusive<usize> = 3..=5;

/// Words that say little: they count a little as words, and give neither pairs nor n-grams.
const STOP_WORDS: [&[u8]; 20] = [
    b"a", b"an", b"and", b"are", b"as", b"at", b"be", b"by", b"for", b"from", b"has", b"have", b"in", b"is",
    b"of", b"on", b"or", b"the", b"to", b"with",
];

/// The kinds of features, which weigh differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Family {
    Word,
    StopWord,
    Pair,
    Gram,
    Joint,
}

/// Calls `visit` with every feature of the words, repeats included. `joined` is a buffer to work in.
pub(super) fn visit(words: &Words, joined: &mut Vec<u8>, mut visit: impl FnMut(Family, u64)) {
    let mut before: Option<Word<'_>> = None;
    for word in words.iter() {
        if STOP_WORDS.contains(&word.plain()) {
            visit(Family::StopWord, hash(WORD_SEED, word.plain()));
            before = None;
            continue;
        }
        visit(Family::Word, hash(WORD_SEED, word.plain()));
        for n in GRAMS {
            word.grams(n, |gram| visit(Family::Gram, hash(GRAM_SEED, gram)));
        }
        if let Some(before) = before {
            joined.clear();
            joined.extend_from_slice(before.plain());
            joined.extend_from_slice(word.plain());
            visit(Family::Pair, hash(WORD_SEED, joined));
            joint(before, word, |gram| visit(Family::Joint, hash(GRAM_SEED, gram)));
        }
        before = Some(word);
    }
}

/// The n-grams of two joined words that hold characters of both.
fn joint(before: Word<'_>, after: Word<'_>, mut visit: impl FnMut(&[u8])) {
    let reach = GRAMS.end() - 1;
    // At most four characters of each side, of at most four bytes each.
    let mut bytes = [0u8; 32];
    let mut starts = [0usize; 9];
    let (mut filled, mut characters, mut left) = (0, 0, 0);
    for (is_left, character) in
        before.tail(reach).map(|c| (true, c)).chain(after.head(reach).map(|c| (false, c)))
    {
        let end = filled + character.len();
        let (Some(room), Some(next)) = (bytes.get_mut(filled..end), starts.get_mut(characters + 1)) else {
            return;
        };
        room.copy_from_slice(character);
        *next = end;
        filled = end;
        characters += 1;
        left += usize::from(is_left);
    }
    for n in GRAMS {
        for first in left.saturating_sub(n - 1)..left {
            let (Some(&start), Some(&end)) = (starts.get(first), starts.get(first + n)) else { continue };
            if first + n > characters {
                break;
            }
            if let Some(gram) = bytes.get(start..end) {
                visit(gram);
            }
        }
    }
}

#[inline]
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(seed, bytes)
}
