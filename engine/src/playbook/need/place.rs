//! The places that a text names: cities of the United States, states, and cities that no table has where the text says that
//! they are some ('in Smallville, OH').
//!
//! A name that goes on is no place: Kansas City Steel, Detroit Diesel. Neither is what stands behind `for`, unless it is
//! nothing but a place.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::cities::{CITIES, INITIALS, METROPOLES, NICKNAMES, WORDS};
use super::client::client;
use super::role::{is_of_occupations, is_slip};
use super::states::{EVERYWHERE, ORDINARY, STATES};
use super::words::Word;

/// A city, a state, or both. A city whose state is not said may be in any that has one of the name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    city: Option<String>,
    /// A bit for each state.
    states: u64,
}

impl Place {
    /// Whether both may be the same place.
    pub(super) fn agrees(&self, other: &Place) -> bool {
        let cities = match (&self.city, &other.city) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        cities && self.states & other.states != 0
    }
}

/// All states: of a city that no table has.
const ANYWHERE: u64 = u64::MAX;

struct Tables {
    /// The states of each city, by its name.
    cities: HashMap<String, u64>,
    ordinary_cities: HashSet<&'static str>,
    nicknames: HashMap<&'static str, &'static str>,
    /// States by names and abbreviations.
    states: HashMap<&'static str, u64>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut states = HashMap::new();
    for (number, (code, name, others)) in STATES.iter().enumerate() {
        let bit = 1_u64 << number.min(63);
        states.insert(*code, bit);
        states.insert(*name, bit);
        states.extend(others.split(' ').filter(|other| !other.is_empty()).map(|other| (other, bit)));
    }
    let mut cities: HashMap<String, u64> = HashMap::new();
    for entry in METROPOLES.split('|').chain(CITIES.split('|')) {
        let is_state = |word: &&str| word.chars().all(|letter| letter.is_ascii_uppercase());
        let name: Vec<&str> = entry.split_whitespace().take_while(|word| !is_state(word)).collect();
        let bits = entry.split_whitespace().filter(is_state);
        let bits =
            bits.filter_map(|code| states.get(code.to_lowercase().as_str())).fold(0, |all, bit| all | bit);
        *cities.entry(name.join(" ")).or_default() |= bits;
    }
    Tables {
        cities,
        ordinary_cities: WORDS.iter().copied().collect(),
        nicknames: NICKNAMES.iter().copied().collect(),
        states,
    }
});

/// What a place stands behind.
const BEFORE: &[&str] = &[
    "in", "at", "near", "around", "to", "from", "within", "outside", "by", "downtown", "north", "south",
    "east", "west", "greater",
];

/// What is never a city though it stands where one would.
pub(super) const NO_CITY: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "q1",
    "q2",
    "q3",
    "q4",
    "spring",
    "summer",
    "fall",
    "winter",
    "asap",
    "order",
    "house",
    "person",
    "advance",
    "place",
    "least",
    "most",
    "once",
    "all",
    "the",
    "our",
    "your",
    "a",
    "an",
    "am",
    "pm",
];

/// Words after which a name has ended.
pub(super) const ENDS_NAME: &[&str] = &[
    "in",
    "at",
    "near",
    "on",
    "from",
    "by",
    "starting",
    "start",
    "tomorrow",
    "today",
    "tonight",
    "needs",
    "need",
    "is",
    "are",
    "with",
    "this",
    "next",
    "asap",
    "to",
    "who",
    "that",
    "until",
    "has",
    "requires",
    "wants",
    "around",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "order",
    "order#",
];

