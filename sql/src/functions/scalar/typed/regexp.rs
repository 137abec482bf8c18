//! `regexp_match`, `regexp_matches`, `regexp_replace`, `regexp_split_to_array`, `regexp_split_to_table`, `regexp_count`,
//! `regexp_instr`, `regexp_like`, `regexp_substr`, the operators `~` and `~*`, and `substring(text from pattern)`.
//!
//! Those that give rows are functions of an array here, which `planning::set_returning` unnests. SQLSTATEs: 2201B for a pattern that is
//! none; 22023 for flags and places that are none.

use super::datum::Datum;
use super::kind::Kind::{Bool, Int4, Text, TextLists, Texts};
use super::overload::{Form, Function, Run, unexpected};
use super::pattern_syntax::Flags;
use super::regular::{Match, Regular, regular};
use super::value::Value;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What `~` and `~*` are in plans.
pub(crate) const MATCHES: &str = "muster_matches";
pub(crate) const MATCHES_ANY_CASE: &str = "muster_matches_any_case";
/// `regexp_matches` and its kin as arrays.
pub(crate) const ALL_MATCHES: &str = "muster_regexp_matches";
pub(crate) const SPLIT: &str = "regexp_split_to_array";
/// `substring(text from pattern)`.
pub(super) const SUBSTRING: Run = substring;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(MATCHES, &[Form::new(&[Text, Text], Bool, |values| is_match(values, Flags::default()))]),
    Function::new(
        MATCHES_ANY_CASE,
        &[Form::new(&[Text, Text], Bool, |values| is_match(values, Flags::default().ignoring_case()))],
    ),
    Function::new(
        "regexp_like",
        &[Form::new(&[Text, Text], Bool, like), Form::new(&[Text, Text, Text], Bool, like)],
    ),
    Function::new(
        "regexp_match",
        &[Form::new(&[Text, Text], Texts, first), Form::new(&[Text, Text, Text], Texts, first)],
    ),
    Function::new(
        ALL_MATCHES,
        &[Form::new(&[Text, Text], TextLists, all), Form::new(&[Text, Text, Text], TextLists, all)],
    ),
    Function::new(
        SPLIT,
        &[Form::new(&[Text, Text], Texts, split), Form::new(&[Text, Text, Text], Texts, split)],
    ),
    Function::new(
        "regexp_replace",
        &[
            Form::new(&[Text, Text, Text], Text, replace),
            Form::new(&[Text, Text, Text, Text], Text, replace),
            Form::new(&[Text, Text, Text, Int4], Text, replace),
            Form::new(&[Text, Text, Text, Int4, Int4], Text, replace),
            Form::new(&[Text, Text, Text, Int4, Int4, Text], Text, replace),
        ],
    ),
    Function::new(
        "regexp_count",
        &[
            Form::new(&[Text, Text], Int4, count),
            Form::new(&[Text, Text, Int4], Int4, count),
            Form::new(&[Text, Text, Int4, Text], Int4, count),
        ],
    ),
    Function::new(
        "regexp_instr",
        &[
            Form::new(&[Text, Text], Int4, place),
            Form::new(&[Text, Text, Int4], Int4, place),
            Form::new(&[Text, Text, Int4, Int4], Int4, place),
            Form::new(&[Text, Text, Int4, Int4, Int4], Int4, place),
            Form::new(&[Text, Text, Int4, Int4, Int4, Text], Int4, place),
            Form::new(&[Text, Text, Int4, Int4, Int4, Text, Int4], Int4, place),
        ],
    ),
    Function::new(
        "regexp_substr",
        &[
            Form::new(&[Text, Text], Text, part),
            Form::new(&[Text, Text, Int4], Text, part),
            Form::new(&[Text, Text, Int4, Int4], Text, part),
            Form::new(&[Text, Text, Int4, Int4, Text], Text, part),
            Form::new(&[Text, Text, Int4, Int4, Text, Int4], Text, part),
        ],
    ),
];

