//! A regular expression of PostgreSQL's, ready to match, and those that were asked for lately.
//!
//! PostgreSQL takes the longest of several alternatives where the crates take the first that matches: a pattern with
//! alternatives is matched twice, once for where the match ends and once, up to there, for its groups. Of patterns that mix greedy and
//! reluctant quantifiers, each decides for itself, where PostgreSQL's first decides for all.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::{Anchored, Input, MatchKind};

use super::pattern_syntax::{Flags, invalid, translate};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// How many are kept; then all are forgotten.
const MOST_KEPT: usize = 200;
/// The memory that a compiled pattern may take.
const MOST_BYTES: usize = 10 << 20;
/// A pattern longer than this is refused.
const MOST_CHARACTERS: usize = 100_000;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Regular {
    engine: Engine,
    pub(super) groups: usize,
}

#[derive(Debug)]
enum Engine {
    Plain(regex::Regex),
    /// The longest alternative: what finds the start, the end, and the groups up to the end.
    Longest {
        start: regex::Regex,
        end: Box<PikeVM>,
        groups: regex::Regex,
    },
}

/// Where a match and its groups are.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// The whole match first.
    pub(super) spans: Vec<Option<(usize, usize)>>,
}

impl Match {
    pub(super) fn start(&self) -> usize {
        self.spans.first().copied().flatten().map_or(0, |(start, _)| start)
    }

    pub(super) fn end(&self) -> usize {
        self.spans.first().copied().flatten().map_or(0, |(_, end)| end)
    }

    /// A group's text.
    pub(super) fn group<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        let (start, end) = self.spans.get(group).copied().flatten()?;
        text.get(start..end)
    }
}

/// The pattern, compiled.
///
/// # Errors
/// 2201B for no pattern, 54000 for one that is too large.
pub(super) fn regular(pattern: &str, flags: Flags) -> Result<Arc<Regular>> {
    type Kept = HashMap<(String, Flags), Arc<Regular>>;
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(|| Mutex::new(HashMap::new()));
    if pattern.len() > MOST_CHARACTERS {
        return Err(too_large());
    }
    let flags = flags.for_one();
    let key = (pattern.to_string(), flags);
    if let Some(found) = KEPT.lock().get(&key) {
        return Ok(found.clone());
    }
    let compiled = Arc::new(Regular::compile(pattern, flags)?);
    let mut kept = KEPT.lock();
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(key, compiled.clone());
    Ok(compiled)
}

fn too_large() -> Error {
    Error::new(SqlState::ProgramLimitExceeded, "regular expression is too complex")
}

fn plain(pattern: &str) -> Result<regex::Regex> {
    let built = regex::RegexBuilder::new(pattern).size_limit(MOST_BYTES).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => too_large(),
        other => invalid(other.to_string().lines().last().unwrap_or_default().trim()),
    })
}

impl Regular {
    fn compile(pattern: &str, flags: Flags) -> Result<Self> {
        let translated = translate(pattern, flags)?;
        let pattern = &translated.pattern;
        if translated.fancy {
            return Err(Error::unsupported("looking around, or back, in a regular expression"));
        }
        let engine = if translated.longest {
            let start = plain(pattern)?;
            let end = PikeVM::builder()
                .configure(PikeVM::config().match_kind(MatchKind::All))
                .thompson(regex_automata::nfa::thompson::Config::new().nfa_size_limit(Some(MOST_BYTES)))
                .build(pattern)
                .map_err(|_| too_large())?;
            Engine::Longest { start, end: Box::new(end), groups: plain(&format!("(?:{pattern})\\z"))? }
        } else {
            Engine::Plain(plain(pattern)?)
        };
        Ok(Self { engine, groups: translated.groups })
    }

    /// Whether it is somewhere in a text.
    pub(super) fn is_match(&self, text: &str) -> Result<bool> {
        match &self.engine {
            Engine::Plain(regex) | Engine::Longest { start: regex, .. } => Ok(regex.is_match(text)),
        }
    }

    /// The first match from a byte on.
    pub(super) fn find(&self, text: &str, from: usize) -> Result<Option<Match>> {
        if from > text.len() {
            return Ok(None);
        }
        let spans = |captures: &regex::Captures<'_>| Match {
            spans: captures.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect(),
        };
        match &self.engine {
            Engine::Plain(regex) => Ok(regex.captures_at(text, from).as_ref().map(spans)),
            Engine::Longest { start, end, groups } => {
                let Some(first) = start.captures_at(text, from) else { return Ok(None) };
                let Some(whole) = first.get(0) else { return Ok(None) };
                let begin = whole.start();
                let mut cache = end.create_cache();
                let input = Input::new(text).range(begin..).anchored(Anchored::Yes);
                let longest = end.find(&mut cache, input).map_or(whole.end(), |it| it.end());
                if longest == whole.end() {
                    return Ok(Some(spans(&first)));
                }
                let before = text.get(..longest).unwrap_or(text);
                let found = groups.captures_at(before, begin);
                Ok(Some(spans(found.as_ref().unwrap_or(&first))))
            }
        }
    }

    /// Every match from a byte on, in order.
    pub(super) fn matches(&self, text: &str, from: usize) -> Result<Vec<Match>> {
        let mut found = Vec::new();
        let mut at = from;
        while let Some(next) = self.find(text, at)? {
            let (start, end) = (next.start(), next.end());
            at = if start == end { after(text, end) } else { end };
            found.push(next);
        }
        Ok(found)
    }
}

/// The byte behind a character.
fn after(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(text.len() + 1, |next| at + next.len_utf8())
}
