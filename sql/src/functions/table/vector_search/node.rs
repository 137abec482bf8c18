//! The logical node: a search for each row of its input.
//!
//! A search that stands alone has an input of one row without columns; a LATERAL one has the rows
//! before it. Its columns are the input's, then the search's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::{DFSchema, DFSchemaRef, Result, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use muster_storage::TableDefinition;

use super::{NAME, PARAMETERS};
use crate::catalog::relation::shown;
use crate::column;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct VectorSearch {
    pub(super) definition: Arc<TableDefinition>,
    /// The arguments after the corpus, in the parameters' order.
    arguments: Vec<Option<Expr>>,
    input: Arc<LogicalPlan>,
    /// Whether a row of the input without results is kept, with NULLs.
    pub(super) outer: bool,
    /// Whether `metadata` is made; it is NULL otherwise.
    pub(super) metadata: bool,
    schema: DFSchemaRef,
}

impl VectorSearch {
    pub(super) fn try_new(definition: Arc<TableDefinition>, arguments: Vec<Option<Expr>>) -> Result<Self> {
        let input = LogicalPlan::EmptyRelation(EmptyRelation {
            produce_one_row: true,
            schema: Arc::new(DFSchema::empty()),
        });
        Self::with_input(definition, arguments, Arc::new(input), false)
    }

    fn with_input(
        definition: Arc<TableDefinition>,
        arguments: Vec<Option<Expr>>,
        input: Arc<LogicalPlan>,
        outer: bool,
    ) -> Result<Self> {
        let own =
            output_fields(outer).into_iter().map(|field| (Some(TableReference::bare(NAME)), Arc::new(field)));
        let fields = input
            .schema()
            .iter()
            .map(|(qualifier, field)| (qualifier.cloned(), field.clone()))
            .chain(own)
            .collect();
        let schema = Arc::new(DFSchema::new_with_metadata(fields, std::collections::HashMap::new())?);
        Ok(Self { definition, arguments, input, outer, metadata: true, schema })
    }

    /// The same search for each row of `input`.
    pub(crate) fn applied_to(
        &self,
        input: LogicalPlan,
        arguments: Vec<Option<Expr>>,
        outer: bool,
    ) -> Result<Self> {
        Self::with_input(self.definition.clone(), arguments, Arc::new(input), outer)
    }

    /// The same search for a reader who never looks at `metadata`.
    pub(crate) fn without_metadata(mut self) -> Self {
        self.metadata = false;
        self
    }

    /// The arguments after the corpus.
    pub(crate) fn arguments(&self) -> &[Option<Expr>] {
        &self.arguments
    }

    pub(crate) fn definition(&self) -> &Arc<TableDefinition> {
        &self.definition
    }

    pub(super) fn input(&self) -> &LogicalPlan {
        &self.input
    }

    /// The columns as the execution node gives them.
    pub(super) fn schema_arrow(&self) -> SchemaRef {
        self.schema.inner().clone()
    }
}

/// The search's own columns.
pub(super) fn output_fields(nullable: bool) -> Vec<Field> {
    vec![
        Field::new("id", DataType::Utf8, nullable),
        Field::new("distance", DataType::Float32, nullable),
        Field::new("corpus", DataType::Utf8, nullable),
        column::json_field("metadata", "jsonb", true),
    ]
}

impl UserDefinedLogicalNodeCore for VectorSearch {
    fn name(&self) -> &str {
        "VectorSearch"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.arguments.iter().flatten().cloned().collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VectorSearch: corpus={}", shown(&self.definition.name))?;
        for (parameter, argument) in PARAMETERS.iter().skip(1).zip(&self.arguments) {
            if let Some(argument) = argument {
                write!(f, ", {}={argument}", parameter.name)?;
            }
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut exprs = exprs.into_iter();
        let arguments =
            self.arguments.iter().map(|argument| argument.as_ref().and_then(|_| exprs.next())).collect();
        let input = inputs
            .into_iter()
            .next()
            .ok_or_else(|| DataFusionError::Internal("a search has one input".to_string()))?;
        let node = Self::with_input(self.definition.clone(), arguments, Arc::new(input), self.outer)?;
        Ok(Self { metadata: self.metadata, ..node })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // What the arguments need is added by the caller; all input columns are passed through.
        let inputs = self.input.schema().fields().len();
        debug_assert!(output_columns.iter().all(|column| *column < inputs + 4));
        Some(vec![(0..inputs).collect()])
    }
}

impl PartialEq for VectorSearch {
    fn eq(&self, other: &Self) -> bool {
        self.definition.id == other.definition.id
            && self.arguments == other.arguments
            && self.input == other.input
            && self.outer == other.outer
            && self.metadata == other.metadata
    }
}

impl Eq for VectorSearch {}

impl PartialOrd for VectorSearch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        // Plans have no order of their own; equal ones compare as equal.
        (self == other).then_some(std::cmp::Ordering::Equal)
    }
}

impl Hash for VectorSearch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
        self.arguments.hash(state);
        self.input.hash(state);
        self.outer.hash(state);
    }
}
