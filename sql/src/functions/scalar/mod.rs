//! Scalar functions, one file each. To add one: a file here, a line in [`all`], a `.slt` of its name.
//!
//! Those whose name begins with `muster_` are no functions for users: they are how casts and
//! assignments work that Arrow's casts do not know (see `planning::rewrite` and `planning::assign`).

mod array_of;
mod check_length;
mod checked;
mod date_text;
mod decimal_text;
mod embed;
mod format;
mod in_rows;
mod interval_key;
mod interval_times;
mod is_valid;
pub(crate) mod json;
mod like_pattern;
mod one_argument;
mod or_empty;
mod pg_sleep;
mod pg_typeof;
mod plain_array;
mod struct_field;
mod subquery_value;
mod subscripts;
mod text;
mod timezone;
mod to_array;
mod to_bytea;
mod to_interval;
mod to_json;
mod to_text;
mod to_uuid;
mod to_uuids;
mod to_vector;
pub(crate) mod typed;
mod vector;
mod version;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use muster_embedders::Embedders;

use crate::types::vector::VectorKind;

pub(crate) use array_of::{ARRAY_OF, array_type};
pub(crate) use check_length::{check_char, check_length};
pub(crate) use checked::{checked, is_checked};
pub(crate) use date_text::{is_read, read_date, zoned_text};
pub(crate) use decimal_text::{decimal_text, is_decimal_text};
pub(crate) use embed::{EMBED_MODEL, embed_waits, models_of};
pub(crate) use in_rows::in_rows;
pub(crate) use interval_key::interval_key;
pub(crate) use interval_times::interval_times;
pub(crate) use is_valid::{IsValid, validates};
pub(crate) use like_pattern::LIKE_PATTERN;
pub(crate) use or_empty::OR_EMPTY;
pub(crate) use pg_sleep::is_async;
pub(crate) use plain_array::PLAIN_ARRAY;
pub(crate) use struct_field::struct_field;
pub(crate) use subquery_value::{beside, nullable, only_row};
pub(crate) use subscripts::{EXPANDED_ARRAY, SUBSCRIPTS};
pub(crate) use timezone::{TIMEZONE, timezone};
pub(crate) use to_array::{array_of_text, to_array};
pub(crate) use to_bytea::{read_bytea, to_bytea};
pub(crate) use to_interval::to_interval;
pub(crate) use to_json::to_json;
pub(crate) use to_text::{is_to_text, is_written, text_in_zone, to_text};
pub(crate) use to_uuid::{parse_uuid, to_uuid};
pub(crate) use to_uuids::to_uuids;
pub(crate) use to_vector::{to_vector, to_vector_name};
pub(crate) use vector::{
    Combination, Comparison, Distance, combine, compare, different_dimensions, distance, out_of_range,
    takes_vectors, vector_text,
};

/// All of them, for the session state.
pub(crate) fn all(embedders: &Arc<Embedders>) -> Vec<Arc<ScalarUDF>> {
    let mut all = vec![
        array_of::function(),
        decimal_text::function(),
        embed::function(embedders),
        pg_sleep::function(),
        pg_typeof::function(),
        format::function(),
        plain_array::function(),
        to_vector::function(VectorKind::Vector),
        to_vector::function(VectorKind::Half),
        to_json::json_function(),
        to_json::jsonb_function(),
        to_text::function(),
        to_uuid::function(),
        to_bytea::function(),
        to_interval::function(),
        interval_key::function(),
        check_length::function(),
        timezone::function(),
        version::function(),
        like_pattern::function(),
        or_empty::function(),
    ];
    all.extend(date_text::functions());
    all.extend(typed::functions());
    all.extend(interval_times::functions());
    all.extend(is_valid::functions());
    all.extend(json::functions());
    all.extend(subscripts::functions());
    all.extend(vector::all());
    all
}
