//! The logical node: the findings of each row of its input.
//!
//! A call that stands alone has an input of one row without columns; a LATERAL one has the rows before it. Its columns are
//! the input's, then the finding's.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, DFSchemaRef, Result, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use muster_engine::validate::Validator;

use super::{columns, name};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Validation {
    pub(super) validator: Validator,
    /// What is checked.
    argument: Expr,
    input: Arc<LogicalPlan>,
    /// Whether a row of the input without findings is kept, with NULLs.
    pub(super) outer: bool,
    schema: DFSchemaRef,
}

impl Validation {
    pub(super) fn try_new(validator: Validator, argument: Expr) -> Result<Self> {
        let schema = Arc::new(DFSchema::empty());
        let input = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema });
        Self::with_input(validator, argument, Arc::new(input), false)
    }

    fn with_input(
        validator: Validator,
        argument: Expr,
        input: Arc<LogicalPlan>,
        outer: bool,
    ) -> Result<Self> {
        let own = columns(outer).into_iter();
        let own = own.map(|field| (Some(TableReference::bare(name(validator))), Arc::new(field)));
        let before = input.schema().iter().map(|(qualifier, field)| (qualifier.cloned(), field.clone()));
        let fields = before.chain(own).collect();
        let schema = Arc::new(DFSchema::new_with_metadata(fields, HashMap::new())?);
        Ok(Self { validator, argument, input, outer, schema })
    }

    /// The same for each row of `input`.
    pub(crate) fn applied_to(&self, input: LogicalPlan, argument: Expr, outer: bool) -> Result<Self> {
        Self::with_input(self.validator, argument, Arc::new(input), outer)
    }

    pub(crate) fn argument(&self) -> &Expr {
        &self.argument
    }

    pub(super) fn input(&self) -> &LogicalPlan {
        &self.input
    }

    /// The columns as the execution node gives them.
    pub(super) fn schema_arrow(&self) -> SchemaRef {
        self.schema.inner().clone()
    }
}

impl UserDefinedLogicalNodeCore for Validation {
    fn name(&self) -> &str {
        "Validation"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![self.argument.clone()]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validation: {}({})", name(self.validator), self.argument)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match (exprs.into_iter().next(), inputs.into_iter().next()) {
            (Some(argument), Some(input)) => {
                Self::with_input(self.validator, argument, Arc::new(input), self.outer)
            }
            _ => Err(DataFusionError::Internal("a validation has one argument and one input".to_string())),
        }
    }

    fn necessary_children_exprs(&self, _output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // What the argument needs is added by the caller; all input columns are passed through.
        Some(vec![(0..self.input.schema().fields().len()).collect()])
    }
}

impl PartialOrd for Validation {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // Plans have no order of their own; equal ones compare as equal.
        (self == other).then_some(Ordering::Equal)
    }
}