fn is_match(values: &[Value<'_>], flags: Flags) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern)] = values else { return Err(unexpected()) };
    regular(pattern, flags)?.is_match(text).map(Datum::Bool)
}

/// Flags of a function that finds all anyhow, or one alone.
fn without_all(letters: &str, function: &str) -> Result<Flags> {
    let flags = Flags::of(letters)?;
    if flags.all {
        let message = format!("{function} does not support the \"global\" option");
        let error = Error::new(SqlState::InvalidParameterValue, message);
        return Err(match function {
            "regexp_match()" => error.with_hint("Use the regexp_matches function instead."),
            _ => error,
        });
    }
    Ok(flags)
}

fn like(values: &[Value<'_>]) -> Result<Datum> {
    let [text, pattern, flags @ ..] = values else { return Err(unexpected()) };
    let flags = match flags {
        [Value::Text(flags)] => without_all(flags, "regexp_like()")?,
        _ => Flags::default(),
    };
    is_match(&[text.clone(), pattern.clone()], flags)
}

/// The groups' texts, or the whole match's where there are none.
fn groups(found: &Match, text: &str, regular: &Regular) -> Vec<Option<String>> {
    let group = |group| found.group(text, group).map(str::to_string);
    match regular.groups {
        0 => vec![group(0)],
        count => (1..=count).map(group).collect(),
    }
}

fn first(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), flags @ ..] = values else { return Err(unexpected()) };
    let flags = match flags {
        [Value::Text(flags)] => without_all(flags, "regexp_match()")?,
        _ => Flags::default(),
    };
    let regular = regular(pattern, flags)?;
    Ok(match regular.find(text, 0)? {
        Some(found) => Datum::Texts(groups(&found, text, &regular)),
        None => Datum::Null,
    })
}

fn all(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), flags @ ..] = values else { return Err(unexpected()) };
    let flags = match flags {
        [Value::Text(flags)] => Flags::of(flags)?,
        _ => Flags::default(),
    };
    let regular = regular(pattern, flags)?;
    let found = match flags.all {
        true => regular.matches(text, 0)?,
        false => regular.find(text, 0)?.into_iter().collect(),
    };
    Ok(Datum::Lists(found.iter().map(|found| groups(found, text, &regular)).collect()))
}

fn split(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), flags @ ..] = values else { return Err(unexpected()) };
    let flags = match flags {
        [Value::Text(flags)] => without_all(flags, "regexp_split_to_array()")?,
        _ => Flags::default(),
    };
    let regular = regular(pattern, flags)?;
    let mut parts = Vec::new();
    let (mut from, mut last) = (0, 0);
    for found in regular.matches(text, 0)? {
        let (start, end) = (found.start(), found.end());
        // A match of nothing at either end, or right behind another one, splits nothing.
        let splits = start < text.len() && end > last;
        last = end;
        if splits {
            parts.push(text.get(from..start).map(str::to_string));
            from = end;
        }
    }
    parts.push(text.get(from..).map(str::to_string));
    Ok(Datum::Texts(parts))
}

/// The byte of a character counted from 1; `None` behind the text.
///
/// # Errors
/// 22023 for a place that is not more than 0.
fn byte_of(text: &str, place: i64) -> Result<Option<usize>> {
    if place <= 0 {
        let message = format!("invalid value for parameter \"start\": {place}");
        return Err(Error::new(SqlState::InvalidParameterValue, message));
    }
    let place = usize::try_from(place - 1).unwrap_or(usize::MAX);
    let mut places = text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len()));
    Ok(places.nth(place))
}

/// The replacement with `\1` and `\&` filled in.
fn filled(replacement: &str, found: &Match, text: &str, out: &mut String) {
    let mut characters = replacement.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let mut ahead = characters.clone();
        match ahead.next() {
            Some('&') => {
                out.push_str(found.group(text, 0).unwrap_or_default());
                characters = ahead;
            }
            Some(digit @ '1'..='9') => {
                let group = digit.to_digit(10).map_or(0, |group| group as usize);
                out.push_str(found.group(text, group).unwrap_or_default());
                characters = ahead;
            }
            Some('\\') => {
                out.push('\\');
                characters = ahead;
            }
            _ => out.push('\\'),
        }
    }
}

