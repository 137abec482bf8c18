//! The execution node: for each row of its input a search, the input's columns beside its results.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_arrays};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, create_physical_expr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::{StreamExt, TryStreamExt, stream};
use muster_storage::TableDefinition;

use super::corpus::Corpus;
use super::metadata;
use super::node::VectorSearch;
use super::request::Request;
use super::search::Searcher;
use super::{NAME, PARAMETERS};
use crate::catalog::relation::shown;
use crate::session::StatementContext;
use crate::{Error, column, embedding};

/// Input rows that are searched for between two looks at whether the statement was cancelled.
const ROWS_AT_ONCE: usize = 16;

/// Makes the execution node of a [`VectorSearch`].
#[derive(Debug, Default)]
pub(crate) struct VectorSearchPlanner;

#[async_trait]
impl ExtensionPlanner for VectorSearchPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn datafusion::catalog::Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(search) = node.as_any().downcast_ref::<VectorSearch>() else { return Ok(None) };
        let Some(input) = physical_inputs.first() else {
            return Err(DataFusionError::Internal(format!("{NAME} has one input")));
        };
        let arguments = search
            .arguments()
            .iter()
            .map(|argument| {
                argument
                    .as_ref()
                    .map(|argument| {
                        create_physical_expr(
                            argument,
                            search.input().schema(),
                            session.execution_props(),
                            context,
                        )
                    })
                    .transpose()
            })
            .collect::<Result<Vec<_>>>()?;
        let work = Work {
            definition: search.definition.clone(),
            arguments,
            outer: search.outer,
            metadata: search.metadata,
            schema: search.schema_arrow(),
        };
        Ok(Some(Arc::new(VectorSearchExec::new(work, input.clone()))))
    }
}

/// What a search does, apart from its input.
#[derive(Clone, Debug)]
struct Work {
    definition: Arc<TableDefinition>,
    arguments: Vec<Option<Arc<dyn PhysicalExpr>>>,
    outer: bool,
    metadata: bool,
    schema: SchemaRef,
}

/// See the module.
#[derive(Debug)]
struct VectorSearchExec {
    work: Work,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl VectorSearchExec {
    fn new(work: Work, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(work.schema.clone()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { work, input, properties, metrics: ExecutionPlanMetricsSet::new() }
    }
}

/// The model that a plan's node embeds texts with, if it searches for texts.
pub(crate) fn searches_text_of(node: &dyn ExecutionPlan) -> Option<&str> {
    let node: &dyn std::any::Any = node;
    let search = node.downcast_ref::<VectorSearchExec>()?;
    let query = search.work.arguments.first()?.as_ref()?;
    if !query.data_type(&search.input.schema()).is_ok_and(|query| query.is_string()) {
        return None;
    }
    let column = Corpus::of(&search.work.definition).ok()?.vector_column;
    embedding::model_of_column(&search.work.definition, column)
}

impl DisplayAs for VectorSearchExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VectorSearch: corpus={}", shown(&self.work.definition.name))?;
        for (parameter, argument) in PARAMETERS.iter().skip(1).zip(&self.work.arguments) {
            if let Some(argument) = argument {
                write!(f, ", {}={argument}", parameter.name)?;
            }
        }
        match self.work.definition.indexes.iter().find(|index| {
            self.work
                .definition
                .schema
                .fields()
                .get(index.column)
                .is_some_and(|field| column::is_vector(field))
        }) {
            Some(index) => write!(f, ", index={}", index.name),
            None => write!(f, ", index=none"),
        }
    }
}

