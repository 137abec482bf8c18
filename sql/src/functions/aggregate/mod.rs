//! Aggregate functions that Muster adds to DataFusion's: `avg` and `sum` of vectors, `mode` and `percentile_disc`, `json_agg` and its kin.
//!
//! - [`ordered`]: those of values in order.
//! - [`Overloaded`]: a name that is one function of numbers and another of vectors.
//! - [`vector`]: those of vectors.
//! - [`json`]: those that give JSON.

mod json;
mod ordered;
mod overloaded;
mod vector;

use std::sync::Arc;

use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::AggregateUDF;

pub(crate) use json::is_array_of_json;
use ordered::{Choice, ordered};
pub(crate) use overloaded::{Overloaded, chosen};
use vector::{VectorAggregate, vector_aggregate};

/// All of them, for the session state: in place of DataFusion's of the same names.
pub(crate) fn all() -> Vec<AggregateUDF> {
    let mut all = vec![
        AggregateUDF::new_from_impl(Overloaded::new(avg_udaf(), vector_aggregate(VectorAggregate::Average))),
        AggregateUDF::new_from_impl(Overloaded::new(sum_udaf(), vector_aggregate(VectorAggregate::Sum))),
        ordered(Choice::Mode),
        ordered(Choice::Percentile),
    ];
    all.extend(json::functions());
    all
}

/// The error for an aggregate that there is none of for these arguments.
pub(crate) fn undefined(name: &str, fields: &[arrow::datatypes::FieldRef]) -> crate::Error {
    let types: Vec<String> = fields
        .iter()
        .map(|field| crate::types::base_name(&crate::types::type_name(field)).to_string())
        .collect();
    let message = format!("function {name}({}) does not exist", types.join(", "));
    crate::Error::new(crate::sqlstate::SqlState::UndefinedFunction, message).with_hint(
        "No function matches the given name and argument types. You might need to add explicit type casts.",
    )
}

/// DataFusion's functions that PostgreSQL has none of for vectors.
pub(crate) fn is_of_no_vectors(function: &Arc<AggregateUDF>) -> bool {
    ["min", "max"].contains(&function.name())
}
