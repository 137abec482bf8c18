//! `matrix_search(query, role => NULL, corpora => ARRAY['workers'], k => 10, per_corpus_k => k, use_playbook => false,
//! tenant => '', filter => NULL, exclude_ids => NULL)`
//! → `rank int, id text, corpus text, distance float4, base_distance float4, boost float4, source text,
//! playbook_id bigint, metadata jsonb`
//!
//! The `k` best answers of several corpora in one list, and with `use_playbook` what playbooks recommend.
//!
//! | argument | type | |
//! |---|---|---|
//! | query | text | NULL gives no rows; each corpus embeds it by its own embedder |
//! | role | text | whose playbooks apply, beside those without a role |
//! | corpora | text[], constant | tables with a primary key of one column and a vector column |
//! | k | bigint | at least 1 |
//! | per_corpus_k | bigint | rows that each corpus is searched for; k unless given |
//! | use_playbook | boolean | whether playbooks lift and bring answers |
//! | tenant | text | whose playbooks apply |
//! | filter | text | a predicate over each corpus's columns, applied before the search, and to what playbooks bring |
//! | exclude_ids | text[] | rows that are not to be returned, not even by playbooks |
//!
//! `source` is `search`, `boosted` or `injected`. An answer that a search found and a playbook names has
//! `distance = base_distance * boost`; one that no search found is added with
//! `distance = least(base_distance, distance between the queries) * boost`.
//!
//! ```sql
//! SELECT rank, id, distance, source FROM matrix_search('three forklift operators in Detroit',
//!     role => 'Forklift Operator', k => 5, use_playbook => true);
//! ```
//!
//! SQLSTATEs: those of `vector_search`; 22023 for no corpora or a count below 1; 0A000 for corpora that are measured
//! differently, for playbooks over corpora that are not measured by cosine, and for a parameter as a corpus; 42P01, 42809,
//! 42703 and 42804 for a table `playbooks` that is not what it was.

mod corpora;
mod function;
mod output;
mod request;
mod running;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::FunctionArg;

use super::arguments::{Parameter, bind, plan_arguments};
use super::call::Call;
use super::playbooks;
use super::vector_search::resolve;

/// The function's name.
pub(super) const NAME: &str = "matrix_search";

/// The parameters as a statement gives them.
const PARAMETERS: &[Parameter] = &[
    QUERY,
    ROLE,
    Parameter { name: "corpora", data_type: texts, required: false },
    K,
    PER_CORPUS_K,
    USE_PLAYBOOK,
    TENANT,
    FILTER,
    EXCLUDE_IDS,
];

/// The parameters whose arguments are values: all but the corpora.
const ARGUMENTS: &[Parameter] = &[QUERY, ROLE, K, PER_CORPUS_K, USE_PLAYBOOK, TENANT, FILTER, EXCLUDE_IDS];

const QUERY: Parameter = Parameter { name: "query", data_type: || DataType::Utf8, required: true };
const ROLE: Parameter = Parameter { name: "role", data_type: || DataType::Utf8, required: false };
const K: Parameter = Parameter { name: "k", data_type: || DataType::Int64, required: false };
const PER_CORPUS_K: Parameter =
    Parameter { name: "per_corpus_k", data_type: || DataType::Int64, required: false };
const USE_PLAYBOOK: Parameter =
    Parameter { name: "use_playbook", data_type: || DataType::Boolean, required: false };
const TENANT: Parameter = Parameter { name: "tenant", data_type: || DataType::Utf8, required: false };
const FILTER: Parameter = Parameter { name: "filter", data_type: || DataType::Utf8, required: false };
const EXCLUDE_IDS: Parameter = Parameter { name: "exclude_ids", data_type: texts, required: false };

/// Where the corpora stand among [`PARAMETERS`].
pub(super) const CORPORA: usize = 2;

fn texts() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
}

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(arguments: Vec<FunctionArg>, context: &mut dyn RelationPlannerContext) -> Result<Call> {
    let mut bound = bind(NAME, PARAMETERS, arguments)?;
    let corpora = if bound.len() > CORPORA { bound.remove(CORPORA) } else { None };
    let corpora = corpora::read(corpora, context.context_provider())?;
    let arguments = plan_arguments(bound, ARGUMENTS, context)?;
    // Whether playbooks may be read decides which tables a result depends on.
    let never = match arguments.get(request::USE_PLAYBOOK) {
        Some(Some(Expr::Literal(value, _))) => *value == false.into() || value.is_null(),
        Some(Some(_)) => false,
        _ => true,
    };
    let table = (!never).then(|| resolve(playbooks::TABLE.name, context.context_provider()).ok()).flatten();
    let function = function::MatrixSearch { corpora, playbooks: table, metadata: true };
    Call::try_new(Arc::new(function), arguments)
}
