//! Reads a table's rows out of the statement's snapshot, batch by batch.
//!
//! It holds no rows and no snapshot, so that a plan outlives the data it was made for. Deleted
//! rows are left out here. Where a key answers the filters, it reads the rows of that key alone.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt32Array, UInt64Array};
use arrow::compute::{filter_record_batch, take};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::stream;
use muster_storage::{Part, Table, TableDefinition};

use super::lookup::Lookup;
use super::narrow::narrow;
use crate::Error;
use crate::catalog::relation::shown;
use crate::session::StatementContext;

/// Rows of one batch.
const BATCH_ROWS: usize = 8192;

/// See the module.
#[derive(Debug)]
pub(crate) struct Scan {
    definition: Arc<TableDefinition>,
    columns: Columns,
    lookup: Option<Lookup>,
    /// About all columns of the table.
    statistics: Option<Arc<Statistics>>,
    properties: Arc<PlanProperties>,
}

/// What is read of each row.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    projection: Vec<usize>,
    /// The position that stands for the row id: the one after the table's last column.
    row_id: usize,
    schema: SchemaRef,
}

impl Scan {
    /// `schema` is that of the columns in `projection`; the position after the table's last column is the row id.
    pub(crate) fn new(
        definition: Arc<TableDefinition>,
        projection: Vec<usize>,
        schema: SchemaRef,
        lookup: Option<Lookup>,
        partitions: usize,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(partitions.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        let columns = Columns::new(&definition, projection, schema);
        Self { definition, columns, lookup, statistics: None, properties }
    }

    /// The same with what is known of the table's rows.
    pub(crate) fn with_statistics(self, statistics: Option<Arc<Statistics>>) -> Self {
        Self { statistics, ..self }
    }

    /// What is known of the columns that are read.
    fn known(&self) -> Statistics {
        let mut known = Statistics::new_unknown(&self.columns.schema);
        let Some(statistics) = &self.statistics else { return known };
        known.num_rows = statistics.num_rows;
        for (column, position) in known.column_statistics.iter_mut().zip(&self.columns.projection) {
            if let Some(of_table) = statistics.column_statistics.get(*position) {
                *column = of_table.clone();
            }
        }
        known
    }
}

impl Columns {
    /// As [`Scan::new`] has them.
    pub(crate) fn new(definition: &TableDefinition, projection: Vec<usize>, schema: SchemaRef) -> Self {
        Self { projection, row_id: definition.schema.fields().len(), schema }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl DisplayAs for Scan {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.columns.schema.fields();
        let columns: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        write!(f, "Scan: table={}, columns=[{}]", shown(&self.definition.name), columns.join(", "))?;
        match &self.lookup {
            Some(lookup) => write!(f, ", key={}", lookup.name()),
            None => Ok(()),
        }
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

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        _args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        // No exact number: the plan may be older than the rows.
        Ok(Arc::new(match &self.lookup {
            Some(lookup) => {
                Statistics::new_unknown(&self.columns.schema).with_num_rows(Precision::Inexact(lookup.most()))
            }
            None => self.known(),
        }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let statement = StatementContext::of(&context)?;
        let table = statement
            .snapshot
            .table(&self.definition.name)
            .filter(|table| table.definition().id == self.definition.id)
            .cloned()
            .ok_or_else(|| DataFusionError::from(Error::undefined_table(&self.definition.name)))?;
        let columns = self.columns.clone();
        let output = columns.schema.clone();
        let found = self.lookup.as_ref().map(|lookup| lookup.find(&table)).transpose()?.flatten();
        if let Some(found) = found {
            let batches = if partition == 0 { rows_of(&table, &found, &columns) } else { Vec::new() };
            return Ok(Box::pin(RecordBatchStreamAdapter::new(output, stream::iter(batches))));
        }
        let partitions = self.properties.output_partitioning().partition_count();
        // Batch n of the table belongs to partition n modulo the number of partitions.
        let mut places = Vec::new();
        for part in table.parts() {
            for first in (0..part.rows()).step_by(BATCH_ROWS) {
                places.push((part.clone(), first));
            }
        }
        let mine = places.into_iter().skip(partition).step_by(partitions);
        let batches = mine.map(move |(part, first)| live_rows(&part, first, &columns));
        Ok(Box::pin(RecordBatchStreamAdapter::new(output, stream::iter(batches))))
    }
}

/// The rows at these places, sorted by part: a batch a part.
pub(crate) fn rows_of(table: &Table, places: &[(usize, u32)], columns: &Columns) -> Vec<Result<RecordBatch>> {
    let mut batches = Vec::new();
    for (number, part) in table.parts().enumerate() {
        let of_part = places.iter().filter(|(place, _)| *place == number);
        let positions: UInt32Array = of_part.map(|(_, position)| *position).collect();
        if !positions.is_empty() {
            let ids = positions.values().iter().map(|position| part.row_id(*position)).collect();
            batches.push(read(part, columns, ids, |column| take(column, &positions, None)));
        }
    }
    batches
}

/// The live rows of a part from `first` on, at most one batch.
fn live_rows(part: &Part, first: usize, columns: &Columns) -> Result<RecordBatch> {
    let length = BATCH_ROWS.min(part.rows().saturating_sub(first));
    let positions = || (first..first + length).map_while(|row| u32::try_from(row).ok());
    let ids = positions().map(|position| part.row_id(position)).collect();
    let all = read(part, columns, ids, |column| Ok(column.slice(first, length)))?;
    if part.deleted().is_empty() {
        return Ok(narrow(all)?);
    }
    let live: BooleanArray = positions().map(|position| Some(!part.deleted().contains(position))).collect();
    Ok(filter_record_batch(&all, &live)?)
}

/// The rows of a part with these ids; `pick` takes their values out of a column of the part.
fn read(
    part: &Part,
    columns: &Columns,
    ids: Vec<u64>,
    pick: impl Fn(&ArrayRef) -> Result<ArrayRef, ArrowError>,
) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(ids.len()));
    let ids: ArrayRef = Arc::new(UInt64Array::from(ids));
    let of_table: Vec<usize> =
        columns.projection.iter().copied().filter(|column| *column != columns.row_id).collect();
    let stored = if of_table.is_empty() { None } else { Some(part.columns(&of_table).map_err(Error::from)?) };
    let mut stored = stored.iter().flat_map(|batch| batch.columns());
    let arrays = columns.projection.iter().map(|column| {
        if *column == columns.row_id {
            return Ok(ids.clone());
        }
        let column = stored.next().ok_or_else(|| DataFusionError::Internal("a column is gone".into()))?;
        Ok(pick(column)?)
    });
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new_with_options(columns.schema.clone(), arrays, &options)?)
}
