//! Runs requests against the statement's snapshot: bitmaps, the engine's search, the rows found.
//!
//! One [`Searcher`] serves all rows of a statement, so that a filter is compiled and evaluated once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, FixedSizeListArray, RecordBatch, StringArray,
    UInt32Array,
};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::Schema;
use muster_engine::{Graph, Hit, Purpose, SearchOptions, SearchStats, Vectors};
use muster_storage::{Part, Table, TableDefinition};
use roaring::RoaringBitmap;

use super::corpus::Corpus;
use super::filter::Filter;
use super::metadata;
use super::request::{Query, Request};
use crate::catalog::relation::plain;
use crate::embedding::scope;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::vector;
use crate::{Error, Result, column, embedding};

/// A part of the corpus, opened.
struct Opened {
    part: Part,
    vectors: FixedSizeListArray,
    graph: Option<Arc<Graph>>,
}

/// See the module.
pub(super) struct Searcher {
    statement: Arc<StatementContext>,
    table: Arc<Table>,
    parts: Vec<Opened>,
    /// Bitmaps of the filters seen so far, by their text, one a part.
    filters: HashMap<String, Arc<Vec<RoaringBitmap>>>,
}

/// What one request found.
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
    pub(super) stats: SearchStats,
}

impl Searcher {
    /// Opens the corpus in the statement's snapshot.
    pub(super) fn open(definition: &TableDefinition, statement: Arc<StatementContext>) -> Result<Self> {
        let table = statement
            .snapshot
            .table(&definition.name)
            .filter(|table| table.definition().id == definition.id)
            .cloned()
            .ok_or_else(|| Error::undefined_table(&definition.name))?;
        let corpus = Corpus::of(table.definition())?;
        let mut parts = Vec::new();
        for part in table.parts() {
            let graph = match corpus.index {
                Some(index) => statement.database.indexes.graph(&table, part, index),
                None => None,
            };
            parts.push(Opened { part: part.clone(), vectors: part.vectors(corpus.vector_column)?, graph });
        }
        Ok(Self { statement, table, parts, filters: HashMap::new() })
    }

    /// The nearest rows, nearest first.
    pub(super) fn search(&mut self, request: &Request) -> Result<Found> {
        let allowed = self.allowed(request)?;
        let corpus = Corpus::of(self.table.definition())?;
        let query = self.query_vector(&request.query, &corpus)?;
        let mut parts = Vec::with_capacity(self.parts.len());
        for (opened, allowed) in self.parts.iter().zip(&allowed) {
            parts.push(muster_engine::Part {
                vectors: Vectors::from_array(&opened.vectors)?,
                allowed: allowed.as_ref(),
                graph: opened.graph.as_deref(),
            });
        }
        let options = SearchOptions {
            metric: corpus.metric,
            k: request.k,
            ef: request.ef.unwrap_or(self.statement.settings.ef_search),
            exact: request.exact,
        };
        let (hits, stats) = muster_engine::search(&parts, &query, &options)?;
        Ok(Found { hits, stats })
    }

    fn query_vector(&self, query: &Query, corpus: &Corpus<'_>) -> Result<Vec<f32>> {
        match query {
            Query::Vector(numbers) if numbers.len() == corpus.dimensions => Ok(numbers.clone()),
            Query::Vector(numbers) => Err(vector::dimensions_differ(corpus.dimensions, numbers.len())),
            Query::Text(text) => {
                let embedded = self.embed(&[Some(text)], corpus)?;
                let vectors = Vectors::from_array(&embedded)?;
                vectors.get(0).map(<[f32]>::to_vec).ok_or_else(|| Error::internal("a text has no vector"))
            }
        }
    }

    /// Embeds texts that are to be searched with, by the column's own embedder.
    fn embed(&self, texts: &[Option<&str>], corpus: &Corpus<'_>) -> Result<FixedSizeListArray> {
        let name = &corpus.definition.name;
        let field = corpus.definition.schema.field(corpus.vector_column);
        let embedder =
            embedding::check(&self.statement.database.embedders, name, field)?.ok_or_else(|| {
                Error::new(
                    SqlState::InvalidParameterValue,
                    format!(
                        "the vector column of \"{}\" has no embedder, so it cannot be searched with a text",
                        plain(name)
                    ),
                )
                .with_hint("Search with a vector, as in '[1,2,3]'::vector.")
            })?;
        scope::embed(embedder.as_ref(), Purpose::Query, texts)
    }

    /// Embeds the texts of several rows at once, where that is cheaper than one by one: then they are in the cache.
    pub(super) fn embed_ahead(&self, queries: Option<&ArrayRef>) -> Result<()> {
        let corpus = Corpus::of(self.table.definition())?;
        let embedders = &self.statement.database.embedders;
        let waits = embedding::model_of_column(corpus.definition, corpus.vector_column)
            .is_some_and(|model| embedders.get(model).is_ok_and(|embedder| embedder.waits()));
        let Some(queries) = queries.filter(|queries| waits && queries.len() > 1) else { return Ok(()) };
        if let Some(texts) = queries.as_string_opt::<i32>() {
            let texts: Vec<Option<&str>> = texts.iter().collect();
            self.embed(&texts, &corpus)?;
        }
        Ok(())
    }

