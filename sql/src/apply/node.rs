//! The logical node: for each row of its input what a plan gives whose parameters are values of that row.
//!
//! The plan is optimized and is no input of the node: nothing of it is to be seen from outside.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{Field, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, Result, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

/// What stands beside a row of the input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gives {
    /// The value of the plan's one row, NULL without a row, in a column of this name.
    Value(String),
    /// The plan's rows: each beside the row once more. With `outer`, NULLs where there are none.
    Rows { outer: bool },
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Apply {
    input: Arc<LogicalPlan>,
    plan: Arc<LogicalPlan>,
    /// The values of the plan's parameters, `$1` first, over the input.
    arguments: Vec<Expr>,
    gives: Gives,
    volatile: bool,
    schema: DFSchemaRef,
}

impl Apply {
    /// # Errors
    /// An internal error for a value's plan without a column.
    pub(super) fn try_new(
        input: Arc<LogicalPlan>,
        plan: Arc<LogicalPlan>,
        arguments: Vec<Expr>,
        gives: Gives,
    ) -> Result<Self> {
        let before = input.schema().iter().map(|(qualifier, field)| (qualifier.cloned(), field.clone()));
        let mut columns: Vec<(Option<TableReference>, Arc<Field>)> = before.collect();
        match &gives {
            Gives::Value(name) => {
                let value = plan.schema().fields().first().ok_or_else(|| {
                    DataFusionError::Internal("the plan of a value has no column".to_string())
                })?;
                let value = value.as_ref().clone().with_name(name).with_nullable(true);
                columns.push((None, Arc::new(value)));
            }
            Gives::Rows { outer } => {
                columns.extend(plan.schema().iter().map(|(qualifier, field)| {
                    let nullable = *outer || field.is_nullable();
                    (qualifier.cloned(), Arc::new(field.as_ref().clone().with_nullable(nullable)))
                }));
            }
        }
        let schema = Arc::new(DFSchema::new_with_metadata(columns, HashMap::new())?);
        let volatile = is_volatile(&plan)?;
        Ok(Self { input, plan, arguments, gives, volatile, schema })
    }

    /// Whether the plan may give other rows for the same arguments.
    pub(super) fn is_volatile(&self) -> bool {
        self.volatile
    }

    pub(super) fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    pub(super) fn arguments(&self) -> &[Expr] {
        &self.arguments
    }

    pub(super) fn gives(&self) -> &Gives {
        &self.gives
    }

    pub(super) fn input(&self) -> &LogicalPlan {
        &self.input
    }

    /// The columns as the execution node gives them.
    pub(super) fn schema_arrow(&self) -> SchemaRef {
        self.schema.inner().clone()
    }
}

/// Whether something in a plan gives another value each time.
fn is_volatile(plan: &LogicalPlan) -> Result<bool> {
    let mut volatile = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Extension(extension) = node {
            let apply = extension.node.as_any().downcast_ref::<Apply>();
            volatile |= apply.is_some_and(Apply::is_volatile);
        }
        node.apply_expressions(|expression| {
            volatile |= expression.is_volatile();
            Ok(if volatile { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(if volatile { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(volatile)
}

impl UserDefinedLogicalNodeCore for Apply {
    fn name(&self) -> &str {
        "Apply"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.arguments.clone()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        write!(f, "Apply: for each [{}]", arguments.join(", "))
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let input = inputs
            .into_iter()
            .next()
            .ok_or_else(|| DataFusionError::Internal("Apply has one input".to_string()))?;
        Self::try_new(Arc::new(input), self.plan.clone(), exprs, self.gives.clone())
    }
}

impl PartialEq for Apply {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
            && self.plan == other.plan
            && self.arguments == other.arguments
            && self.gives == other.gives
    }
}

impl Eq for Apply {}

impl PartialOrd for Apply {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // Plans have no order of their own; equal ones compare as equal.
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for Apply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.plan.hash(state);
        self.arguments.hash(state);
        self.gives.hash(state);
    }
}
