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
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, create_physical_expr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use muster_embedders::Embedders;
use muster_storage::TableDefinition;

use super::corpus::Corpus;
use super::metadata;
use super::node::VectorSearch;
use super::request::Request;
use super::search::{Searcher, fetch};
use super::{NAME, PARAMETERS};
use crate::catalog::relation::shown;
use crate::search::{Batches, Counters, ForChunk, Found, SearchedTable, by_chunks};
use crate::session::StatementContext;
use crate::{Error, column, embedding};

/// The places of arguments, counted after the corpus.
const QUERY: usize = 0;
const FILTER: usize = 2;

/// Rows after which a batch is given.
const ROWS_OF_A_BATCH: usize = 8192;

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
pub(in crate::functions::table) struct VectorSearchExec {
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

/// Whether a plan's node is a search that may wait for an embedder: of texts, or with a filter that may embed some.
pub(crate) fn search_may_wait(node: &dyn ExecutionPlan, embedders: &Embedders) -> bool {
    let node: &dyn std::any::Any = node;
    let Some(VectorSearchExec { work, input, .. }) = node.downcast_ref() else { return false };
    let argument = |place: usize| work.arguments.get(place).and_then(Option::as_ref);
    let of_text = argument(QUERY)
        .is_some_and(|query| query.data_type(&input.schema()).is_ok_and(|query| query.is_string()));
    argument(FILTER).is_some_and(filter_may_wait) || of_text && texts_wait(&work.definition, embedders)
}

/// Whether a filter may embed texts. It is planned when the search runs.
pub(in crate::functions::table) fn filter_may_wait(filter: &Arc<dyn PhysicalExpr>) -> bool {
    let filter: &dyn std::any::Any = filter.as_ref();
    let text = filter.downcast_ref::<Literal>().map(|literal| literal.value().to_string());
    text.is_none_or(|text| text.to_ascii_lowercase().contains("embed"))
}

/// Whether a text that a corpus is searched with waits for the corpus's embedder.
pub(in crate::functions::table) fn texts_wait(definition: &TableDefinition, embedders: &Embedders) -> bool {
    let waits = || {
        let column = Corpus::of(definition).ok()?.vector_column;
        let model = embedding::model_of_column(definition, column)?;
        Some(embedders.get(model).is_ok_and(|embedder| embedder.waits()))
    };
    waits().unwrap_or(false)
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
        Ok(by_chunks(self.input.execute(0, context)?, self.work.schema.clone(), task))
    }
}

struct Task {
    searcher: Searcher,
    work: Work,
    counters: Counters,
}

impl ForChunk for Task {
    /// Searches for each row of `input`.
    fn run(&mut self, input: &RecordBatch) -> Result<Batches> {
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
        let mut requests = Vec::with_capacity(input.num_rows());
        let mut rows = Vec::with_capacity(input.num_rows());
        for row in 0..input.num_rows() {
            let request = Request::of(&arguments, row)?;
            rows.push((row, request.is_some()));
            requests.extend(request);
        }
        let mut found = self.searcher.search(&requests)?.into_iter();
        let evaluated = std::mem::take(self.searcher.usage.evaluated.get_mut());
        self.counters.evaluated(evaluated);
        let rows: Vec<(usize, Found)> = rows
            .into_iter()
            .map(|(row, asked)| {
                let found = if asked { found.next().unwrap_or_default() } else { Found::default() };
                if asked {
                    self.counters.add(&found, found.hits.len());
                }
                (row, found)
            })
            .collect();
        let (table, work) = (self.searcher.table.clone(), self.work.clone());
        Ok(Box::new(Output { table, work, input: input.clone(), rows: rows.into_iter() }))
    }
}

/// The rows of a chunk that was searched for, fetched as they are asked for.
struct Output {
    table: Arc<SearchedTable>,
    work: Work,
    input: RecordBatch,
    rows: std::vec::IntoIter<(usize, Found)>,
}

impl Iterator for Output {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batches = Vec::new();
        let mut length = 0;
        while length < ROWS_OF_A_BATCH
            && let Some((row, found)) = self.rows.next()
        {
            let made = match found.hits.is_empty() {
                false => self.matched(row, &found.hits),
                true if self.work.outer => self.unmatched(row),
                true => continue,
            };
            match made {
                Ok(batch) => {
                    length += batch.num_rows();
                    batches.push(batch);
                }
                Err(error) => return Some(Err(error)),
            }
        }
        (!batches.is_empty()).then(|| Ok(concat_batches(&self.work.schema, &batches)?))
    }
}

impl Output {
    fn matched(&self, row: usize, hits: &[muster_engine::Hit]) -> Result<RecordBatch> {
        let (ids, rows) = fetch(&self.table, hits, self.work.metadata).map_err(DataFusionError::from)?;
        let metadata = match &rows {
            Some(rows) => {
                StringArray::from_iter_values(metadata::objects(rows).map_err(DataFusionError::from)?)
            }
            None => StringArray::new_null(hits.len()),
        };
        let corpus = shown(&self.work.definition.name);
        let own: [ArrayRef; 4] = [
            ids,
            Arc::new(Float32Array::from_iter_values(hits.iter().map(|hit| hit.distance as f32))),
            Arc::new(StringArray::from_iter_values(hits.iter().map(|_| &corpus))),
            Arc::new(metadata),
        ];
        self.beside(row, hits.len(), own)
    }

    /// The row of an outer search that found nothing.
    fn unmatched(&self, row: usize) -> Result<RecordBatch> {
        let own: [ArrayRef; 4] = [
            Arc::new(StringArray::new_null(1)),
            Arc::new(Float32Array::new_null(1)),
            Arc::new(StringArray::new_null(1)),
            Arc::new(StringArray::new_null(1)),
        ];
        self.beside(row, 1, own)
    }

    fn beside(&self, row: usize, rows: usize, own: [ArrayRef; 4]) -> Result<RecordBatch> {
        let row = u32::try_from(row).map_err(|_| Error::unsupported("a batch of so many rows"))?;
        let repeated = take_arrays(self.input.columns(), &UInt32Array::from(vec![row; rows]), None)?;
        Ok(RecordBatch::try_new(self.work.schema.clone(), repeated.into_iter().chain(own).collect())?)
    }
}
