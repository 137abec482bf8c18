//! Whether a text takes a need back: 'no welders needed', 'cancel the order', 'already filled'.
//!
//! What is negated must be the need itself: 'no later than Friday' and 'no overtime' say how, not whether.
//! Two negations make none: 'do not cancel'.

use super::role::Roles;
use super::words::Word;

/// Verbs of needing, as they stand behind a negation.
const NEEDING: &[&str] = &[
    "need",
    "needs",
    "needed",
    "needing",
    "require",
    "requires",
    "required",
    "requiring",
    "want",
    "wants",
    "wanted",
    "send",
    "sending",
    "sent",
    "dispatch",
    "dispatching",
    "looking",
    "look",
    "searching",
    "seeking",
    "hiring",
    "hire",
    "staff",
    "staffing",
    "fill",
    "filling",
    "book",
    "booking",
    "schedule",
    "scheduling",
    "find",
    "provide",
    "request",
    "requesting",
    "requested",
    "necessary",
    "recruiting",
    "recruit",
    "accepting",
    "taking",
    "interested",
    "line",
    "bring",
    "bringing",
    "assign",
    "assigning",
    "after",
    "short",
    "use",
    "order",
    "ordering",
];

/// Words between a negation and its verb.
const BETWEEN: &[&str] = &[
    "be",
    "being",
    "to",
    "currently",
    "actually",
    "really",
    "any",
    "anymore",
    "now",
    "have",
    "going",
    "please",
    "you",
    "us",
    "we",
    "been",
    "in",
    "even",
    "longer",
    "more",
];

/// Negations of the verb behind them.
const NOT: &[&str] = &[
    "not", "dont", "doesnt", "didnt", "wont", "cannot", "cant", "arent", "isnt", "never", "neednt",
    "shouldnt", "werent", "wasnt", "wouldnt",
];

/// Verbs that take a need back by themselves.
const TAKING_BACK: &[&str] = &[
    "cancel",
    "cancels",
    "canceled",
    "cancelled",
    "canceling",
    "cancelling",
    "cancellation",
    "cxl",
    "cancld",
    "disregard",
    "ignore",
    "withdraw",
    "withdrawn",
    "withdrawing",
    "rescind",
    "rescinded",
    "retract",
    "nevermind",
    "nvm",
    "void",
    "scrap",
    "scratch",
    "revoke",
    "halt",
    "pause",
    "suspend",
];

/// Words that say that somebody is there already, behind `already`, `is`, `are`, `been`, `have`.
const DONE: &[&str] =
    &["filled", "covered", "staffed", "closed", "hired", "set", "resolved", "found", "booked", "satisfied"];

/// What `stop`, `quit` and `hold` take back.
const STOPPED: &[&str] = &[
    "sending",
    "looking",
    "searching",
    "hiring",
    "recruiting",
    "off",
    "dispatching",
    "the",
    "all",
    "recruitment",
    "staffing",
    "submitting",
    "any",
    "scheduling",
    "booking",
];

/// What a text says against a need.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Negation {
    /// The need is taken back.
    pub(super) negated: bool,
    /// Words that say whom one does not mean, beside those whom one needs: 'welders, no helpers'.
    pub(super) excluded: Vec<std::ops::Range<usize>>,
}

/// What words that begin at a place say.
enum Said {
    /// Nothing of it.
    Nothing,
    /// So many words take the need back.
    Negated(usize),
    /// So many words say that it stands, or something else.
    Affirmed(usize),
    /// So many words leave somebody out.
    Excluded(usize),
}

use Said::{Affirmed, Excluded, Negated, Nothing};

/// What these words say against the need.
pub(super) fn read(words: &[Word], roles: &Roles) -> Negation {
    let text = |place: usize| words.get(place).map_or("", |word| word.text.as_str());
    let mut negation = Negation::default();
    let mut place = 0;
    while place < words.len() {
        place += match at(words, place, &text, roles) {
            Nothing => 1,
            Affirmed(length) => length.max(1),
            Negated(length) => {
                negation.negated = true;
                length.max(1)
            }
            Excluded(length) => {
                negation.excluded.push(place..place + length);
                length.max(1)
            }
        };
    }
    negation
}

/// What the words from here on say.
fn at<'a>(words: &[Word], place: usize, text: &impl Fn(usize) -> &'a str, roles: &Roles) -> Said {
    let here = text(place);
    if TAKING_BACK.contains(&here) && text(place + 1) != "policy" {
        return Negated(1);
    }
    if matches!(here, "stop" | "quit" | "cease" | "hold") && STOPPED.contains(&text(place + 1)) {
        return Negated(2);
    }
    if matches!(here, "call" | "called") && matches!(text(place + 1), "off") {
        return Negated(2);
    }
    if matches!(
        here,
        "fully"
            | "already"
            | "been"
            | "is"
            | "are"
            | "was"
            | "were"
            | "now"
            | "position"
            | "positions"
            | "shift"
    ) {
        let next =
            usize::from(matches!(text(place + 1), "been" | "all" | "now" | "already" | "fully")) + place + 1;
        if DONE.contains(&text(next)) {
            return Negated(next + 1 - place);
        }
    }
    let before = |steps: usize| place.checked_sub(steps).map_or("", text);
    if matches!(here, "good" | "set" | "ok" | "fine")
        && matches!(text(place + 1), "on" | "for" | "with")
        && is_we(before(1), before(2))
    {
        return Negated(2);
    }
    if matches!(here, "have" | "got" | "has") && matches!(text(place + 1), "enough" | "plenty") {
        return Negated(2);
    }
    if here == "without" || NOT.contains(&here) {
        let earlier = (0..place).any(|earlier| roles.is_part(earlier));
        if here == "not" && earlier && roles.is_part(place + 1) {
            let end = (place + 1..words.len()).find(|end| !roles.is_part(*end)).unwrap_or(words.len());
            return Excluded(end - place);
        }
        return not(words, place, text);
    }
    if here == "no" {
        return no(words, place, text, roles);
    }
    Nothing
}

