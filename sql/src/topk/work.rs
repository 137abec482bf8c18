//! What a search does, apart from its input: from rows of the input to the places of the rows found.
//!
//! The predicate is evaluated once for a statement; a [late](super::late) one, once for each combination of values.
//! Invariant: rows come nearest first by the distance that the function gives, not by the graph's.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Float32Type, Int64Type, SchemaRef};
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;
use muster_engine::{Hit, Metric, QueryDistance, SearchOptions, Vectors};
use muster_storage::{IndexDefinition, TableDefinition};

use super::late::Late;
use crate::search::{Asked, Bitmaps, Counters, Found, Predicate, SearchedTable, Usage, allowed, both};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::vector::{self, VectorKind};
use crate::{Error, column};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) definition: Arc<TableDefinition>,
    /// Position of the vector column.
    pub(super) column: usize,
    pub(super) metric: Metric,
    pub(super) index: Option<IndexDefinition>,
    /// What is searched for, over the input.
    pub(super) query: Arc<dyn PhysicalExpr>,
    pub(super) predicate: Option<Predicate>,
    pub(super) late: Option<Late>,
    /// The predicates, as EXPLAIN shows them.
    pub(super) filter: Option<String>,
    pub(super) fetch: Option<Arc<dyn PhysicalExpr>>,
    pub(super) skip: Option<Arc<dyn PhysicalExpr>>,
    pub(super) ties: bool,
    pub(super) outer: bool,
    /// Positions of the table's columns that are given, and these columns.
    pub(super) wanted: Vec<usize>,
    pub(super) rows: SchemaRef,
    /// The columns of the result.
    pub(super) schema: SchemaRef,
}

/// A row found: part, row, and its distance if it has one.
pub(super) type Place = (u32, u32, Option<f64>);

/// A statement's search.
pub(super) struct Searcher {
    pub(super) work: Arc<Work>,
    pub(super) table: Arc<SearchedTable>,
    statement: Arc<StatementContext>,
    /// The rows allowed by the predicate that does not refer to the input; made when first needed.
    allowed: Option<Arc<Bitmaps>>,
    /// The rows that may come, whatever the predicates say.
    members: Option<Bitmaps>,
    /// The rows allowed by both, by what the late one has become.
    late: HashMap<Expr, Arc<Bitmaps>>,
    usage: Usage,
}

impl Searcher {
    pub(super) fn open(work: Arc<Work>, statement: Arc<StatementContext>) -> Result<Self> {
        let table = SearchedTable::open(&work.definition, work.column, work.index.as_ref(), &statement)?;
        Ok(Self {
            work,
            table: Arc::new(table),
            statement,
            allowed: None,
            members: None,
            late: HashMap::new(),
            usage: Usage::default(),
        })
    }

    /// Lets the rows with these ids come alone.
    pub(super) fn restrict(&mut self, ids: Vec<u64>) {
        self.members = Some(self.table.with_ids(ids));
    }

    /// For each row of the input the places of its rows, nearest first.
    pub(super) fn search(&mut self, input: &RecordBatch, counters: &Counters) -> Result<Vec<Vec<Place>>> {
        let work = self.work.clone();
        let queries = vectors(&work.query.evaluate(input)?.into_array(input.num_rows())?)?;
        let fetch = work.fetch.as_ref().map(|fetch| count(fetch, input)).transpose()?.flatten();
        let skip = work.skip.as_ref().map(|skip| count(skip, input)).transpose()?.flatten().unwrap_or(0);
        let all = self.table.parts().map(|part| part.live_rows()).sum::<usize>();
        let k = fetch.map_or(all, |fetch| fetch.saturating_add(skip).min(all));
        if k == 0 {
            return Ok(vec![Vec::new(); input.num_rows()]);
        }
        let bitmaps =
            (0..input.num_rows()).map(|row| self.allowed(input, row)).collect::<Result<Vec<_>>>()?;
        counters.evaluated(std::mem::take(self.usage.evaluated.get_mut()));
        let parts = self.table.vectors()?;
        let settings = &self.statement.settings;
        let options = SearchOptions {
            metric: work.metric,
            k,
            ef: settings.ef_search,
            exact: settings.exact || k >= all,
        };
        let mut asked = Vec::new();
        for (query, allowed) in queries.iter().zip(&bitmaps) {
            if let Some(query) = query.as_deref().filter(|query| work.has_distance(query)) {
                self.check_dimensions(query)?;
                asked.push(Asked { query, options, allowed, within: f64::INFINITY });
            }
        }
        let mut found = self.table.search(&asked, work.ties)?.into_iter();
        let mut places = Vec::with_capacity(queries.len());
        for (query, allowed) in queries.iter().zip(&bitmaps) {
            let query = query.as_deref();
            let found = match query.filter(|query| work.has_distance(query)) {
                Some(_) => found.next().unwrap_or_default(),
                // No row is nearer than another.
                None => Found { hits: self.table.first(&parts, allowed, k), ..Found::default() },
            };
            let mut rows = work.places(&found, query, &parts);
            // All rows are those without a distance, too.
            if (work.index.is_none() || fetch.is_none()) && rows.len() < k {
                rows.extend(
                    self.table
                        .beyond(&found.hits, &parts, allowed, k)
                        .into_iter()
                        .map(|(part, row, has_vector)| (part, row, has_vector.then_some(f64::NAN))),
                );
            }
            rows.drain(..skip.min(rows.len()));
            counters.add(&found, rows.len());
            places.push(rows);
        }
        Ok(places)
    }

