//! PostgreSQL's everyday functions, a row at a time: each is a list of forms that tell the types which they take and give.
//!
//! - [`overload`]: how a form is chosen, and run over Arrow's arrays.
//! - [`kind`], [`value`], [`datum`]: types, arguments, results.
//! - the other files: the functions, and what they share.
//!
//! They stand in for DataFusion's of the same names, whose answers or types differ.

mod arithmetic;
mod arrays;
mod calendar;
mod datum;
mod digits;
mod extract;
mod formatting;
mod interval;
mod kind;
mod like;
mod make;
mod overload;
mod pattern;
mod pattern_syntax;
mod read;
mod regexp;
mod regular;
mod series;
mod show;
mod similar;
mod truncate;
mod value;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use datafusion::logical_expr::ScalarUDF;

pub(crate) use arithmetic::{DIVIDE, NEAREST};
pub(crate) use arrays::SUBSCRIPTS as SERIES_OF_SUBSCRIPTS;
pub(crate) use extract::EXTRACT;
pub(crate) use interval::OVERLAPS;
pub(crate) use like::{LIKE_ALL, LIKE_ANY};
pub(crate) use regexp::{ALL_MATCHES, MATCHES, MATCHES_ANY_CASE, SPLIT};
pub(crate) use series::SERIES;
pub(crate) use similar::SIMILAR;
pub(crate) use words::STRING_PARTS;

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    let lists = [
        arithmetic::FUNCTIONS,
        arrays::FUNCTIONS,
        formatting::FUNCTIONS,
        extract::FUNCTIONS,
        interval::FUNCTIONS,
        like::FUNCTIONS,
        make::FUNCTIONS,
        regexp::FUNCTIONS,
        series::FUNCTIONS,
        similar::FUNCTIONS,
        truncate::FUNCTIONS,
        words::FUNCTIONS,
    ];
    lists.into_iter().flatten().map(overload::Function::udf)
}

/// One of them by its name.
pub(crate) fn function(name: &str) -> Option<Arc<ScalarUDF>> {
    static BY_NAME: LazyLock<HashMap<String, Arc<ScalarUDF>>> =
        LazyLock::new(|| functions().map(|function| (function.name().to_string(), function)).collect());
    BY_NAME.get(name).cloned()
}
