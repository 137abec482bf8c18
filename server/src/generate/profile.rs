//! The profile: two or three sentences as a recruiter would note them.
//!
//! It invents no facts: role, city, years, skills and certificates are the worker's own.
//! Invariant: every profile names the role and the city, for that is what people search by.

use super::cities::City;
use super::draw::Draw;
use super::roles::Role;

/// What the sentences may speak of.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) given: &'a str,
    pub(crate) role: &'static Role,
    pub(crate) city: &'static City,
    pub(crate) years: u32,
    pub(crate) skills: &'a [&'static str],
    pub(crate) certifications: &'a [&'static str],
}

const SHIFTS: &[&str] = &[
    "first shift",
    "second shift",
    "third shift",
    "nights and weekends",
    "weekdays only",
    "rotating twelve-hour shifts",
    "any shift",
    "early mornings",
    "weekend shifts",
];

const TRAITS: &[&str] = &[
    "shows up early and stays until the job is done",
    "works safely at a fast pace",
    "learns new systems quickly",
    "is steady under pressure",
    "trains newcomers patiently",
    "keeps a clean work area",
    "gets along with every crew",
    "has not missed a shift in a year",
    "asks before guessing",
    "speaks English and Spanish",
    "has reliable transportation",
    "is comfortable working alone",
];

/// Spans of time, from the shortest; a worker of n years can have had the first n + 1 of them.
const SPANS: &[&str] = &[
    "the last few months",
    "the last year",
    "the last two years",
    "the last three years",
    "several seasons",
    "most of that time",
];

/// Writes the two or three sentences.
pub(crate) fn write(draw: &mut Draw, facts: &Facts<'_>) -> String {
    let mut text = introduction(draw, facts);
    text.push(' ');
    text.push_str(&experience(draw, facts));
    if draw.chance(70) {
        text.push(' ');
        text.push_str(&availability(draw, facts));
    }
    text
}

fn introduction(draw: &mut Draw, facts: &Facts<'_>) -> String {
    let role = facts.role.name;
    let City { name: city, state, state_name, .. } = facts.city;
    let given = facts.given;
    let skills = listed(facts.skills);
    let article = article(role);
    match (draw.below(4), facts.years) {
        (0, 0) => format!(
            "{given} is new to the trade as {article} {role} in {city}, {state}, with training in {skills}."
        ),
        (1, 0) => format!("Entry-level {role} in {city} {state}, ready to put {skills} to work."),
        (_, 0) => format!("{role} just starting out in {city}, {state_name}, learning {skills}."),
        (0, years) => {
            format!(
                "{given} is {article} {role} in {city}, {state} with {} of experience in {skills}.",
                counted(years)
            )
        }
        (1, years) => format!(
            "{role} based in {city}, {state_name}, {} on the job, strongest in {skills}.",
            counted(years)
        ),
        (2, years) => format!("Experienced {role} from {city} {state}: {skills}, {} in all.", counted(years)),
        (_, years) => {
            format!("With {} behind {given}, this {city}, {state} {role} brings {skills}.", counted(years))
        }
    }
}

fn experience(draw: &mut Draw, facts: &Facts<'_>) -> String {
    let work = draw.word(facts.role.work);
    let site = draw.word(facts.role.sites);
    let tools = listed(&draw.several(facts.role.tools, 2));
    match draw.below(4) {
        0 => {
            let possible = SPANS.get(..=facts.years as usize).unwrap_or(SPANS);
            format!("Spent {} {work} at {site}, using {tools}.", draw.word(possible))
        }
        1 => format!("Most recently at {site}, {work}; at home with {tools}."),
        2 => format!("Knows {tools} well from {work} at {site}."),
        _ => {
            let other = draw.word(facts.role.sites);
            if other == site {
                format!("Has worked at {site}, {work} with {tools}.")
            } else {
                format!("Has worked at {site} and {other}, {work} with {tools}.")
            }
        }
    }
}

fn availability(draw: &mut Draw, facts: &Facts<'_>) -> String {
    let shift = draw.word(SHIFTS);
    let quality = draw.word(TRAITS);
    match (draw.below(3), facts.certifications) {
        (0, [_, ..]) => format!("Holds {} and is available for {shift}.", listed(facts.certifications)),
        (1, [first, ..]) => format!("Prefers {shift}, {quality}, and keeps {first} current."),
        _ => format!("Available for {shift} and {quality}."),
    }
}

/// `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `1 year`, `7 years`.
fn counted(years: u32) -> String {
    if years == 1 { "1 year".to_owned() } else { format!("{years} years") }
}

/// The article a role's name takes when it is read aloud: letters of an abbreviation count as spoken.
fn article(role: &str) -> &'static str {
    let spoken_vowel = match role.split(' ').next() {
        Some("MIG") => true,
        Some(word) => {
            word.starts_with(['A', 'E', 'I', 'O', 'H']) && !word.starts_with("He") && !word.starts_with("Ho")
        }
        None => false,
    };
    if spoken_vowel { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::roles;

    #[test]
    fn articles_are_as_spoken() {
        let with = |role: &str| format!("{} {role}", article(role));
        assert_eq!(with("Electrician"), "an Electrician");
        assert_eq!(with("HVAC Technician"), "an HVAC Technician");
        assert_eq!(with("Heavy Equipment Operator"), "a Heavy Equipment Operator");
        assert_eq!(with("Hotel Housekeeper"), "a Hotel Housekeeper");
        assert_eq!(with("Home Health Aide"), "a Home Health Aide");
        assert_eq!(with("CNC Machinist"), "a CNC Machinist");
        assert_eq!(with("Inventory Control Specialist"), "an Inventory Control Specialist");
        // No other role opens with a letter that is spoken with a vowel.
        for role in roles::all() {
            assert!(
                !role.name.starts_with(['F', 'L', 'M', 'N', 'R', 'S', 'X'])
                    || role.name.split(' ').next().is_some_and(|word| {
                        word.len() > 1 && (word == "MIG" || word.chars().skip(1).any(char::is_lowercase))
                    }),
                "{}",
                role.name
            );
        }
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(counted(1), "1 year");
        assert_eq!(counted(0), "0 years");
    }
}
