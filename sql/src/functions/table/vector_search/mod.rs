//! `vector_search(corpus, query, k => 10, filter => NULL, exclude_ids => NULL, ef => NULL, exact => false)`
//! → `id text, distance float4, corpus text, metadata jsonb`
//!
//! The `k` rows of a corpus that are nearest to a query, nearest first.
//!
//! | argument | type | |
//! |---|---|---|
//! | corpus | text, constant | a table with a primary key of one column and a vector column |
//! | query | text or vector | a text is embedded by the column's own embedder; NULL gives no rows |
//! | k | bigint | at least 1 |
//! | filter | text | a predicate over the corpus's columns, applied before the search |
//! | exclude_ids | text[] | rows that are not to be returned |
//! | ef | bigint | the beam's width, 1 to 1000; `hnsw.ef_search` unless given |
//! | exact | boolean | compare with every row instead of searching the index |
//!
//! `k` rows come back while `k` rows match. The distance is that of the column's hnsw index, cosine
//! where it has none. `metadata` is the row without its vectors.
//!
//! ```sql
//! SELECT id, distance FROM vector_search('workers', 'forklift operator in Detroit', k => 3,
//!     filter => 'status = ''active''');
//! ```
//!
//! SQLSTATEs: 42P01 no such corpus; 42809 a table that is no corpus; 42883 wrong arguments; 22023 k or ef out
//! of range, or text for a column without an embedder; 22000 a vector of the wrong size; 42601 and
//! 42703 and 42804 a filter that does not parse, names no column, is no condition.

mod corpus;
mod exec;
mod filter;
mod metadata;
mod node;
mod request;
mod search;

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::{self, FunctionArg, Value, ValueWithSpan};
use std::sync::Arc;

use super::arguments::{Parameter, bind, plan_arguments};
use crate::Error;
use crate::sqlstate::SqlState;

pub(crate) use corpus::Corpus;
pub(super) use corpus::resolve;
pub(super) use exec::{VectorSearchExec, filter_may_wait, texts_wait};
pub(crate) use exec::{VectorSearchPlanner, search_may_wait};
pub(super) use metadata::objects;
pub(crate) use node::VectorSearch;
pub(super) use request::{DEFAULT_K, Query, Request};
pub(super) use search::{Searcher, fetch};

/// The function's name.
pub(super) const NAME: &str = "vector_search";

/// The parameters, the corpus first.
const PARAMETERS: &[Parameter] = &[
    Parameter { name: "corpus", data_type: || DataType::Utf8, required: true },
    Parameter { name: "query", data_type: || DataType::Utf8, required: true },
    Parameter { name: "k", data_type: || DataType::Int64, required: false },
    Parameter { name: "filter", data_type: || DataType::Utf8, required: false },
    Parameter {
        name: "exclude_ids",
        data_type: || DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        required: false,
    },
    Parameter { name: "ef", data_type: || DataType::Int64, required: false },
    Parameter { name: "exact", data_type: || DataType::Boolean, required: false },
];

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(
    arguments: Vec<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> Result<VectorSearch> {
    let mut bound = bind(NAME, PARAMETERS, arguments)?.into_iter();
    let name = match bound.next().flatten() {
        Some(ast::Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(name), .. })) => name,
        Some(ast::Expr::Value(ValueWithSpan { value: Value::Placeholder(_), .. })) => {
            return Err(Error::unsupported("a parameter as the corpus of vector_search").into());
        }
        _ => {
            return Err(Error::new(
                SqlState::UndefinedFunction,
                "the corpus of vector_search must be a constant text",
            )
            .into());
        }
    };
    let definition = resolve(&name, context.context_provider())?;
    Corpus::of(&definition)?;
    let arguments = plan_arguments(bound.collect(), PARAMETERS.get(1..).unwrap_or_default(), context)?;
    VectorSearch::try_new(definition, arguments)
}
