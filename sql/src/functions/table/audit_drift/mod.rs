//! `audit_drift(seq => NULL, against => NULL, tolerance => 0.2)`
//! → `metric text, baseline float8, current float8, delta float8, change float8, status text`
//!
//! How the metrics of two baselines of `public.audit_baselines` differ: a row for each metric that either has, by name.
//!
//! | argument | type | |
//! |---|---|---|
//! | seq | bigint | the baseline that is looked at; the newest unless given |
//! | against | bigint | the one that it is compared with; the one before it unless given |
//! | tolerance | float8 | the share of the baseline that a metric may change by: 0.2 unless given |
//!
//! NULL is as not given. A log without rows has no newest baseline: no rows. The first one has none before it: each of its
//! metrics is `new`. The statuses are the engine's ([`muster_engine::audit`]): `same`, `within`, `drift`, `new`, `gone`, `from_zero`.
//!
//! ```sql
//! SELECT metric, change FROM audit_drift(tolerance => 0.05) WHERE status = 'drift';
//! ```
//!
//! SQLSTATEs: 42883 wrong arguments; 42804 an argument of another type; 22023 a baseline that is not there, a tolerance that is
//! negative or NaN; 22003 a metric that is no double precision; 42P01, 42809, 42703, 42804, 55000 a table `audit_baselines` that is
//! gone, is no table, lacks a column, has one of another type, or has no key.

mod baselines;
mod function;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::TableReference;
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ContextProvider, RelationPlannerContext};
use datafusion::sql::sqlparser::ast::FunctionArg;
use muster_storage::TableDefinition;

use super::arguments::{Parameter, bind, plan_arguments};
use super::call::Call;
use crate::audit::TABLE;
use crate::catalog::{SCHEMA, StoredTable};

/// The function's name.
pub(super) const NAME: &str = "audit_drift";

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "seq", data_type: || DataType::Int64, required: false },
    Parameter { name: "against", data_type: || DataType::Int64, required: false },
    Parameter { name: "tolerance", data_type: || DataType::Float64, required: false },
];

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(arguments: Vec<FunctionArg>, context: &mut dyn RelationPlannerContext) -> Result<Call> {
    let table = definition(context.context_provider());
    let bound = bind(NAME, PARAMETERS, arguments)?;
    let arguments = plan_arguments(bound, PARAMETERS, context)?;
    Call::try_new(Arc::new(function::AuditDrift { table }), arguments)
}

/// The log's table as it is now; what is wrong with it is told when the function runs.
fn definition(names: &dyn ContextProvider) -> Option<Arc<TableDefinition>> {
    let source = names.get_table_source(TableReference::partial(SCHEMA, TABLE)).ok()?;
    let provider = source_as_provider(&source).ok()?;
    let provider: &dyn std::any::Any = provider.as_ref();
    provider.downcast_ref::<StoredTable>().map(|table| table.definition().clone())
}

/// The columns of a metric.
fn columns() -> Vec<Field> {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let number = |name| Field::new(name, DataType::Float64, true);
    vec![
        text("metric"),
        number("baseline"),
        number("current"),
        number("delta"),
        number("change"),
        text("status"),
    ]
}
