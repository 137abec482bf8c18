//! The roles that a text names: an occupation's last word and what stands before it, in one spelling.
//!
//! Qualities (experienced, certified, urgent), shifts and seniority are no part of a role. A role is what the tables know,
//! or what stands where a role stands.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::occupations::{HEADS, MODIFIERS};
use super::synonyms::{PHRASES, WORDS};
use super::words::Word;

/// The roles of a text, and which words of the text they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Roles {
    /// Each as its words in order of the alphabet.
    found: Vec<(Vec<String>, Range<usize>)>,
}

impl Roles {
    /// Whether the word at this place is part of a role.
    pub(super) fn is_part(&self, place: usize) -> bool {
        self.found.iter().any(|(_, words)| words.contains(&place))
    }

    /// Forgets the roles within these words.
    pub(super) fn leave_out(&mut self, words: &Range<usize>) {
        self.found.retain(|(_, of)| of.start < words.start || of.end > words.end);
    }

    /// The roles, each once.
    pub(super) fn names(self) -> BTreeSet<Vec<String>> {
        self.found.into_iter().map(|(name, _)| name).collect()
    }
}

struct Tables {
    heads: HashSet<&'static str>,
    modifiers: HashSet<&'static str>,
    qualities: HashSet<&'static str>,
    words: HashMap<&'static str, &'static str>,
    /// What each whole phrase becomes.
    joined: HashMap<&'static str, &'static str>,
    /// The phrases by their first word, the longest first.
    phrases: HashMap<&'static str, Vec<(Vec<&'static str>, &'static str)>>,
    /// The longer heads and modifiers by their first byte.
    long: HashMap<u8, Vec<&'static str>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for (word, others) in WORDS {
        words.extend(others.split(' ').filter(|other| !other.is_empty()).map(|other| (other, *word)));
    }
    let mut phrases: HashMap<&str, Vec<(Vec<&str>, &str)>> = HashMap::new();
    for (phrase, becomes) in PHRASES {
        let parts: Vec<&str> = phrase.split(' ').collect();
        if let Some(first) = parts.first() {
            phrases.entry(first).or_default().push((parts.clone(), becomes));
        }
    }
    phrases.values_mut().for_each(|of| of.sort_by_key(|(parts, _)| std::cmp::Reverse(parts.len())));
    let more = [
        "rn",
        "lpn",
        "lvn",
        "cna",
        "emt",
        "hha",
        "csr",
        "pct",
        "worker",
        "operator",
        "driver",
        "picker",
        "loader",
        "welder",
        "housekeeper",
        "temp",
    ];
    let heads: HashSet<&str> = HEADS.split_whitespace().chain(more).collect();
    let modifiers: HashSet<&str> =
        MODIFIERS.split_whitespace().chain(["cnc", "forklift", "hvac", "cdl", "security", "line"]).collect();
    let mut long: HashMap<u8, Vec<&str>> = HashMap::new();
    for known in heads.union(&modifiers).filter(|known| known.len() >= LONG) {
        if let Some(first) = known.bytes().next() {
            long.entry(first).or_default().push(known);
        }
    }
    let mut joined = HashMap::new();
    for (phrase, becomes) in PHRASES {
        joined.entry(*phrase).or_insert(*becomes);
    }
    let qualities = QUALITIES.iter().copied().collect();
    Tables { heads, modifiers, qualities, words, joined, phrases, long }
});

/// From this many letters on a slip does not hide which word was meant.
const LONG: usize = 6;

/// What says how good, how soon or when: no part of a role.
const QUALITIES: &[&str] = &[
    "experienced",
    "certified",
    "reliable",
    "good",
    "great",
    "skilled",
    "qualified",
    "urgent",
    "urgently",
    "immediate",
    "additional",
    "extra",
    "new",
    "more",
    "temporary",
    "temp",
    "permanent",
    "perm",
    "full",
    "part",
    "time",
    "fulltime",
    "parttime",
    "bilingual",
    "licensed",
    "entry",
    "level",
    "senior",
    "sr",
    "junior",
    "jr",
    "lead",
    "night",
    "day",
    "evening",
    "overnight",
    "weekend",
    "morning",
    "afternoon",
    "shift",
    "first",
    "second",
    "third",
    "1st",
    "2nd",
    "3rd",
    "available",
    "local",
    "strong",
    "hardworking",
    "motivated",
    "trained",
    "another",
    "some",
    "any",
    "several",
    "our",
    "your",
    "the",
    "a",
    "an",
    "of",
    "few",
    "couple",
    "dozen",
    "replacement",
    "backup",
    "seasonal",
    "ft",
    "pt",
    "x",
    "asap",
    "more",
    "dependable",
    "pro",
];