    /// The rows of each part that may come back; `None` where all may.
    fn allowed(&mut self, request: &Request) -> Result<Vec<Option<RoaringBitmap>>> {
        let filter = request.filter.as_deref().map(|sql| self.filter(sql)).transpose()?;
        let mut excluded = self.excluded(&request.exclude)?;
        Ok(self
            .parts
            .iter()
            .enumerate()
            .map(|(position, opened)| {
                let deleted = opened.part.deleted();
                let filter = filter.as_ref().and_then(|filter| filter.get(position));
                let excluded = excluded.remove(&position);
                if deleted.is_empty() && filter.is_none() && excluded.is_none() {
                    return None;
                }
                let mut allowed = filter.cloned().unwrap_or_else(|| {
                    let mut all = RoaringBitmap::new();
                    all.insert_range(0..u32::try_from(opened.part.rows()).unwrap_or(u32::MAX));
                    all
                });
                allowed -= deleted;
                if let Some(excluded) = excluded {
                    allowed -= excluded;
                }
                Some(allowed)
            })
            .collect())
    }

    fn filter(&mut self, sql: &str) -> Result<Arc<Vec<RoaringBitmap>>> {
        if let Some(known) = self.filters.get(sql) {
            return Ok(known.clone());
        }
        let filter = Filter::compile(sql, self.table.definition(), &self.statement)?;
        let bitmaps =
            self.parts.iter().map(|opened| filter.matches(&opened.part)).collect::<Result<Vec<_>>>()?;
        let bitmaps = Arc::new(bitmaps);
        self.filters.insert(sql.to_string(), bitmaps.clone());
        Ok(bitmaps)
    }

    /// The rows that `ids` name, by part. An id that is not there excludes nothing.
    fn excluded(&self, ids: &[String]) -> Result<HashMap<usize, RoaringBitmap>> {
        let mut excluded: HashMap<usize, RoaringBitmap> = HashMap::new();
        if ids.is_empty() {
            return Ok(excluded);
        }
        let corpus = Corpus::of(self.table.definition())?;
        let schema = &self.table.definition().schema;
        let key_schema =
            Arc::new(Schema::new(vec![schema.field(corpus.key_column).clone().with_nullable(true)]));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        // What is no value of the key's type is no row's id: the cast makes it NULL.
        let keys = match schema.field(corpus.key_column) {
            field if column::is_uuid(field) => uuids(ids)?,
            field => arrow::compute::cast(&texts, field.data_type())?,
        };
        let keys = RecordBatch::try_new(key_schema, vec![keys])?;
        for row in (0..keys.num_rows()).filter(|row| !keys.column(0).is_null(*row)) {
            if let Some((part, position)) = self.table.find(&corpus.key.name, &keys.slice(row, 1))? {
                excluded.entry(part).or_default().insert(position);
            }
        }
        Ok(excluded)
    }

    /// The ids of the rows found, and their rows where `with_rows`.
    pub(super) fn fetch(&self, hits: &[Hit], with_rows: bool) -> Result<(ArrayRef, Option<RecordBatch>)> {
        let corpus = Corpus::of(self.table.definition())?;
        let schema = &self.table.definition().schema;
        let projection: Vec<usize> = if with_rows {
            (0..schema.fields().len())
                .filter(|position| !column::is_vector(schema.field(*position)))
                .collect()
        } else {
            vec![corpus.key_column]
        };
        let output = Arc::new(schema.project(&projection)?);
        // Rows are taken part by part, then brought back into the order of the hits.
        let mut pieces = Vec::new();
        let mut order = vec![0_u32; hits.len()];
        let mut taken = 0_u32;
        for (position, opened) in self.parts.iter().enumerate() {
            let mut rows = Vec::new();
            for (hit, place) in hits.iter().zip(&mut order) {
                if usize::try_from(hit.part).is_ok_and(|part| part == position) {
                    rows.push(hit.row);
                    *place = taken;
                    taken += 1;
                }
            }
            if !rows.is_empty() {
                let columns = opened.part.columns(&projection)?;
                pieces.push(
                    take_record_batch(&columns, &UInt32Array::from(rows))?.with_schema(output.clone())?,
                );
            }
        }
        let together = concat_batches(&output, &pieces)?;
        let rows = take_record_batch(&together, &UInt32Array::from(order))?;
        let key = projection.iter().position(|column| *column == corpus.key_column).unwrap_or(0);
        let ids = metadata::texts(schema.field(corpus.key_column), rows.column(key))?;
        Ok((ids, with_rows.then_some(rows)))
    }
}

/// Ids as uuids; NULL for what is none.
fn uuids(ids: &[String]) -> Result<ArrayRef> {
    let mut keys = FixedSizeBinaryBuilder::with_capacity(ids.len(), 16);
    for id in ids {
        match crate::functions::scalar::parse_uuid(id) {
            Some(bytes) => keys.append_value(bytes)?,
            None => keys.append_null(),
        }
    }
    Ok(Arc::new(keys.finish()))
}
