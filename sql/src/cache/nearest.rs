//! The nearest rows of a table, for the next search that asks the same: it has to look at new rows alone.
//!
//! A commit makes the rows that a search gave worthless as a whole (see [`super::ResultCache`]), but the parts of a table do
//! not change. The nearest rows are kept with the parts that they are the nearest of; a later search looks into other parts,
//! and the nearest of both are the answer, unless one of those kept was deleted. Invariant: what comes of it is what a search of
//! all parts would give on the statement's own snapshot, with one beam or another.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use muster_engine::{Hit, SearchOptions};
use muster_storage::{Content, Part, TableDefinition};

use super::{CacheCounts, Counts};
use crate::search::{Asked, PredicateKey};

/// Bytes of all questions and answers.
const BYTES: u64 = 4 << 20;

/// What a predicate is taken to hold: expressions do not tell their size.
const PREDICATE: usize = 1024;

/// What is searched for, in a table as it is defined.
#[derive(Clone, Debug)]
pub(crate) struct NearestQuestion {
    definition: Arc<TableDefinition>,
    column: usize,
    /// The bits of the query's numbers.
    query: Box<[u32]>,
    options: SearchOptions,
    /// The bits of the greatest distance that is of interest.
    within: u64,
    /// Which rows may be found; all, unless given.
    predicate: Option<Arc<PredicateKey>>,
}

impl NearestQuestion {
    pub(crate) fn new(
        definition: &Arc<TableDefinition>,
        column: usize,
        asked: &Asked<'_>,
        predicate: Option<Arc<PredicateKey>>,
    ) -> Self {
        let Asked { query, options, within, .. } = *asked;
        let query = query.iter().map(|number| number.to_bits()).collect();
        Self { definition: definition.clone(), column, query, options, within: within.to_bits(), predicate }
    }
}

impl PartialEq for NearestQuestion {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.definition, &other.definition)
            && self.column == other.column
            && self.options == other.options
            && self.within == other.within
            && self.query == other.query
            && self.predicate == other.predicate
    }
}

impl Eq for NearestQuestion {}

impl Hash for NearestQuestion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.definition).hash(state);
        self.column.hash(state);
        self.options.hash(state);
        self.within.hash(state);
        self.query.hash(state);
        self.predicate.hash(state);
    }
}

/// The nearest rows of some parts.
#[derive(Debug)]
pub(crate) struct Nearest {
    /// The parts, and how many of their rows were deleted.
    parts: Vec<(Content, u64)>,
    /// The rows, nearest first: the part's place in `parts`, the row there, its distance.
    hits: Vec<Hit>,
    /// No row of these parts that is nearer is left out.
    limit: f64,
}

/// What is known of the parts of a snapshot.
#[derive(Debug)]
pub(crate) struct Known {
    /// Whether each part of the snapshot is one of those.
    pub(crate) parts: Vec<bool>,
    /// The nearest rows of these parts, but for deleted ones.
    pub(crate) hits: Vec<Hit>,
    limit: f64,
}

impl Nearest {
    /// The answer of a search for `k` rows in all of these parts.
    pub(crate) fn new<'a>(parts: impl Iterator<Item = &'a Part>, hits: Vec<Hit>, k: usize) -> Self {
        let parts = parts.map(|part| (part.content(), part.deleted().len())).collect();
        // Fewer are all that there are, or all that are near enough to be asked for.
        let last = hits.last().filter(|_| hits.len() >= k);
        let limit = last.map_or(f64::INFINITY, |last| last.distance);
        Self { parts, hits, limit }
    }

    /// As much of it as is good for these parts.
    pub(crate) fn of<'a>(&self, parts: impl Iterator<Item = &'a Part>) -> Known {
        // In an older snapshot fewer rows are deleted, and one of them may be among the nearest.
        let place = |part: &Part| {
            let same = |(content, deleted): &(Content, u64)| {
                *content == part.content() && *deleted <= part.deleted().len()
            };
            self.parts.iter().position(same)
        };
        let mut known = Known { parts: Vec::new(), hits: Vec::new(), limit: self.limit };
        for (number, part) in (0_u32..).zip(parts) {
            let place = place(part).and_then(|place| u32::try_from(place).ok());
            known.parts.push(place.is_some());
            let hits = self.hits.iter().filter(|hit| Some(hit.part) == place);
            let hits = hits.filter(|hit| !part.deleted().contains(hit.row));
            known.hits.extend(hits.map(|hit| Hit { part: number, ..*hit }));
        }
        known
    }
}

impl Known {
    /// The `k` nearest of these and of `others`, which are the nearest of all other parts. `None` where rows that are not
    /// known may be nearer.
    pub(crate) fn with(self, others: Vec<Hit>, k: usize) -> Option<Vec<Hit>> {
        let mut hits = self.hits;
        hits.extend(others);
        hits.sort_unstable();
        hits.truncate(k);
        let last = hits.last().filter(|_| hits.len() >= k);
        let farthest = last.map_or(f64::INFINITY, |last| last.distance);
        (farthest <= self.limit).then_some(hits)
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct NearestCache {
    answers: Cache<NearestQuestion, Arc<Nearest>>,
    counts: Counts,
}

impl Default for NearestCache {
    fn default() -> Self {
        let weight = |question: &NearestQuestion, answer: &Arc<Nearest>| {
            let Nearest { parts, hits, .. } = answer.as_ref();
            let lists = size_of_val(question.query.as_ref()) + size_of_val(&**parts) + size_of_val(&**hits);
            let predicate = question.predicate.as_ref().map_or(0, |_| PREDICATE);
            let bytes = size_of::<NearestQuestion>() + size_of::<Nearest>() + lists + predicate;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder().max_capacity(BYTES).weigher(weight);
        let answers = answers.eviction_policy(EvictionPolicy::lru()).build();
        Self { answers, counts: Counts::default() }
    }
}

impl NearestCache {
    pub(crate) fn ask(&self, question: &NearestQuestion) -> Option<Arc<Nearest>> {
        self.counts.count(self.answers.get(question))
    }

    pub(crate) fn keep(&self, question: NearestQuestion, answer: Nearest) {
        self.answers.insert(question, Arc::new(answer));
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.counts.with(Some(self.answers.entry_count()), Some(self.answers.weighted_size()))
    }
}