fn replace(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), Value::Text(replacement), rest @ ..] = values else {
        return Err(unexpected());
    };
    let (start, which, flags) = match rest {
        [] => (1, Some(1), Flags::default()),
        [Value::Text(flags)] => {
            if flags.starts_with(|letter: char| letter.is_ascii_digit()) {
                let message =
                    format!("invalid regular expression option: \"{}\"", flags.get(..1).unwrap_or_default());
                return Err(Error::new(SqlState::InvalidParameterValue, message)
                    .with_hint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly."));
            }
            let flags = Flags::of(flags)?;
            (1, (!flags.all).then_some(1), flags)
        }
        [Value::Int(start)] => (*start, Some(1), Flags::default()),
        [Value::Int(start), Value::Int(which)] => (*start, Some(*which), Flags::default()),
        [Value::Int(start), Value::Int(which), Value::Text(flags)] => {
            (*start, Some(*which), Flags::of(flags)?)
        }
        _ => return Err(unexpected()),
    };
    if which.is_some_and(|which| which < 0) {
        let message = format!("invalid value for parameter \"n\": {}", which.unwrap_or(0));
        return Err(Error::new(SqlState::InvalidParameterValue, message));
    }
    let which = which.filter(|which| *which > 0);
    let regular = regular(pattern, flags)?;
    let Some(from) = byte_of(text, start)? else { return Ok(Datum::Text((*text).to_string())) };
    let matches = match which {
        Some(1) => regular.find(text, from)?.into_iter().collect(),
        _ => regular.matches(text, from)?,
    };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (number, found) in matches.iter().enumerate() {
        if which.is_some_and(|which| which != number as i64 + 1) {
            continue;
        }
        out.push_str(text.get(at..found.start()).unwrap_or_default());
        filled(replacement, found, text, &mut out);
        at = found.end();
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok(Datum::Text(out))
}

fn count(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), rest @ ..] = values else { return Err(unexpected()) };
    let (start, flags) = match rest {
        [] => (1, Flags::default()),
        [Value::Int(start)] => (*start, Flags::default()),
        [Value::Int(start), Value::Text(flags)] => (*start, without_all(flags, "regexp_count()")?),
        _ => return Err(unexpected()),
    };
    let regular = regular(pattern, flags)?;
    let Some(from) = byte_of(text, start)? else { return Ok(Datum::Int(0)) };
    Ok(Datum::Int(regular.matches(text, from)?.len() as i64))
}

/// The match of a number, and which group is meant.
fn numbered(
    text: &str,
    pattern: &str,
    start: i64,
    which: i64,
    flags: Flags,
    group: i64,
) -> Result<Option<(Match, usize)>> {
    for (name, value, least) in [("n", which, 1), ("subexpr", group, 0)] {
        if value < least {
            let message = format!("invalid value for parameter \"{name}\": {value}");
            return Err(Error::new(SqlState::InvalidParameterValue, message));
        }
    }
    let regular = regular(pattern, flags)?;
    let Some(from) = byte_of(text, start)? else { return Ok(None) };
    let group = usize::try_from(group).unwrap_or(usize::MAX);
    if group > regular.groups {
        return Ok(None);
    }
    let which = usize::try_from(which - 1).unwrap_or(usize::MAX);
    let found = match which {
        0 => regular.find(text, from)?,
        which => regular.matches(text, from)?.into_iter().nth(which),
    };
    Ok(found.map(|found| (found, group)))
}

fn place(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), rest @ ..] = values else { return Err(unexpected()) };
    let integer = |place: usize, default: i64| match rest.get(place) {
        Some(Value::Int(value)) => *value,
        _ => default,
    };
    let flags = match rest.get(3) {
        Some(Value::Text(flags)) => without_all(flags, "regexp_instr()")?,
        _ => Flags::default(),
    };
    let end = integer(2, 0);
    if !(0..=1).contains(&end) {
        let message = format!("invalid value for parameter \"endoption\": {end}");
        return Err(Error::new(SqlState::InvalidParameterValue, message));
    }
    let found = numbered(text, pattern, integer(0, 1), integer(1, 1), flags, integer(4, 0))?;
    let span = found.and_then(|(found, group)| found.spans.get(group).copied().flatten());
    Ok(Datum::Int(span.map_or(0, |(first, last)| {
        let at = if end == 1 { last } else { first };
        text.get(..at).map_or(0, |before| before.chars().count() as i64 + 1)
    })))
}

fn part(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern), rest @ ..] = values else { return Err(unexpected()) };
    let integer = |place: usize, default: i64| match rest.get(place) {
        Some(Value::Int(value)) => *value,
        _ => default,
    };
    let flags = match rest.get(2) {
        Some(Value::Text(flags)) => without_all(flags, "regexp_substr()")?,
        _ => Flags::default(),
    };
    let found = numbered(text, pattern, integer(0, 1), integer(1, 1), flags, integer(3, 0))?;
    let found = found.and_then(|(found, group)| found.group(text, group).map(str::to_string));
    Ok(found.map_or(Datum::Null, Datum::Text))
}

fn substring(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(pattern)] = values else { return Err(unexpected()) };
    let regular = regular(pattern, Flags::default())?;
    let found = regular.find(text, 0)?;
    // The first group, where there is one.
    let group = usize::from(regular.groups > 0);
    let found = found.and_then(|found| found.group(text, group).map(str::to_string));
    Ok(found.map_or(Datum::Null, Datum::Text))
}