/// The roles of these words; those that are `taken` are a place's or a client's.
pub(super) fn read(words: &[Word], taken: &[bool]) -> Roles {
    let free = |place: usize| !taken.get(place).copied().unwrap_or(false);
    let standard = standard(words, &free);
    let mut roles = Roles::default();
    for (at, piece) in standard.iter().enumerate() {
        if !is_head(&piece.text) || follows_as_modifier(&standard, at) {
            continue;
        }
        let mut name: BTreeSet<String> = piece.text.split(' ').map(str::to_string).collect();
        let mut first = at;
        // What stands before it, up to three words, unless something ends in between.
        while let Some(before) = first.checked_sub(1).and_then(|before| standard.get(before)) {
            let adjacent =
                before.end == standard.get(first).map_or(usize::MAX, |it| it.start) && !before.ends;
            let is_quality = TABLES.qualities.contains(before.text.as_str());
            if !adjacent
                || at - first >= 3
                || !(is_quality
                    || TABLES.modifiers.contains(before.text.as_str())
                    || is_head(&before.text)
                    || before.text.contains(' '))
            {
                break;
            }
            if !is_quality {
                name.extend(before.text.split(' ').map(str::to_string));
            }
            first -= 1;
        }
        let start = standard.get(first).map_or(piece.start, |first| first.start);
        let mut end = piece.end;
        // 'Clerk, shipping': what comes behind.
        if first == at
            && piece.ends
            && let Some(behind) = standard.get(at + 1)
            && behind.start == end
            && TABLES.modifiers.contains(behind.text.as_str())
            && standard.get(at + 2).is_none_or(|next| behind.ends || next.start != behind.end)
        {
            let both = format!("{} {}", behind.text, piece.text);
            let both = becoming(both);
            name = both.split(' ').map(str::to_string).collect();
            end = behind.end;
        }
        // Anybody is no role.
        if name.iter().any(|word| word != "worker" && word != "temp") {
            roles.found.push((name.into_iter().collect(), start..end));
        }
    }
    if roles.found.is_empty() {
        roles.found.extend(doing(&standard));
    }
    roles
}

/// What somebody is to do, where no occupation is named: 'someone to drive a forklift'.
fn doing(pieces: &[Piece]) -> Option<(Vec<String>, Range<usize>)> {
    const DOINGS: &[(&str, &str)] = &[
        ("drive", "driver"),
        ("operate", "operator"),
        ("run", "operator"),
        ("weld", "welder"),
        ("pick", "picker"),
        ("pack", "packer"),
        ("load", "loader"),
        ("unload", "unloader"),
        ("clean", "cleaner"),
        ("cook", "cook"),
        ("assemble", "assembler"),
        ("paint", "painter"),
        ("sort", "sorter"),
        ("stock", "stocker"),
        ("inspect", "inspector"),
        ("install", "installer"),
        ("repair", "repairer"),
        ("deliver", "driver"),
    ];
    let at = pieces.windows(2).position(|pair| {
        let [to, verb] = pair else { return false };
        matches!(to.text.as_str(), "to" | "can" | "for" | "could")
            && DOINGS.iter().any(|(doing, _)| *doing == verb.text)
    })? + 1;
    let verb = pieces.get(at)?;
    let (_, head) = DOINGS.iter().find(|(doing, _)| *doing == verb.text)?;
    let object = pieces
        .iter()
        .skip(at + 1)
        .find(|piece| !matches!(piece.text.as_str(), "a" | "an" | "the" | "our" | "some"));
    let object = object.filter(|piece| TABLES.modifiers.contains(piece.text.as_str()));
    let both = object.map_or((*head).to_string(), |object| format!("{} {head}", object.text));
    let name = becoming(both);
    let words: BTreeSet<String> = name.split(' ').map(str::to_string).collect();
    Some((words.into_iter().collect(), verb.start..object.map_or(verb.end, |object| object.end)))
}

/// A word or a phrase in its one spelling, and which words of the text it is.
struct Piece {
    text: String,
    start: usize,
    end: usize,
    /// Whether a phrase ends behind it.
    ends: bool,
}

