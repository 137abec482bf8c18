//! A table of storage, as DataFusion plans it. It is the definition alone: rows come from the
//! statement's snapshot when the scan runs.
//!
//! The target of a statement that changes rows has one column more, the row id, which no statement can
//! name. Invariant: the rows are those of the snapshot, however they are found.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Constraint, Constraints, Statistics};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use muster_storage::TableDefinition;

use super::Scan;
use super::lookup::Lookup;

/// The name of the column of row ids. No client can write it: the protocol ends texts at a NUL.
pub(crate) const ROW_ID: &str = "\0row id";

/// See the module.
#[derive(Debug)]
pub(crate) struct StoredTable {
    definition: Arc<TableDefinition>,
    schema: SchemaRef,
    constraints: Constraints,
    /// What the optimizer is told of the rows: about the definition's columns, as of planning.
    statistics: Option<Arc<Statistics>>,
}

impl StoredTable {
    pub(crate) fn new(definition: Arc<TableDefinition>) -> Self {
        let schema = definition.schema.clone();
        Self { constraints: Constraints::default(), definition, schema, statistics: None }
    }

    /// The same, which tells its primary key.
    pub(crate) fn with_keys(self) -> Self {
        Self { constraints: constraints(&self.definition), ..self }
    }

    /// The same, which tells no key.
    pub(crate) fn without_keys(&self) -> Self {
        Self {
            definition: self.definition.clone(),
            schema: self.schema.clone(),
            constraints: Constraints::default(),
            statistics: self.statistics.clone(),
        }
    }

    /// The same, of whose rows the optimizer knows something.
    pub(crate) fn with_statistics(self, statistics: Statistics) -> Self {
        Self { statistics: Some(Arc::new(statistics)), ..self }
    }

    /// The same with the row ids as its last column, [`ROW_ID`].
    pub(crate) fn with_row_ids(definition: Arc<TableDefinition>) -> Self {
        let mut fields: Vec<_> = definition.schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(ROW_ID, DataType::UInt64, false)));
        let schema = Arc::new(Schema::new(fields));
        Self { constraints: Constraints::default(), definition, schema, statistics: None }
    }

    /// Whether a scan with these filters reads a few rows by their keys. An index may find any number of rows.
    ///
    /// # Errors
    /// What is wrong with a constant in them.
    pub(crate) fn looks_up(&self, filters: &[Expr]) -> Result<bool> {
        Ok(Lookup::of(&self.definition, filters)?.is_some_and(|lookup| lookup.most().is_some()))
    }

    pub(crate) fn definition(&self) -> &Arc<TableDefinition> {
        &self.definition
    }
}

/// The primary key. Other keys may have nulls, of which there may be many.
fn constraints(definition: &TableDefinition) -> Constraints {
    let primary = definition.keys.iter().filter(|key| key.primary);
    Constraints::new_unverified(primary.map(|key| Constraint::PrimaryKey(key.columns.clone())).collect())
}

#[async_trait]
impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// What depends on the primary key need not be in GROUP BY.
    fn constraints(&self) -> Option<&Constraints> {
        Some(&self.constraints)
    }

    /// A filter that a key or an index may answer is looked at by the scan, and stays where it is.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| {
            if Lookup::understands(&self.definition, filter) {
                TableProviderFilterPushDown::Inexact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&projection)?);
        let lookup = Lookup::of(&self.definition, filters)?;
        let partitions = if lookup.is_some() { 1 } else { state.config().target_partitions() };
        let scan = Scan::new(self.definition.clone(), projection, schema, lookup, partitions);
        Ok(Arc::new(scan.with_statistics(self.statistics.clone())))
    }
}