/// The places of a text, and which of its words are a place's or a client's.
pub(super) fn read(words: &[Word]) -> (Vec<Place>, Vec<bool>) {
    let mut taken = vec![false; words.len()];
    let mut places: Vec<Place> = Vec::new();
    let shouting = words.iter().filter(|word| word.upper).count() * 2 > words.len();
    let mut at = 0;
    while at < words.len() {
        if let Some(end) = client(words, at) {
            taken.get_mut(at..end).unwrap_or_default().fill(true);
            at = end;
            continue;
        }
        let found = find(words, at, shouting);
        if let Some((place, length)) = found {
            taken.get_mut(at..at + length).unwrap_or_default().fill(true);
            if !places.contains(&place) {
                places.push(place);
            }
            at += length;
        } else {
            at += 1;
        }
    }
    // A state alone says nothing more where a city in it is named.
    let cities: Vec<Place> = places.iter().filter(|place| place.city.is_some()).cloned().collect();
    places.retain(|place| place.city.is_some() || !cities.iter().any(|city| city.states & place.states != 0));
    (places, taken)
}

pub(super) fn text(words: &[Word], at: usize) -> &str {
    words.get(at).map_or("", |word| word.text.as_str())
}

/// A place that begins here, and how many words it takes.
fn find(words: &[Word], at: usize, shouting: bool) -> Option<(Place, usize)> {
    let expected = at.checked_sub(1).is_some_and(|before| BEFORE.contains(&text(words, before)));
    if text(words, at + 1) == "state"
        && matches!(text(words, at), "washington" | "new york")
        && let Some(states) = TABLES.states.get(text(words, at))
    {
        return Some((Place { city: None, states: *states }, 2));
    }
    for length in (1..=4.min(words.len() - at)).rev() {
        let part = words.get(at..at + length)?;
        if part.iter().rev().skip(1).any(|word| word.ends() && word.text != "st" && word.text != "ft") {
            continue;
        }
        let name = name(part);
        let Some((city, states)) = city(&name, part, expected, shouting) else { continue };
        if let Some((state, more)) = state(words, at + length, Some(states)) {
            return Some((Place { city: Some(city), states: state }, length + more));
        }
        let ordinary = TABLES.ordinary_cities.contains(name.as_str());
        if (ordinary && !expected)
            || goes_on(words, at + length, shouting)
            || part.last().is_some_and(|word| word.of)
        {
            return None;
        }
        // A text in capitals where the name has none is another word.
        return Some((Place { city: Some(city), states }, length));
    }
    if expected && let Some(found) = unknown(words, at, shouting) {
        return Some(found);
    }
    let (state, length) = state(words, at, None)?;
    let after_comma = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(Word::ends);
    let whole = text(words, at).chars().count() > 2;
    let plausible =
        whole || expected || after_comma || words.get(at).is_some_and(|word| word.upper && !shouting);
    (plausible && !goes_on(words, at + length, shouting))
        .then_some((Place { city: None, states: state }, length))
}

/// A city by its name, as it is written here.
fn city(name: &str, part: &[Word], expected: bool, shouting: bool) -> Option<(String, u64)> {
    let nickname = TABLES.nicknames.get(name).copied().or_else(|| {
        let initials = expected && part.iter().all(|word| word.upper) && !shouting;
        INITIALS.iter().find(|(initial, _)| initials && *initial == name).map(|(_, city)| *city)
    });
    let name = nickname.unwrap_or(name);
    TABLES.cities.get(name).map(|states| (name.to_string(), *states))
}

fn name(part: &[Word]) -> String {
    let words: Vec<&str> = part
        .iter()
        .map(|word| match word.text.as_str() {
            "saint" => "st",
            "ft" => "fort",
            "mt" => "mount",
            other => other,
        })
        .collect();
    words.join(" ")
}

