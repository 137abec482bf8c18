//! Reads a table's rows out of the statement's snapshot, batch by batch.
//!
//! It holds no rows and no snapshot, so that a plan outlives the data it was made for. Deleted
//! rows are left out here. Where a key answers the filters, it reads the rows of that key alone.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
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

    /// How many rows an index may find: as many as the first column's values have on average, if that is known.
    fn found_by(&self, lookup: &Lookup) -> Precision<usize> {
        let mut columns = self.statistics.iter().flat_map(|statistics| &statistics.column_statistics);
        let column = lookup.by().columns().first().and_then(|first| columns.nth(*first));
        let distinct = column.and_then(|column| column.distinct_count.get_value());
        let rows = self.statistics.as_ref().and_then(|statistics| statistics.num_rows.get_value());
        match (rows, distinct) {
            (Some(rows), Some(distinct)) => {
                let found = rows.saturating_mul(lookup.keys()).div_ceil((*distinct).max(1));
                Precision::Inexact(found.min(*rows))
            }
            _ => Precision::Absent,
        }
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

    /// The values that are stored, as `read` gives the columns at these positions; `None` where there are none.
    fn stored(
        &self,
        read: impl FnOnce(&[usize]) -> muster_storage::Result<RecordBatch>,
    ) -> Result<Option<RecordBatch>> {
        let wanted: Vec<usize> =
            self.projection.iter().copied().filter(|column| *column != self.row_id).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        Ok(Some(read(&wanted).map_err(Error::from)?))
    }
}

impl DisplayAs for Scan {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.columns.schema.fields();
        let columns: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        write!(f, "Scan: table={}, columns=[{}]", shown(&self.definition.name), columns.join(", "))?;
        match &self.lookup {
            Some(lookup) => write!(f, ", {}", lookup.by()),
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
                let rows = lookup.most().map_or_else(|| self.found_by(lookup), Precision::Inexact);
                Statistics::new_unknown(&self.columns.schema).with_num_rows(rows)
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
        let counts = statement.database.tally.tables.of(&statement.snapshot, self.definition.id);
        let found = self.lookup.as_ref().map(|lookup| lookup.find(&table)).transpose()?.flatten();
        if let Some(found) = found {
            let found = if partition == 0 { found } else { Vec::new() };
            if let Some(lookup) = self.lookup.as_ref().filter(|_| partition == 0) {
                counts.looked_up(lookup.by().name(), found.len());
            }
            let batches = rows_of(&table, found, columns);
            return Ok(Box::pin(RecordBatchStreamAdapter::new(output, stream::iter(batches))));
        }
        if partition == 0 {
            counts.scan();
        }
        let partitions = self.properties.output_partitioning().partition_count();
        // Batch n of the table belongs to partition n modulo the number of partitions.
        let mut places = Vec::new();
        for (number, part) in table.parts().enumerate() {
            for first in (0..part.rows()).step_by(BATCH_ROWS) {
                places.push((number, part.clone(), first));
            }
        }
        let mine = places.into_iter().skip(partition).step_by(partitions);
        // The columns of one part at a time, for they may not stay in the cache.
        let mut held: Option<(usize, Option<RecordBatch>)> = None;
        let batches = mine.map(move |(number, part, first)| {
            let stored = match &held {
                Some((of, stored)) if *of == number => stored.clone(),
                _ => held.insert((number, columns.stored(|wanted| part.columns(wanted))?)).1.clone(),
            };
            live_rows(&part, first, &columns, stored).inspect(|rows| counts.scanned(rows.num_rows()))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(output, stream::iter(batches))))
    }
}

/// The rows at these places, which are in their order: each batch is of one part.
pub(crate) fn rows_of(
    table: &Table,
    places: Vec<(usize, u32)>,
    columns: Columns,
) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
    let mut parts = table.parts().enumerate();
    let mut batches = Vec::new();
    for of_part in places.chunk_by(|(left, _), (right, _)| left == right) {
        let wanted = of_part.first().map(|(number, _)| *number);
        let Some((_, part)) = parts.find(|(number, _)| Some(*number) == wanted) else { continue };
        for batch in of_part.chunks(BATCH_ROWS) {
            let positions: Vec<u32> = batch.iter().map(|(_, position)| *position).collect();
            batches.push((part.clone(), positions));
        }
    }
    batches.into_iter().map(move |(part, positions)| {
        let ids = positions.iter().map(|position| part.row_id(*position)).collect();
        let stored = columns.stored(|wanted| part.rows_at(wanted, &positions))?;
        read(&columns, ids, stored)
    })
}

/// The live rows of a part from `first` on, at most one batch.
fn live_rows(
    part: &Part,
    first: usize,
    columns: &Columns,
    stored: Option<RecordBatch>,
) -> Result<RecordBatch> {
    let length = BATCH_ROWS.min(part.rows().saturating_sub(first));
    let positions = || (first..first + length).map_while(|row| u32::try_from(row).ok());
    let ids = positions().map(|position| part.row_id(position)).collect();
    let all = read(columns, ids, stored.map(|stored| stored.slice(first, length)))?;
    if part.deleted().is_empty() {
        return Ok(narrow(all)?);
    }
    let live: BooleanArray = positions().map(|position| Some(!part.deleted().contains(position))).collect();
    Ok(filter_record_batch(&all, &live)?)
}

/// Rows with these ids and stored values.
fn read(columns: &Columns, ids: Vec<u64>, stored: Option<RecordBatch>) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(ids.len()));
    let ids: ArrayRef = Arc::new(UInt64Array::from(ids));
    let mut stored = stored.iter().flat_map(|batch| batch.columns());
    let arrays = columns.projection.iter().map(|column| {
        if *column == columns.row_id {
            return Ok(ids.clone());
        }
        stored.next().cloned().ok_or_else(|| DataFusionError::Internal("a column is gone".into()))
    });
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new_with_options(columns.schema.clone(), arrays, &options)?)
}
