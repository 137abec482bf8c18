//! Runs requests against the statement's snapshot: bitmaps, the engine's search, the rows found.
//!
//! One [`Searcher`] serves all rows of a statement, so that a filter is compiled and evaluated once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, FixedSizeBinaryBuilder, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use muster_engine::{Hit, Purpose, SearchOptions, Vectors};
use muster_storage::TableDefinition;
use roaring::RoaringBitmap;

use super::corpus::Corpus;
use super::request::{Query, Request};
use super::{filter, metadata};
use crate::cache::NearestQuestion;
use crate::catalog::relation::plain;
use crate::embedding::scope;
use crate::search::{self, Asked, Bitmaps, Found, PredicateKey, SearchedTable, Usage};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::vector;
use crate::{Error, Result, column, embedding};

/// Excluded rows that are dropped from what was found; more become a filter.
const MOST_DROPPED: u64 = 32;

/// See the module.
pub(in crate::functions::table) struct Searcher {
    statement: Arc<StatementContext>,
    pub(in crate::functions::table) table: Arc<SearchedTable>,
    /// The rows that the filters seen so far allow, by their text; those without one among them.
    filters: HashMap<Option<String>, Arc<Allowed>>,
    /// What texts are embedded as.
    purpose: Purpose,
    pub(in crate::functions::table) usage: Usage,
}

/// The rows that a filter allows.
struct Allowed {
    rows: Bitmaps,
    /// Whether the same filter allows the same rows in other statements.
    lasting: bool,
    /// What the filter is known by there; `None` where all rows are allowed.
    predicate: Option<Arc<PredicateKey>>,
}

/// What a request may find.
pub(in crate::functions::table) struct Admitted {
    allowed: Arc<Allowed>,
    /// Rows that are allowed and yet left out, by the number of their part.
    dropped: HashMap<u32, RoaringBitmap>,
}

impl Admitted {
    /// Whether this row may be found.
    pub(in crate::functions::table) fn contains(&self, part: u32, row: u32) -> bool {
        let allowed = usize::try_from(part).ok().and_then(|part| self.allowed.rows.get(part));
        allowed.is_some_and(|rows| rows.as_ref().is_none_or(|rows| rows.contains(row)))
            && !self.drops(part, row)
    }

    fn drops(&self, part: u32, row: u32) -> bool {
        self.dropped.get(&part).is_some_and(|rows| rows.contains(row))
    }

    /// How many rows have to be found, so that `k` remain.
    fn wanted(&self, k: usize) -> usize {
        let dropped = self.dropped.values().map(RoaringBitmap::len).sum::<u64>();
        k.saturating_add(usize::try_from(dropped).unwrap_or(usize::MAX))
    }
}

impl Searcher {
    /// Opens the corpus in the statement's snapshot.
    pub(in crate::functions::table) fn open(
        definition: &TableDefinition,
        statement: Arc<StatementContext>,
    ) -> Result<Self> {
        let now = statement.snapshot.table(&definition.name).map(|table| table.definition().clone());
        let now = now.ok_or_else(|| Error::undefined_table(&definition.name))?;
        let corpus = Corpus::of(&now)?;
        let table = SearchedTable::open(definition, corpus.vector_column, corpus.index, &statement)?;
        let table = Arc::new(table);
        let (filters, usage) = (HashMap::new(), Usage::default());
        Ok(Self { statement, table, filters, purpose: Purpose::Query, usage })
    }

    /// The same for texts that are compared with their like: queries with queries.
    pub(in crate::functions::table) fn among_documents(self) -> Self {
        Self { purpose: Purpose::Document, ..self }
    }

