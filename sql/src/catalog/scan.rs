//! Reads a table's rows out of the statement's snapshot, batch by batch.
//!
//! It holds no rows and no snapshot, so that a plan outlives the data it was made for. Deleted
//! rows are left out here.

use std::fmt;
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::stream;
use muster_storage::{Part, TableDefinition};

use crate::Error;
use crate::catalog::relation::shown;
use crate::session::StatementContext;

/// Rows of one batch.
const BATCH_ROWS: usize = 8192;

/// See the module.
#[derive(Debug)]
pub(crate) struct Scan {
    definition: Arc<TableDefinition>,
    projection: Vec<usize>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl Scan {
    pub(crate) fn try_new(
        definition: Arc<TableDefinition>,
        projection: Vec<usize>,
        partitions: usize,
    ) -> Result<Self> {
        let schema = Arc::new(definition.schema.project(&projection)?);
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(partitions.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Ok(Self { definition, projection, schema, properties })
    }
}

impl DisplayAs for Scan {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "Scan: table={}, columns=[{}]", shown(&self.definition.name), columns.join(", "))
    }
}

impl ExecutionPlan for Scan {
    fn name(&self) -> &str {
        "Scan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let statement = StatementContext::of(&context)?;
        let table = statement
            .snapshot
            .table(&self.definition.name)
            .filter(|table| table.definition().id == self.definition.id)
            .cloned()
            .ok_or_else(|| DataFusionError::from(Error::undefined_table(&self.definition.name)))?;
        let partitions = self.properties.output_partitioning().partition_count();
        // Batch n of the table belongs to partition n modulo the number of partitions.
        let mut places = Vec::new();
        for part in table.parts() {
            for first in (0..part.rows()).step_by(BATCH_ROWS) {
                places.push((part.clone(), first));
            }
        }
        let mine = places.into_iter().skip(partition).step_by(partitions);
        let (projection, schema) = (self.projection.clone(), self.schema.clone());
        let output = schema.clone();
        let batches = mine.map(move |(part, first)| read(&part, first, &projection, &schema));
        Ok(Box::pin(RecordBatchStreamAdapter::new(output, stream::iter(batches))))
    }
}

/// The live rows of a part from `first` on, at most one batch.
fn read(part: &Part, first: usize, projection: &[usize], schema: &SchemaRef) -> Result<RecordBatch> {
    let length = BATCH_ROWS.min(part.rows().saturating_sub(first));
    let all = if projection.is_empty() {
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options)?
    } else {
        let columns = part.columns(projection).map_err(Error::from)?;
        columns.slice(first, length).with_schema(schema.clone())?
    };
    if part.deleted().is_empty() {
        return Ok(all);
    }
    let live: BooleanArray = (first..first + length)
        .map(|row| u32::try_from(row).map(|row| !part.deleted().contains(row)).ok())
        .collect();
    Ok(filter_record_batch(&all, &live)?)
}
