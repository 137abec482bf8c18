//! For whom a need is: a name behind `for` or `client`, which is neither a place nor a role.

use super::place::{ENDS_NAME, NO_CITY, find_alone, text};
use super::words::Word;

/// Words that a client's name goes on with, or that it ends in.
const OF_NAMES: &[&str] = &["of", "and", "the", "&", "de", "la"];

/// What is asked for behind `for`, where no client is.
const ASKING: &[&str] = &[
    "looking",
    "look",
    "search",
    "searching",
    "request",
    "requests",
    "need",
    "needs",
    "opening",
    "openings",
    "ask",
    "asking",
    "order",
    "hunting",
    "position",
    "positions",
    "have",
    "ready",
    "requirement",
    "demand",
    "call",
    "help",
];

/// Where a client's name that begins here ends: behind `for` or `client`, unless it is nothing but a place or a role.
pub(super) fn client(words: &[Word], at: usize) -> Option<usize> {
    let before = at.checked_sub(1)?;
    if !matches!(text(words, before), "for" | "client" | "customer")
        || words.get(before).is_some_and(|word| word.ends() && word.text == "for")
    {
        return None;
    }
    let first = words.get(at)?;
    let asked = before.checked_sub(1).is_some_and(|place| ASKING.contains(&text(words, place)));
    if asked
        || first.is_number()
        || NO_CITY.contains(&first.text.as_str()) && first.text != "the"
        || ENDS_NAME.contains(&first.text.as_str())
    {
        return None;
    }
    let capital = first.capital || OF_NAMES.contains(&first.text.as_str());
    let mut end = at;
    while let Some(word) = words.get(end) {
        let goes_on = if capital {
            word.capital || OF_NAMES.contains(&word.text.as_str()) || word.is_number()
        } else {
            end - at < 4
        };
        if !goes_on || end > at && ENDS_NAME.contains(&word.text.as_str()) {
            break;
        }
        end += 1;
        if word.ends() {
            break;
        }
    }
    // 'for Detroit, MI' is where, not for whom.
    let place = find_alone(words, at);
    (end > at && place.is_none_or(|place_end| place_end < end)).then_some(end)
}