    /// The nearest rows of each request, nearest first. Texts are embedded together, and the searches run on all cores.
    pub(in crate::functions::table) fn search(&mut self, requests: &[Request]) -> Result<Vec<Found>> {
        let admitted = requests.iter().map(|request| self.admitted(request)).collect::<Result<Vec<_>>>()?;
        let definition = self.table.table().definition();
        let corpus = Corpus::of(definition)?;
        let queries = self.query_vectors(requests, &corpus)?;
        let StatementContext { settings, database, draft, .. } = self.statement.as_ref();
        let asked = requests.iter().zip(&queries).zip(&admitted).map(|((request, query), admitted)| Asked {
            query,
            options: SearchOptions {
                metric: corpus.metric,
                k: admitted.wanted(request.k),
                ef: request.ef.unwrap_or(settings.ef_search),
                exact: request.exact || settings.exact,
            },
            allowed: &admitted.allowed.rows,
            within: request.within,
        });
        let asked: Vec<Asked<'_>> = asked.collect();
        let mut found = match (asked.as_slice(), admitted.as_slice()) {
            ([asked], [Admitted { allowed, .. }]) if allowed.lasting && settings.result_cache && !draft => {
                let (column, predicate) = (corpus.vector_column, allowed.predicate.clone());
                let question = NearestQuestion::new(definition, column, asked, predicate);
                vec![self.table.search_again(asked, question, &database.caches.nearest)?]
            }
            _ => self.table.search(&asked, false)?,
        };
        for ((found, admitted), request) in found.iter_mut().zip(&admitted).zip(requests) {
            found.hits.retain(|hit| !admitted.drops(hit.part, hit.row));
            found.hits.truncate(request.k);
        }
        Ok(found)
    }

