//! A table in the statement's snapshot, opened for searches by one vector column.
//!
//! Many vectors are searched for at a time, on all cores. Invariant: what is found does not depend on how many are
//! asked for together.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{FixedSizeListArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use muster_engine::{Graph, Hit, SearchOptions, SearchStats, Strategy, Vectors};
use muster_storage::{IndexDefinition, Part, Table, TableDefinition};
use rayon::prelude::*;
use roaring::RoaringBitmap;

use super::Bitmaps;
use super::kept::lasts;
use crate::cache::{Nearest, NearestCache, NearestQuestion};
use crate::index::Reader;
use crate::session::StatementContext;
use crate::tally::{TableCounts, Tally};
use crate::{Error, Result};

/// See the module.
pub(crate) struct SearchedTable {
    table: Arc<Table>,
    parts: Vec<Opened>,
    tally: Arc<Tally>,
    /// Of the table, and the index whose graphs are searched.
    counts: Arc<TableCounts>,
    index: Option<String>,
}

/// A part, opened.
struct Opened {
    part: Part,
    vectors: FixedSizeListArray,
    graph: Option<Arc<Graph>>,
    /// Where a graph's search reads single rows.
    rows: Option<Reader>,
}

/// What one search asks for.
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a [f32],
    pub(crate) options: SearchOptions,
    pub(crate) allowed: &'a Bitmaps,
    /// The greatest distance that is of interest.
    pub(crate) within: f64,
}

/// What one search found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) hits: Vec<Hit>,
    pub(crate) stats: SearchStats,
    /// Parts whose nearest rows were known.
    pub(crate) parts_kept: usize,
}

impl SearchedTable {
    /// Opens the table in the statement's snapshot, with the graphs of `index`.
    ///
    /// # Errors
    /// 42P01 where the table is gone; what storage gives.
    pub(crate) fn open(
        definition: &TableDefinition,
        column: usize,
        index: Option<&IndexDefinition>,
        statement: &StatementContext,
    ) -> Result<Self> {
        let table = statement
            .snapshot
            .table(&definition.name)
            .filter(|table| table.definition().id == definition.id)
            .cloned()
            .ok_or_else(|| Error::undefined_table(&definition.name))?;
        let mut parts = Vec::new();
        for part in table.parts() {
            let graph = index.and_then(|index| statement.database.indexes.graph(&table, part, index));
            let vectors = part.vectors(column)?;
            let rows = if graph.is_some() { part.vector_rows(column)?.map(Reader) } else { None };
            parts.push(Opened { part: part.clone(), vectors, graph, rows });
        }
        let tally = statement.database.tally.clone();
        let counts = tally.tables.of(&statement.snapshot, definition.id);
        let index = index.map(|index| index.name.clone());
        Ok(Self { table, parts, tally, counts, index })
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().map(|opened| &opened.part)
    }