    fn check_dimensions(&self, query: &[f32]) -> Result<()> {
        let field = self.work.definition.schema.field(self.work.column);
        let dimensions = column::dimensions(field).unwrap_or_default();
        if dimensions == query.len() || self.table.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            SqlState::DataException,
            format!("different vector dimensions {dimensions} and {}", query.len()),
        )
        .into())
    }

    fn allowed(&mut self, input: &RecordBatch, row: usize) -> Result<Arc<Bitmaps>> {
        let kept = &self.statement.database.bitmaps;
        let constant = match &self.allowed {
            Some(allowed) => allowed.clone(),
            None => {
                let made = allowed(&self.table, self.work.predicate.as_ref(), kept, &self.usage)?;
                let made = match &self.members {
                    Some(members) => both(made, members),
                    None => made,
                };
                self.allowed.insert(Arc::new(made)).clone()
            }
        };
        let Some(late) = &self.work.late else { return Ok(constant) };
        let expression = late.at(input, row)?;
        if let Some(known) = self.late.get(&expression) {
            return Ok(known.clone());
        }
        let predicate = late.compiled(expression.clone(), &self.work.definition)?;
        let of_row = allowed(&self.table, Some(&predicate), kept, &self.usage)?;
        let both = Arc::new(both(of_row, &constant));
        if self.late.len() >= MOST_COMBINATIONS {
            self.late.clear();
        }
        self.late.insert(expression, both.clone());
        Ok(both)
    }
}

/// Combinations of the input's values whose bitmaps a statement keeps.
const MOST_COMBINATIONS: usize = 256;

impl Work {
    /// Whether any row can be nearer to it than another: nothing is at an angle to the zero vector.
    fn has_distance(&self, query: &[f32]) -> bool {
        self.metric != Metric::Cosine || query.iter().any(|number| *number != 0.0)
    }

    /// The hits in the order of the distances that the function gives.
    fn places(&self, found: &Found, query: Option<&[f32]>, parts: &[Vectors<'_>]) -> Vec<Place> {
        let mut widened = Vec::new();
        let query = query.map(|query| QueryDistance::new(self.metric, query));
        // The function widens a row of half precision first, and its sums may end in other digits.
        let mut distance = |hit: &Hit| {
            let query = query?;
            let values = parts.get(usize::try_from(hit.part).ok()?).filter(|part| part.is_half());
            let values = values.and_then(|part| part.get(usize::try_from(hit.row).ok()?));
            Some(values.map_or(hit.distance, |values| query.to_f64(values.widen(&mut widened))))
        };
        let mut places: Vec<Place> =
            found.hits.iter().map(|hit| (hit.part, hit.row, distance(hit))).collect();
        places.sort_by(|(_, _, one), (_, _, other)| {
            // NULL comes last, as NaN before it.
            let key = |distance: &Option<f64>| distance.map_or((1, 0.0), |distance| (0, distance));
            let ((one_null, one), (other_null, other)) = (key(one), key(other));
            one_null.cmp(&other_null).then(one.total_cmp(&other))
        });
        places
    }
}

/// A count of rows: the same for all rows of the input. `None` is NULL.
fn count(expression: &Arc<dyn PhysicalExpr>, input: &RecordBatch) -> Result<Option<usize>> {
    let value = expression.evaluate(&input.slice(0, 1))?.into_array(1)?;
    let value = arrow::compute::cast(&value, &DataType::Int64)?;
    let value = value.as_primitive::<Int64Type>();
    if value.is_null(0) {
        return Ok(None);
    }
    let count = usize::try_from(value.value(0));
    let negative =
        |_| Error::new(SqlState::InvalidRowCountInLimitClause, "LIMIT and OFFSET must not be negative");
    Ok(Some(count.map_err(negative)?))
}

/// The vectors of an expression's values, however it gives them.
fn vectors(values: &ArrayRef) -> Result<Vec<Option<Vec<f32>>>> {
    if matches!(values.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        let texts = arrow::compute::cast(values, &DataType::Utf8)?;
        let parsed = texts.as_string::<i32>().iter().map(|text| {
            let mut out = Vec::new();
            Ok(match text {
                None => None,
                Some(text) => vector::parse(VectorKind::Vector, text, &mut out).map(|()| Some(out))?,
            })
        });
        return parsed.collect();
    }
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let lists = arrow::compute::cast(values, &DataType::List(item))?;
    let lists = lists.as_list::<i32>().iter();
    Ok(lists.map(|list| list.map(|list| list.as_primitive::<Float32Type>().values().to_vec())).collect())
}