/// The state that is written here, and in how many words. `of` are the states of the city before it.
fn state(words: &[Word], at: usize, of: Option<u64>) -> Option<(u64, usize)> {
    let first = words.get(at)?;
    for length in (2..=3).rev() {
        let part =
            words.get(at..at + length).filter(|part| part.iter().rev().skip(1).all(|word| !word.ends()));
        if let Some(bit) = part.and_then(|part| {
            TABLES.states.get(name(part).as_str()).or_else(|| TABLES.states.get(plain(part).as_str()))
        }) {
            return Some((*bit, length));
        }
    }
    let bit = *TABLES.states.get(first.text.as_str())?;
    let abbreviated = first.text.len() == 2;
    let after_comma = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(Word::ends);
    let ordinary = ORDINARY.contains(&first.text.as_str());
    let everywhere = EVERYWHERE.contains(&first.text.as_str());
    let fits = of.is_some_and(|of| of & bit != 0);
    let is_state = match (abbreviated, of) {
        // Shorter ones are old abbreviations, and words: `ill`, `mass`, `ore`.
        (false, _) => {
            let name = first.text.len() > 4 || matches!(first.text.as_str(), "ohio" | "iowa" | "utah");
            name || fits || after_comma || of.is_some()
        }
        (true, Some(_)) => {
            // `in` before a city, a month or a time is none: 'fort wayne in on monday' has it, 'fort wayne in may' not.
            let doubtful = everywhere
                && !first.upper
                && !after_comma
                && !first.ends()
                && words.get(at + 1).is_some_and(|next| {
                    first.text == "in" && !BEFORE.contains(&next.text.as_str()) && next.text != "on"
                });
            first.upper || fits && !doubtful || after_comma && !ordinary
        }
        (true, None) => {
            let behind_in =
                at.checked_sub(1).is_some_and(|before| matches!(text(words, before), "in" | "near"));
            first.upper && (after_comma || behind_in || !everywhere) || after_comma && !ordinary
        }
    };
    is_state.then_some((bit, 1))
}

fn plain(part: &[Word]) -> String {
    part.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// A city that no table has: up to three words before a state, or in capitals behind a preposition.
fn unknown(words: &[Word], at: usize, shouting: bool) -> Option<(Place, usize)> {
    for length in 1..=3 {
        let part = words.get(at..at + length)?;
        if part.iter().any(|word| NO_CITY.contains(&word.text.as_str()) || word.is_number()) {
            return None;
        }
        let written = part.iter().all(|word| word.capital);
        if let Some((state, more)) = state(words, at + length, None) {
            let sure = written || words.get(at + length).is_some_and(|word| word.upper);
            return sure.then(|| {
                let written = name(part);
                let slip = |(city, states): &(&String, &u64)| {
                    city.len() >= 6 && **states & state != 0 && is_slip(&written, city)
                };
                let city = TABLES.cities.iter().find(slip).map_or(written.clone(), |(city, _)| city.clone());
                (Place { city: Some(city), states: state }, length + more)
            });
        }
        let ends =
            part.last().is_some_and(Word::ends) || words.get(at + length).is_none_or(|next| !next.capital);
        let behind_in = at.checked_sub(1).is_some_and(|before| matches!(text(words, before), "in" | "near"));
        if written && !shouting && ends && behind_in && !TABLES.states.contains_key(plain(part).as_str()) {
            return Some((Place { city: Some(name(part)), states: ANYWHERE }, length));
        }
        if part.last().is_some_and(Word::ends) {
            return None;
        }
    }
    None
}

/// Whether a name goes on here: another word in capitals that is none of a role.
fn goes_on(words: &[Word], at: usize, shouting: bool) -> bool {
    let ended = at.checked_sub(1).and_then(|before| words.get(before)).is_none_or(Word::ends);
    let Some(next) = words.get(at).filter(|_| !ended) else { return false };
    let of_role = is_of_occupations(&next.text);
    let name_word = [
        "foods",
        "logistics",
        "steel",
        "diesel",
        "freight",
        "hospital",
        "medical",
        "university",
        "schools",
        "grocers",
        "hotel",
        "inn",
        "manufacturing",
        "industries",
        "group",
        "co",
        "inc",
        "llc",
    ];
    next.capital
        && !shouting
        && (!of_role || name_word.contains(&next.text.as_str()))
        && !ENDS_NAME.contains(&next.text.as_str())
        && !next.is_number()
        && !NO_CITY.contains(&next.text.as_str())
}

/// Where a city with its state ends that begins here.
pub(super) fn find_alone(words: &[Word], at: usize) -> Option<usize> {
    (1..=3).rev().find_map(|length| {
        let part = words.get(at..at + length)?;
        let (_, states) = city(&name(part), part, true, false)?;
        let more = state(words, at + length, Some(states)).map_or(0, |(_, more)| more);
        Some(at + length + more)
    })
}