    /// Whether there is nothing to be found.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts().all(|part| part.live_rows() == 0)
    }

    /// The nearest rows to each vector, nearest first; with `ties`, those as near as the last of them, too.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) fn search(&self, asked: &[Asked<'_>], ties: bool) -> Result<Vec<Found>> {
        let vectors = self.vectors()?;
        let search =
            |one| if ties { self.search_ties(&vectors, one) } else { self.search_one(&vectors, one) };
        let found = match asked {
            [one] => vec![search(one)?],
            many => many.par_iter().map(search).collect::<Result<_>>()?,
        };
        found.iter().for_each(|found| self.count(found));
        Ok(found)
    }

    fn count(&self, found: &Found) {
        self.tally.searches.add(&found.stats);
        match &self.index {
            Some(index) if found.stats.strategy != Strategy::Exact => {
                self.counts.looked_up(index, found.hits.len());
            }
            _ => self.counts.scan(),
        }
    }

    /// Asks for more rows until the last of them are farther away than the k-th.
    fn search_ties(&self, vectors: &[Vectors<'_>], asked: &Asked<'_>) -> Result<Found> {
        let k = asked.options.k;
        let mut more = k.saturating_add(16);
        loop {
            let options = SearchOptions { k: more, ..asked.options };
            let mut found = self.search_one(vectors, &Asked { options, ..*asked })?;
            let last = k.checked_sub(1).and_then(|last| found.hits.get(last)).map(|hit| hit.distance);
            let farther = last.and_then(|last| found.hits.iter().position(|hit| hit.distance > last));
            match farther {
                Some(end) => {
                    found.hits.truncate(end);
                    return Ok(found);
                }
                None if found.hits.len() < more => return Ok(found),
                None => more = more.saturating_mul(2),
            }
        }
    }

    /// The first allowed rows that have a vector, at most `k`, without a distance.
    pub(crate) fn first(&self, vectors: &[Vectors<'_>], allowed: &Bitmaps, k: usize) -> Vec<Hit> {
        let rows = self.live(allowed).filter(|(part, row)| has_vector(vectors, *part, *row)).take(k);
        rows.map(|(part, row)| Hit { part, row, distance: f64::NAN }).collect()
    }

    /// The allowed rows that no search finds, as many as `hits` lack of `k`: part, row and whether it has a vector; those
    /// that have one come first.
    pub(crate) fn beyond(
        &self,
        hits: &[Hit],
        vectors: &[Vectors<'_>],
        allowed: &Bitmaps,
        k: usize,
    ) -> Vec<(u32, u32, bool)> {
        let found: HashSet<(u32, u32)> = hits.iter().map(|hit| (hit.part, hit.row)).collect();
        let rest = |wanted: bool| {
            self.live(allowed).filter_map(move |(part, row)| {
                let has = has_vector(vectors, part, row);
                (has == wanted).then_some((part, row, has))
            })
        };
        let rest = rest(true).chain(rest(false)).filter(|(part, row, _)| !found.contains(&(*part, *row)));
        rest.take(k.saturating_sub(hits.len())).collect()
    }

    /// The allowed rows, part by part.
    fn live<'a>(&'a self, allowed: &'a Bitmaps) -> impl Iterator<Item = (u32, u32)> + 'a {
        (0_u32..).zip(&self.parts).zip(allowed).flat_map(|((number, opened), allowed)| {
            let rows: Box<dyn Iterator<Item = u32>> = match allowed {
                Some(allowed) => Box::new(allowed.iter()),
                None => Box::new(0..u32::try_from(opened.part.rows()).unwrap_or(u32::MAX)),
            };
            rows.map(move |row| (number, row))
        })
    }

    fn search_one(&self, vectors: &[Vectors<'_>], asked: &Asked<'_>) -> Result<Found> {
        self.search_parts(vectors, asked, |_| true)
    }

    /// Searches those parts that `wanted` says.
    fn search_parts(
        &self,
        vectors: &[Vectors<'_>],
        asked: &Asked<'_>,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Found> {
        let parts = (0_u32..).zip(self.parts.iter().zip(vectors)).enumerate();
        let parts = parts.filter(|(place, _)| wanted(*place)).map(|(place, (number, (opened, vectors)))| {
            let allowed = asked.allowed.get(place).and_then(Option::as_deref);
            (number, muster_engine::Part { vectors: *vectors, allowed, graph: opened.graph.as_deref() })
        });
        let (numbers, parts): (Vec<u32>, Vec<_>) = parts.unzip();
        let (mut hits, stats) =
            muster_engine::search_within(&parts, asked.query, &asked.options, asked.within)?;
        for hit in &mut hits {
            let number = usize::try_from(hit.part).ok().and_then(|place| numbers.get(place));
            hit.part = number.copied().unwrap_or(hit.part);
        }
        Ok(Found { hits, stats, parts_kept: 0 })
    }

    /// The nearest rows to one vector, nearest first. Parts whose nearest rows `cache` has are not searched.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) fn search_again(
        &self,
        asked: &Asked<'_>,
        question: NearestQuestion,
        cache: &NearestCache,
    ) -> Result<Found> {
        let (vectors, k) = (self.vectors()?, asked.options.k);
        let mut renewed = true;
        let mut again = None;
        if let Some(known) = cache.ask(&question) {
            let known = known.of(self.parts());
            let is_known = |place: usize| known.parts.get(place).is_some_and(|known| *known);
            let mut found = self.search_parts(&vectors, asked, |place| !is_known(place))?;
            found.parts_kept = known.parts.iter().filter(|known| **known).count();
            renewed = known.parts.iter().zip(self.parts()).any(|(known, part)| !known && lasts(part));
            let others = std::mem::take(&mut found.hits);
            again = known.with(others, k).map(|hits| Found { hits, ..found });
        }
        let found = match again {
            Some(found) => found,
            None => {
                renewed = true;
                self.search_one(&vectors, asked)?
            }
        };
        self.count(&found);
        if renewed {
            cache.keep(question, Nearest::new(self.parts(), found.hits.clone(), k));
        }
        Ok(found)
    }

    /// The rows with these ids.
    pub(crate) fn with_ids(&self, mut ids: Vec<u64>) -> Bitmaps {
        ids.sort_unstable();
        let of_part = |part: &Part| {
            let last = part.rows().checked_sub(1).and_then(|last| u32::try_from(last).ok());
            let Some(last) = last.map(|last| part.row_id(last)) else { return RoaringBitmap::new() };
            let (start, end) =
                (ids.partition_point(|id| *id < part.first_row_id()), ids.partition_point(|id| *id <= last));
            let ids = ids.get(start..end).unwrap_or_default();
            ids.iter().filter_map(|id| part.position(*id)).collect()
        };
        self.parts().map(|part| Some(Arc::new(of_part(part)))).collect()
    }

    /// The vectors of each part.
    pub(crate) fn vectors(&self) -> Result<Vec<Vectors<'_>>> {
        let vectors = self.parts.iter().map(|opened| {
            let vectors = Vectors::from_array(&opened.vectors)?;
            Ok(match &opened.rows {
                Some(rows) => vectors.with_reader(rows),
                None => vectors,
            })
        });
        vectors.collect()
    }

    /// The rows of these places, in their order: the columns at `projection`, which are those of `schema`.
    ///
    /// # Errors
    /// What storage gives.
    pub(crate) fn rows<'a>(
        &self,
        places: impl Iterator<Item = (u32, u32)> + Clone + 'a,
        projection: &[usize],
        schema: &SchemaRef,
    ) -> Result<RecordBatch> {
        if projection.is_empty() {
            let options = RecordBatchOptions::new().with_row_count(Some(places.count()));
            return Ok(RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options)?);
        }
        // Rows are taken part by part, then brought back into their order.
        let mut order = vec![0_u32; places.clone().count()];
        let mut pieces = Vec::new();
        let mut taken = 0_u32;
        for (number, opened) in (0_u32..).zip(&self.parts) {
            let mut rows = Vec::new();
            for ((part, row), place) in places.clone().zip(&mut order) {
                if part == number {
                    rows.push(row);
                    *place = taken;
                    taken += 1;
                }
            }
            if !rows.is_empty() {
                pieces.push(opened.part.rows_at(projection, &rows)?.with_schema(schema.clone())?);
            }
        }
        match pieces.as_slice() {
            [] => Ok(RecordBatch::new_empty(schema.clone())),
            // All of one part: they have their order.
            [_] => Ok(pieces.swap_remove(0)),
            _ => Ok(take_record_batch(&concat_batches(schema, &pieces)?, &UInt32Array::from(order))?),
        }
    }
}

fn has_vector(vectors: &[Vectors<'_>], part: u32, row: u32) -> bool {
    let part = usize::try_from(part).ok().and_then(|part| vectors.get(part));
    part.zip(usize::try_from(row).ok()).is_some_and(|(vectors, row)| vectors.get(row).is_some())
}