    /// The nearest of these rows alone, whatever the request's filter says.
    pub(in crate::functions::table) fn search_among(
        &self,
        request: &Request,
        rows: &Bitmaps,
    ) -> Result<Found> {
        let corpus = Corpus::of(self.table.table().definition())?;
        let queries = self.query_vectors(std::slice::from_ref(request), &corpus)?;
        let Some(query) = queries.first() else { return Ok(Found::default()) };
        let ef = request.ef.unwrap_or(self.statement.settings.ef_search);
        let options = SearchOptions { metric: corpus.metric, k: request.k, ef, exact: request.exact };
        let found =
            self.table.search(&[Asked { query, options, allowed: rows, within: request.within }], false)?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    fn query_vectors<'a>(&self, requests: &'a [Request], corpus: &Corpus<'_>) -> Result<Vec<Cow<'a, [f32]>>> {
        let texts: Vec<Option<&str>> = requests
            .iter()
            .filter_map(|request| match &request.query {
                Query::Text(text) => Some(Some(text.as_str())),
                Query::Vector(_) => None,
            })
            .collect();
        let mut embedded = self.embed(&texts, corpus)?.into_iter();
        requests
            .iter()
            .map(|request| match &request.query {
                Query::Vector(numbers) if numbers.len() == corpus.dimensions => {
                    Ok(Cow::Borrowed(numbers.as_slice()))
                }
                Query::Vector(numbers) => Err(vector::dimensions_differ(corpus.dimensions, numbers.len())),
                Query::Text(_) => Ok(Cow::Owned(embedded.next().unwrap_or_default())),
            })
            .collect()
    }

    /// The vectors of these texts, in their order.
    fn embed(&self, texts: &[Option<&str>], corpus: &Corpus<'_>) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
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
        let embedded = scope::embed(embedder.as_ref(), self.purpose, texts)?;
        let vectors = Vectors::from_array(&embedded)?;
        if vectors.dimensions() != corpus.dimensions {
            return Err(vector::dimensions_differ(corpus.dimensions, vectors.dimensions()));
        }
        let vector = |row| vectors.get(row).ok_or_else(|| Error::internal("a text has no vector"));
        (0..vectors.len()).map(|row| Ok(vector(row)?.to_vec())).collect()
    }

    /// What a request may find. A few rows that it excludes are searched for all the same, and left out of what was found:
    /// that costs less than a filter.
    pub(in crate::functions::table) fn admitted(&mut self, request: &Request) -> Result<Admitted> {
        let filtered = self.filtered(request.filter.as_ref())?;
        let excluded = self.excluded(&request.exclude)?;
        if excluded.values().map(RoaringBitmap::len).sum::<u64>() <= MOST_DROPPED {
            return Ok(Admitted { allowed: filtered, dropped: excluded });
        }
        let mut rows: Bitmaps = filtered.rows.clone();
        for ((number, part), bitmap) in (0_u32..).zip(self.table.parts()).zip(&mut rows) {
            let Some(excluded) = excluded.get(&number) else { continue };
            let allowed = match bitmap {
                Some(allowed) => allowed.as_ref() - excluded,
                None => {
                    let mut all = RoaringBitmap::new();
                    all.insert_range(0..u32::try_from(part.rows()).unwrap_or(u32::MAX));
                    all - excluded
                }
            };
            *bitmap = Some(Arc::new(allowed));
        }
        let allowed = Arc::new(Allowed { rows, lasting: false, predicate: None });
        Ok(Admitted { allowed, dropped: HashMap::new() })
    }

    fn filtered(&mut self, filter: Option<&String>) -> Result<Arc<Allowed>> {
        if let Some(known) = self.filters.get(&filter.cloned()) {
            return Ok(known.clone());
        }
        let kept = &self.statement.database.bitmaps;
        let definition = self.table.table().definition();
        let predicate = filter
            .map(|sql| kept.compiled(definition, sql, || filter::compile(sql, definition, &self.statement)))
            .transpose()?;
        let rows = search::allowed(&self.table, predicate.as_deref(), kept, &self.usage)?;
        let lasting = predicate.as_ref().is_none_or(|predicate| predicate.key().is_some());
        let predicate = predicate.and_then(|predicate| predicate.key().cloned());
        let allowed = Arc::new(Allowed { rows, lasting, predicate });
        self.filters.insert(filter.cloned(), allowed.clone());
        Ok(allowed)
    }

    /// The rows that `ids` name, by the number of their part. An id that is not there excludes nothing.
    fn excluded(&self, ids: &[String]) -> Result<HashMap<u32, RoaringBitmap>> {
        let mut excluded: HashMap<u32, RoaringBitmap> = HashMap::new();
        for (part, position) in self.places(ids)?.into_iter().flatten() {
            let part = u32::try_from(part).map_err(|_| Error::unsupported("a table of so many parts"))?;
            excluded.entry(part).or_default().insert(position);
        }
        Ok(excluded)
    }

    /// Where the rows with these ids are: the number of the part, and the position there.
    pub(in crate::functions::table) fn places(&self, ids: &[String]) -> Result<Vec<Option<(usize, u32)>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let table = self.table.table();
        let corpus = Corpus::of(table.definition())?;
        let schema = &table.definition().schema;
        let key_schema =
            Arc::new(Schema::new(vec![schema.field(corpus.key_column).clone().with_nullable(true)]));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        // What is no value of the key's type is no row's id: the cast makes it NULL.
        let keys = match schema.field(corpus.key_column) {
            field if column::is_uuid(field) => uuids(ids)?,
            field => arrow::compute::cast(&texts, field.data_type())?,
        };
        let keys = RecordBatch::try_new(key_schema, vec![keys])?;
        let place = |row: usize| match keys.column(0).is_null(row) {
            true => Ok(None),
            false => Ok(table.find(&corpus.key.name, &keys.slice(row, 1))?),
        };
        (0..keys.num_rows()).map(place).collect()
    }
}

/// The ids of the rows found, and their rows where `with_rows`.
pub(in crate::functions::table) fn fetch(
    table: &SearchedTable,
    hits: &[Hit],
    with_rows: bool,
) -> Result<(ArrayRef, Option<RecordBatch>)> {
    let definition = table.table().definition();
    let corpus = Corpus::of(definition)?;
    let schema = &definition.schema;
    let projection: Vec<usize> = if with_rows {
        (0..schema.fields().len()).filter(|position| !column::is_vector(schema.field(*position))).collect()
    } else {
        vec![corpus.key_column]
    };
    let output = Arc::new(schema.project(&projection)?);
    let places = hits.iter().map(|hit| (hit.part, hit.row));
    let rows = table.rows(places, &projection, &output)?;
    let key = projection.iter().position(|column| *column == corpus.key_column).unwrap_or(0);
    let ids = metadata::texts(schema.field(corpus.key_column), rows.column(key))?;
    Ok((ids, with_rows.then_some(rows)))
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
