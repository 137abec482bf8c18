//! Functions of json and jsonb. Each is a line in a table and a Rust function of one row's arguments: see [`Definition`].
//!
//! - [`get`]: parts of documents, their lengths and kinds: what `->`, `->>`, `#>` and `#>>` are planned as.
//! - [`look`]: `@>`, `?` and comparisons.
//! - [`change`]: `||`, `-`, `#-`, `jsonb_set` and its kin.
//! - [`object`]: `json_object` of texts.
//! - [`rows`]: the arrays behind functions that give rows, in a SELECT list.
//! - [`cast`]: `jsonb::integer` and its like.
//! - [`build`]: JSON of values of any type.
//! - [`writer`]: how a value of any type is written.
//! - [`whole_row`]: a row as one value.

mod build;
mod cast;
mod change;
mod definition;
mod function;
mod get;
mod look;
mod object;
mod rows;
mod whole_row;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::Field;
use datafusion::logical_expr::ScalarUDF;

use crate::column;

pub(crate) use build::{as_key, is_no_key, no_key, zone};
pub(crate) use cast::cast_json;
pub(crate) use definition::Takes;
pub(crate) use look::SORT_KEY;
pub(crate) use rows::{AS_JSON, AS_JSONB, array_name};
pub(crate) use whole_row::whole_row;
pub(crate) use writer::{Composite, document_writer};

/// All of them.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let mut all: Vec<Arc<ScalarUDF>> = FUNCTIONS.values().cloned().collect();
    all.extend(build::functions());
    all
}

static FUNCTIONS: LazyLock<HashMap<&'static str, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let tables = [get::ALL, look::ALL, change::ALL, object::ALL, rows::ALL];
    let all = tables.into_iter().flatten();
    all.map(|definition| (definition.name, function::function(definition))).collect()
});

/// The function of this name.
pub(crate) fn named(name: &str) -> Option<Arc<ScalarUDF>> {
    FUNCTIONS.get(name).cloned()
}

/// What the function of this name takes at a position.
pub(crate) fn takes(name: &str, position: usize) -> Option<Takes> {
    let tables = [get::ALL, look::ALL, change::ALL, object::ALL, rows::ALL];
    let definition = tables.into_iter().flatten().find(|definition| definition.name == name)?;
    definition.takes_at(position)
}

/// `json` or `jsonb`, if a field is one of them.
pub(crate) fn json_type(field: &Field) -> Option<&'static str> {
    if !column::is_json(field) {
        return None;
    }
    match field.metadata().get(column::TYPE_KEY).map(String::as_str) {
        Some("jsonb") => Some("jsonb"),
        _ => Some("json"),
    }
}
