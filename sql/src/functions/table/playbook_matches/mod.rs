//! `playbook_matches(query, role => NULL, tenant => '', k => 10)`
//! → `playbook_id bigint, query_text text, role text, answer_id text, answer_corpus text, score float8,
//! query_distance float4, boost float4, helpful bigint, harmful bigint, recorded_at timestamptz`
//!
//! The playbooks that apply to a query, nearest first: those that [`matrix_search`](super::matrix_search) would use if their
//! answers are there and admitted.
//!
//! | argument | type | |
//! |---|---|---|
//! | query | text | NULL gives no rows |
//! | role | text | whose playbooks apply, beside those without a role |
//! | tenant | text | whose playbooks apply |
//! | k | bigint | at least 1 |
//!
//! ```sql
//! SELECT playbook_id, answer_id, boost FROM playbook_matches('three forklift operators in Detroit',
//!     role => 'Forklift Operator');
//! ```
//!
//! SQLSTATEs: 42883 wrong arguments; 42804 an argument of another type; 22023 k below 1;
//! 42P01, 42809, 42703 and 42804 for a table `playbooks` that is not what it was.

mod function;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::FunctionArg;

use super::arguments::{Parameter, bind, plan_arguments};
use super::call::Call;
use super::playbooks;
use super::vector_search::resolve;

/// The function's name.
pub(super) const NAME: &str = "playbook_matches";

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "query", data_type: || DataType::Utf8, required: true },
    Parameter { name: "role", data_type: || DataType::Utf8, required: false },
    Parameter { name: "tenant", data_type: || DataType::Utf8, required: false },
    Parameter { name: "k", data_type: || DataType::Int64, required: false },
];

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(arguments: Vec<FunctionArg>, context: &mut dyn RelationPlannerContext) -> Result<Call> {
    let bound = bind(NAME, PARAMETERS, arguments)?;
    let arguments = plan_arguments(bound, PARAMETERS, context)?;
    let table = resolve(playbooks::TABLE.name, context.context_provider());
    let table = table.map_err(|error| playbooks::TABLE.hinted(error))?;
    Call::try_new(Arc::new(function::PlaybookMatches { table }), arguments)
}