impl ExecutionPlan for VectorSearchExec {
    fn name(&self) -> &str {
        "VectorSearch"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for argument in self.work.arguments.iter().flatten() {
            if f(argument)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(input) = children.into_iter().next() else {
            return Err(DataFusionError::Internal(format!("{NAME} has one input")));
        };
        Ok(Arc::new(Self::new(self.work.clone(), input)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let statement = StatementContext::of(&context)?;
        let counters = Counters::new(&self.metrics, partition);
        let searcher = Searcher::open(&self.work.definition, statement)?;
        let task = Task { searcher, work: self.work.clone(), counters };
        let input = self.input.execute(0, context)?;
        let chunks = input
            .map_ok(|batch| stream::iter(chunks(&batch).into_iter().map(Ok::<_, DataFusionError>)))
            .try_flatten();
        let batches = stream::try_unfold((task, Box::pin(chunks)), |(mut task, mut chunks)| async move {
            match chunks.next().await {
                None => Ok(None),
                Some(chunk) => {
                    let batch = task.run(&chunk?)?;
                    // Between chunks others may run, and a statement that was cancelled ends.
                    tokio::task::yield_now().await;
                    Ok(Some((batch, (task, chunks))))
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.work.schema.clone(), batches)))
    }
}

fn chunks(batch: &RecordBatch) -> Vec<RecordBatch> {
    (0..batch.num_rows())
        .step_by(ROWS_AT_ONCE)
        .map(|first| batch.slice(first, ROWS_AT_ONCE.min(batch.num_rows() - first)))
        .collect()
}

/// What EXPLAIN ANALYZE shows.
struct Counters {
    searches: Count,
    graph: Count,
    visited: Count,
    filtered_out: Count,
    reranked: Count,
    rows: Count,
}

impl Counters {
    fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let counter = |name: &'static str| MetricBuilder::new(metrics).counter(name, partition);
        Self {
            searches: counter("searches"),
            graph: counter("graph_searches"),
            visited: counter("rows_visited"),
            filtered_out: counter("rows_filtered_out"),
            reranked: counter("rows_reranked"),
            rows: MetricBuilder::new(metrics).output_rows(partition),
        }
    }

    fn add(&self, stats: &muster_engine::SearchStats, rows: usize) {
        let count = |counter: &Count, value: u64| counter.add(usize::try_from(value).unwrap_or(usize::MAX));
        self.searches.add(1);
        if stats.strategy != muster_engine::Strategy::Exact {
            self.graph.add(1);
        }
        count(&self.visited, stats.visited);
        count(&self.filtered_out, stats.filtered_out);
        count(&self.reranked, stats.reranked);
        self.rows.add(rows);
    }
}

struct Task {
    searcher: Searcher,
    work: Work,
    counters: Counters,
}

impl Task {
    /// Searches for each row of `input`.
    fn run(&mut self, input: &RecordBatch) -> Result<RecordBatch> {
        let arguments = self
            .work
            .arguments
            .iter()
            .map(|argument| {
                argument
                    .as_ref()
                    .map(|argument| argument.evaluate(input)?.into_array(input.num_rows()))
                    .transpose()
            })
            .collect::<Result<Vec<Option<ArrayRef>>>>()?;
        self.searcher.embed_ahead(arguments.first().and_then(Option::as_ref))?;
        let mut batches = Vec::with_capacity(input.num_rows());
        for row in 0..input.num_rows() {
            let Some(request) = Request::of(&arguments, row)? else {
                if self.work.outer {
                    batches.push(self.unmatched(input, row)?);
                }
                continue;
            };
            let found = self.searcher.search(&request)?;
            self.counters.add(&found.stats, found.hits.len());
            if found.hits.is_empty() {
                if self.work.outer {
                    batches.push(self.unmatched(input, row)?);
                }
                continue;
            }
            batches.push(self.matched(input, row, &found.hits)?);
        }
        Ok(concat_batches(&self.work.schema, &batches)?)
    }

    fn matched(&self, input: &RecordBatch, row: usize, hits: &[muster_engine::Hit]) -> Result<RecordBatch> {
        let (ids, rows) = self.searcher.fetch(hits, self.work.metadata).map_err(DataFusionError::from)?;
        let metadata = match &rows {
            Some(rows) => {
                StringArray::from_iter_values(metadata::objects(rows).map_err(DataFusionError::from)?)
            }
            None => StringArray::new_null(hits.len()),
        };
        let corpus = shown(&self.work.definition.name);
        let own: [ArrayRef; 4] = [
            ids,
            Arc::new(Float32Array::from_iter_values(hits.iter().map(|hit| hit.distance))),
            Arc::new(StringArray::from_iter_values(hits.iter().map(|_| &corpus))),
            Arc::new(metadata),
        ];
        self.beside(input, row, hits.len(), own)
    }

    /// The row of an outer search that found nothing.
    fn unmatched(&self, input: &RecordBatch, row: usize) -> Result<RecordBatch> {
        let own: [ArrayRef; 4] = [
            Arc::new(StringArray::new_null(1)),
            Arc::new(Float32Array::new_null(1)),
            Arc::new(StringArray::new_null(1)),
            Arc::new(StringArray::new_null(1)),
        ];
        self.beside(input, row, 1, own)
    }

    fn beside(
        &self,
        input: &RecordBatch,
        row: usize,
        rows: usize,
        own: [ArrayRef; 4],
    ) -> Result<RecordBatch> {
        let row = u32::try_from(row).map_err(|_| Error::unsupported("a batch of so many rows"))?;
        let repeated = take_arrays(input.columns(), &UInt32Array::from(vec![row; rows]), None)?;
        Ok(RecordBatch::try_new(self.work.schema.clone(), repeated.into_iter().chain(own).collect())?)
    }
}
