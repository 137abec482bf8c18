//! pgvector's functions of vectors. Each takes `vector` and `halfvec`, mixed as PostgreSQL's casts let them mix.
//!
//! - [`arguments`]: what a function is called with, and the refusal of anything else.
//! - [`distance`]: the distances, which the operators `<->` and its kin are.
//! - [`combine`]: `+`, `-`, `*` and `||`; [`compare`]: `<` to `>`.
//! - [`measure`], [`normalize`], [`subvector`], [`cast`], [`print`]: the rest.

mod arguments;
mod cast;
mod combine;
mod compare;
mod distance;
mod measure;
mod normalize;
mod print;
mod subvector;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

pub(crate) use arguments::different_dimensions;
pub(crate) use combine::{Combination, combine, out_of_range};
pub(crate) use compare::{Comparison, compare};
pub(crate) use distance::{Distance, distance};
pub(crate) use print::vector_text;

/// All of them.
pub(super) fn all() -> Vec<Arc<ScalarUDF>> {
    let mut all = distance::functions();
    all.extend(Combination::ALL.map(combine));
    all.extend(Comparison::ALL.map(compare));
    all.extend(measure::functions());
    all.push(normalize::function());
    all.push(subvector::function());
    all.extend(cast::functions());
    all
}

/// Whether a function of this name takes vectors, so that a text as a statement writes it is one there.
pub(crate) fn takes_vectors(name: &str) -> bool {
    Distance::ALL.iter().any(|distance| distance.function_name() == name)
        || Combination::ALL.iter().any(|combination| combination.function_name() == name)
        || Comparison::ALL.iter().any(|comparison| comparison.function_name() == name)
        || ["vector_dims", "vector_norm", "l2_norm", "l2_normalize", "subvector"].contains(&name)
}
