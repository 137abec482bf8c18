//! The logical node: a function's rows for each row of its input.
//!
//! A call that stands alone has an input of one row without columns; a LATERAL one has the rows before it. Its columns are
//! the input's, then the function's.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchema, DFSchemaRef, Result, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use super::TableFunction;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    function: Arc<dyn TableFunction>,
    /// In the order of the function's parameters.
    arguments: Vec<Option<Expr>>,
    input: Arc<LogicalPlan>,
    /// Whether a row of the input that the function gives nothing for is kept, with NULLs.
    outer: bool,
    schema: DFSchemaRef,
}

impl Call {
    pub(crate) fn try_new(function: Arc<dyn TableFunction>, arguments: Vec<Option<Expr>>) -> Result<Self> {
        let schema = Arc::new(DFSchema::empty());
        let input = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema });
        Self::with_input(function, arguments, Arc::new(input), false)
    }

    fn with_input(
        function: Arc<dyn TableFunction>,
        arguments: Vec<Option<Expr>>,
        input: Arc<LogicalPlan>,
        outer: bool,
    ) -> Result<Self> {
        let own = function.columns().into_iter().map(|field| {
            let nullable = outer || field.is_nullable();
            (Some(TableReference::bare(function.name())), Arc::new(field.with_nullable(nullable)))
        });
        let before = input.schema().iter().map(|(qualifier, field)| (qualifier.cloned(), field.clone()));
        let schema = Arc::new(DFSchema::new_with_metadata(before.chain(own).collect(), HashMap::new())?);
        Ok(Self { function, arguments, input, outer, schema })
    }

    /// The same for each row of `input`.
    pub(crate) fn applied_to(
        &self,
        input: LogicalPlan,
        arguments: Vec<Option<Expr>>,
        outer: bool,
    ) -> Result<Self> {
        Self::with_input(self.function.clone(), arguments, Arc::new(input), outer)
    }

    /// The same call for a reader who never looks at `metadata`; `None` where there is none.
    pub(crate) fn without_metadata(&self) -> Option<Self> {
        Some(Self { function: self.function.without_metadata()?, ..self.clone() })
    }

    pub(crate) fn function(&self) -> &Arc<dyn TableFunction> {
        &self.function
    }

    pub(crate) fn arguments(&self) -> &[Option<Expr>] {
        &self.arguments
    }

    pub(super) fn input(&self) -> &LogicalPlan {
        &self.input
    }

    pub(super) fn is_outer(&self) -> bool {
        self.outer
    }

    /// The columns as the execution node gives them.
    pub(super) fn schema_arrow(&self) -> SchemaRef {
        self.schema.inner().clone()
    }
}

impl UserDefinedLogicalNodeCore for Call {
    fn name(&self) -> &str {
        self.function.name()
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
        explain(self.function.as_ref(), &self.arguments, f)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut exprs = exprs.into_iter();
        let arguments =
            self.arguments.iter().map(|argument| argument.as_ref().and_then(|_| exprs.next())).collect();
        let input = inputs
            .into_iter()
            .next()
            .ok_or_else(|| DataFusionError::Internal(format!("{} has one input", self.function.name())))?;
        Self::with_input(self.function.clone(), arguments, Arc::new(input), self.outer)
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        // What the arguments need is added by the caller. What nobody reads is not passed through: a row can be wide.
        let inputs = self.input.schema().fields().len();
        Some(vec![output_columns.iter().copied().filter(|column| *column < inputs).collect()])
    }
}

/// `Function: settled=x, argument=y`.
pub(super) fn explain<E: fmt::Display>(
    function: &dyn TableFunction,
    arguments: &[Option<E>],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "TableFunction: {}", function.name())?;
    let settled = function.shown();
    let mut separator = ": ";
    if !settled.is_empty() {
        write!(f, "{separator}{settled}")?;
        separator = ", ";
    }
    for (parameter, argument) in function.parameters().iter().zip(arguments) {
        if let Some(argument) = argument {
            write!(f, "{separator}{}={argument}", parameter.name)?;
            separator = ", ";
        }
    }
    Ok(())
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.function, &other.function)
            && self.arguments == other.arguments
            && self.input == other.input
            && self.outer == other.outer
    }
}

impl Eq for Call {}

impl PartialOrd for Call {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // Plans have no order of their own; equal ones compare as equal.
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name().hash(state);
        self.arguments.hash(state);
        self.input.hash(state);
        self.outer.hash(state);
    }
}
