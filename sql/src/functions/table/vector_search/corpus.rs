//! What makes a table searchable: a primary key of one column and a vector column.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::planner::ContextProvider;
use muster_engine::Metric;
use muster_storage::{IndexDefinition, KeyConstraint, TableDefinition};

use crate::catalog::StoredTable;
use crate::catalog::relation::plain;
use crate::index::{metric_of, vector_indexes};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// A table's searchable side.
pub(crate) struct Corpus<'a> {
    pub(crate) definition: &'a TableDefinition,
    pub(crate) key: &'a KeyConstraint,
    /// Position of the key's one column.
    pub(crate) key_column: usize,
    /// Position of the vector column.
    pub(crate) vector_column: usize,
    pub(crate) dimensions: usize,
    pub(crate) index: Option<&'a IndexDefinition>,
    pub(crate) metric: Metric,
}

impl<'a> Corpus<'a> {
    /// # Errors
    /// 42809 for a table without a primary key of one column or without a vector column.
    pub(crate) fn of(definition: &'a TableDefinition) -> Result<Self> {
        let no_corpus = |why: &str| {
            Error::new(
                SqlState::WrongObjectType,
                format!("table \"{}\" is no corpus: {why}", plain(&definition.name)),
            )
        };
        let key = definition.keys.iter().find(|key| key.primary);
        let (key, key_column) = match key.map(|key| (key, key.columns.as_slice())) {
            Some((key, [column])) => (key, *column),
            Some(_) => return Err(no_corpus("its primary key has several columns")),
            None => return Err(no_corpus("it has no primary key")),
        };
        // Of several vector columns the indexed one is meant, else the first.
        let vectors: Vec<usize> = definition
            .schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| column::dimensions(field).is_some())
            .map(|(position, _)| position)
            .collect();
        let index_of = |column: usize| vector_indexes(definition).find(|index| index.column == column);
        let vector_column = vectors
            .iter()
            .copied()
            .find(|column| index_of(*column).is_some())
            .or_else(|| vectors.first().copied())
            .ok_or_else(|| no_corpus("it has no vector column"))?;
        let dimensions = definition
            .schema
            .fields()
            .get(vector_column)
            .and_then(|field| column::dimensions(field))
            .ok_or_else(|| no_corpus("it has no vector column"))?;
        let index = index_of(vector_column);
        let metric = index.map_or(Ok(Metric::Cosine), metric_of)?;
        Ok(Self { definition, key, key_column, vector_column, dimensions, index, metric })
    }
}

/// The table of that name, as a statement may write it: `workers` or `public.workers`.
pub(in crate::functions::table) fn resolve(
    name: &str,
    names: &dyn ContextProvider,
) -> Result<Arc<TableDefinition>> {
    let reference = TableReference::parse_str(name);
    let source = names
        .get_table_source(reference.clone())
        .or_else(|_| names.get_table_source(TableReference::bare(name)))
        .map_err(|_| Error::undefined_table(name).with_hint("A corpus is a table with a vector column."))?;
    let provider = source_as_provider(&source)?;
    let any: &dyn std::any::Any = provider.as_ref();
    match any.downcast_ref::<StoredTable>() {
        Some(table) => Ok(table.definition().clone()),
        None => Err(Error::new(
            SqlState::WrongObjectType,
            format!("\"{name}\" is no corpus: it is a system table"),
        )),
    }
}
