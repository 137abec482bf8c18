//! A table of storage, as DataFusion plans it. It is the definition alone: rows come from the
//! statement's snapshot when the scan runs.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use muster_storage::TableDefinition;

use super::Scan;

/// See the module.
#[derive(Debug)]
pub(crate) struct StoredTable {
    definition: Arc<TableDefinition>,
}

impl StoredTable {
    pub(crate) fn new(definition: Arc<TableDefinition>) -> Self {
        Self { definition }
    }

    pub(crate) fn definition(&self) -> &Arc<TableDefinition> {
        &self.definition
    }
}

#[async_trait]
impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        self.definition.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection =
            projection.cloned().unwrap_or_else(|| (0..self.definition.schema.fields().len()).collect());
        let partitions = state.config().target_partitions();
        Ok(Arc::new(Scan::try_new(self.definition.clone(), projection, partitions)?))
    }
}
