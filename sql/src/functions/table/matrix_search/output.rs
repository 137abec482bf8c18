//! The ranked answers as columns: ids and rows are fetched corpus by corpus, for all queries of a chunk together.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Int32Array, Int64Array, StringArray};
use muster_engine::Hit;
use muster_engine::playbook::Ranked;

use super::running::Place;
use crate::functions::table::call::Produced;
use crate::functions::table::vector_search::{fetch, objects};
use crate::search::SearchedTable;
use crate::{Error, Result};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Output {
    owners: Vec<u32>,
    ranks: Vec<i32>,
    answers: Vec<Ranked<Place>>,
}

impl Output {
    /// The answers of one query, best first.
    pub(super) fn add(&mut self, owner: u32, answers: Vec<Ranked<Place>>) {
        self.owners.resize(self.owners.len() + answers.len(), owner);
        self.ranks.extend((1..).take(answers.len()));
        self.answers.extend(answers);
    }

    /// The function's columns; the corpora by their names.
    pub(super) fn finish(self, corpora: &[(&str, &Arc<SearchedTable>)], metadata: bool) -> Result<Produced> {
        let length = self.answers.len();
        let (mut ids, mut objects_of) = (vec![String::new(); length], vec![String::new(); length]);
        for (number, (_, table)) in corpora.iter().enumerate() {
            let of_corpus = self.answers.iter().enumerate().filter(|(_, one)| one.answer.0 == number);
            let (places, hits): (Vec<usize>, Vec<Hit>) = of_corpus
                .map(|(place, Ranked { answer: (_, part, row), distance, .. })| {
                    (place, Hit { part: *part, row: *row, distance: *distance })
                })
                .unzip();
            if places.is_empty() {
                continue;
            }
            let (keys, rows) = fetch(table, &hits, metadata)?;
            let keys = keys.as_string_opt::<i32>().ok_or_else(|| Error::internal("ids are no texts"))?;
            put(&mut ids, &places, keys.iter().map(|id| id.unwrap_or_default().to_string()));
            if let Some(rows) = rows {
                put(&mut objects_of, &places, objects(&rows)?.into_iter());
            }
        }
        let float = |of: fn(&Ranked<Place>) -> f64| -> ArrayRef {
            Arc::new(Float32Array::from_iter_values(self.answers.iter().map(|one| of(one) as f32)))
        };
        let corpus = |one: &Ranked<Place>| corpora.get(one.answer.0).map_or("", |(name, _)| *name);
        let bases = self.answers.iter().map(|one| one.base_distance.map(|base| base as f32));
        let metadata: ArrayRef = match metadata {
            true => Arc::new(StringArray::from_iter_values(objects_of)),
            false => Arc::new(StringArray::new_null(length)),
        };
        let sources = self.answers.iter().map(|one| one.source.name());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.ranks)),
            Arc::new(StringArray::from_iter_values(ids)),
            Arc::new(StringArray::from_iter_values(self.answers.iter().map(corpus))),
            float(|one| one.distance),
            Arc::new(bases.collect::<Float32Array>()),
            float(|one| one.boost),
            Arc::new(StringArray::from_iter_values(sources)),
            Arc::new(self.answers.iter().map(|one| one.playbook).collect::<Int64Array>()),
            metadata,
        ];
        debug_assert!(columns.iter().all(|column| column.len() == length));
        Ok(Produced { owners: self.owners, columns })
    }
}

/// Puts texts where they belong.
fn put(into: &mut [String], places: &[usize], texts: impl Iterator<Item = String>) {
    for (place, text) in places.iter().zip(texts) {
        if let Some(slot) = into.get_mut(*place) {
            *slot = text;
        }
    }
}