/// Whether what follows makes a modifier of this word: 'forklift operator trainer'.
fn follows_as_modifier(pieces: &[Piece], at: usize) -> bool {
    let (Some(here), Some(next)) = (pieces.get(at), pieces.get(at + 1)) else { return false };
    !here.ends && here.end == next.start && is_head(&next.text)
}

/// Whether a word, in the plural or not, is one of occupations.
pub(super) fn is_of_occupations(word: &str) -> bool {
    let known = |word: &str| TABLES.heads.contains(word) || TABLES.modifiers.contains(word);
    known(word) || word.strip_suffix('s').is_some_and(known)
}

fn is_head(text: &str) -> bool {
    text.rsplit(' ').next().is_some_and(|last| TABLES.heads.contains(last))
}

fn standard(words: &[Word], free: &impl Fn(usize) -> bool) -> Vec<Piece> {
    let one: Vec<String> = words.iter().map(|word| spelling(&word.text)).collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(text) = one.get(at) {
        if !free(at) {
            at += 1;
            continue;
        }
        let ends = |end: usize| words.get(end - 1).is_none_or(Word::ends);
        let phrase = TABLES.phrases.get(text.as_str()).into_iter().flatten().find(|(parts, _)| {
            let same = parts
                .iter()
                .enumerate()
                .all(|(offset, part)| one.get(at + offset).is_some_and(|text| text == part));
            same && (at..at + parts.len()).all(free) && (at + 1..at + parts.len()).all(|end| !ends(end))
        });
        let (text, length) = match phrase {
            Some((parts, becomes)) => ((*becomes).to_string(), parts.len()),
            None => (text.clone(), 1),
        };
        pieces.push(Piece { text, start: at, end: at + length, ends: ends(at + length) });
        at += length;
    }
    again(pieces)
}

/// Phrases of phrases, once: 'fork lift' and then 'forklift driver'.
fn again(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let joined = merged.last().filter(|last| !last.ends && last.end == piece.start).and_then(|last| {
            let both = format!("{} {}", last.text, piece.text);
            TABLES.joined.get(both.as_str()).copied()
        });
        match (joined, merged.last_mut()) {
            (Some(becomes), Some(last)) => {
                last.text = becomes.to_string();
                last.end = piece.end;
                last.ends = piece.ends;
            }
            _ => merged.push(piece),
        }
    }
    merged
}

/// A word's one spelling: singular, and the word that it stands for.
fn spelling(word: &str) -> String {
    let known = |text: &str| {
        TABLES.heads.contains(text) || TABLES.modifiers.contains(text) || TABLES.words.contains_key(text)
    };
    let stands_for =
        |text: &str| TABLES.words.get(text).map_or_else(|| text.to_string(), |word| (*word).to_string());
    if known(word) {
        return stands_for(word);
    }
    let singular = [
        word.strip_suffix("ies").map(|stem| format!("{stem}y")),
        word.strip_suffix("men").map(|stem| format!("{stem}man")),
        word.strip_suffix("women").map(|stem| format!("{stem}woman")),
        word.strip_suffix('s').map(str::to_string),
        word.strip_suffix("es").map(str::to_string),
    ];
    let singular = singular.into_iter().flatten().find(|stem| known(stem));
    match singular {
        Some(stem) => stands_for(&stem),
        None => mistyped(word).map_or_else(|| word.to_string(), stands_for),
    }
}

/// The one word of the tables that a longer word is but a slip away from.
fn mistyped(word: &str) -> Option<&'static str> {
    if word.len() < LONG || TABLES.qualities.contains(word) || word.bytes().any(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let stem = word.strip_suffix('s').unwrap_or(word);
    let mut near = TABLES.long.get(word.as_bytes().first()?)?.iter().filter(|known| is_slip(stem, known));
    let found = near.next()?;
    near.next().is_none().then_some(*found)
}

/// A phrase of two words in its one spelling.
fn becoming(phrase: String) -> String {
    match TABLES.joined.get(phrase.as_str()) {
        Some(becomes) => (*becomes).to_string(),
        None => phrase,
    }
}

/// Whether one letter more, one less, or two that changed places make one word of the other. Another letter does not: that
/// makes `strong` of `string`, and `packer` of `picker`.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (rest, others) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
    match (rest, others) {
        ([a, b, rest @ ..], [c, d, others @ ..]) if a == d && b == c && rest == others => true,
        ([_, rest @ ..], others) if rest == others => true,
        (rest, [_, others @ ..]) => rest == others,
        _ => false,
    }
}