fn is_we(before: &str, further: &str) -> bool {
    ["we", "r", "are", "were", "all", "im", "weve"].contains(&before)
        || ["we", "r", "are", "were"].contains(&further)
}

/// `not`, before a verb of needing, or before what takes back.
fn not<'a>(words: &[Word], place: usize, text: &impl Fn(usize) -> &'a str) -> Said {
    if matches!(text(place + 1), "only" | "just") {
        return Affirmed(2);
    }
    // Not enough: more are needed.
    if matches!(text(place + 1), "have" | "got" | "enough")
        && matches!(text(place + 2), "enough" | "any" | "anyone" | "a")
    {
        return Affirmed(3);
    }
    // What cannot be found is needed.
    if matches!(text(place), "cant" | "cannot" | "couldnt")
        && matches!(text(place + 1), "find" | "locate" | "get" | "fill" | "staff" | "seem")
    {
        return Affirmed(2);
    }
    // They do not need something: no need of ours.
    let they = ["they", "who", "candidates", "he", "she", "workers", "applicants"];
    let before = |steps: usize| place.checked_sub(steps).map_or("", text);
    if they.contains(&before(1)) || before(1) == "do" && they.contains(&before(2)) {
        return Affirmed(2);
    }
    // Never said that we do not: two that make none.
    if matches!(text(place + 1), "said" | "mean" | "meant" | "saying") {
        let second = (place + 2..(place + 6).min(words.len())).find(|next| NOT.contains(&text(*next)));
        return second.map_or(Nothing, |second| Affirmed(second + 2 - place));
    }
    for next in place + 1..(place + 5).min(words.len()) {
        let word = text(next);
        if TAKING_BACK.contains(&word) || matches!(word, "stop" | "hold") {
            return Affirmed(next + 2 - place);
        }
        if NEEDING.contains(&word) {
            // What is not needed may be a condition: 'do not need experience'.
            let condition = (next + 1..(next + 3).min(words.len())).any(|place| {
                is_condition(text(place)) || matches!(text(place), "without" | "unless" | "who")
            });
            return if condition { Affirmed(next + 1 - place) } else { Negated(next + 1 - place) };
        }
        if !BETWEEN.contains(&word) {
            return Nothing;
        }
    }
    Nothing
}

/// `no`, before the role or before `need`, `longer`, `more`.
fn no<'a>(words: &[Word], place: usize, text: &impl Fn(usize) -> &'a str, roles: &Roles) -> Said {
    if words.get(place + 1).is_some_and(|next| next.joined) {
        return Nothing;
    }
    match text(place + 1) {
        "later" | "earlier" | "less" | "fewer" | "problem" | "worries" | "matter" | "rush" => {
            return Affirmed(2);
        }
        "longer" => return not(words, place + 1, text),
        "more" if text(place + 2) == "than" => return Affirmed(3),
        "need" | "demand" => return Negated(2),
        _ => {}
    }
    for next in place + 1..(place + 6).min(words.len()) {
        if is_condition(text(next)) {
            return Affirmed(next + 1 - place);
        }
        if matches!(text(next), "needed" | "required" | "wanted" | "necessary") {
            return Negated(next + 1 - place);
        }
        if roles.is_part(next) {
            let end = (next..words.len()).find(|end| !roles.is_part(*end)).unwrap_or(words.len());
            let needed = matches!(text(end), "needed" | "required" | "wanted" | "necessary");
            // Beside others who are needed it says who is not meant.
            let beside = (0..place).any(|earlier| roles.is_part(earlier)) && !needed;
            return if beside { Excluded(end - place) } else { Negated(end - place) };
        }
        if words.get(next).is_some_and(|word| word.stop) {
            return Nothing;
        }
    }
    Nothing
}

/// What says how somebody is to work, or who may: not whether anybody is needed.
fn is_condition(word: &str) -> bool {
    [
        "experience",
        "overtime",
        "ot",
        "weekends",
        "weekend",
        "nights",
        "degree",
        "certification",
        "license",
        "test",
        "tests",
        "check",
        "smoking",
        "lifting",
        "background",
        "felony",
        "felonies",
        "travel",
        "calls",
        "phone",
        "training",
        "resume",
        "resumes",
        "diploma",
        "references",
        "transportation",
        "car",
        "boots",
        "shows",
        "show",
        "drug",
        "english",
        "ged",
        "holidays",
        "heavy",
        "steel",
        "temps",
        "agency",
        "agencies",
        "minimum",
        "criminal",
        "union",
    ]
    .contains(&word)
}
