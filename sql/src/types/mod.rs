//! SQL's types: which Arrow field each is, and how their texts are read and written.
//!
//! - [`sql_field`]: from a type in a statement to an Arrow field.
//! - [`vector`]: pgvector's types.
//! - [`blanks`]: what fills up a `char(n)`.
//! - [`json`]: `jsonb`'s canonical text.
//! - [`date_text`]: dates and times as people write them.
//! - [`display`]: a value in an error.
//! - [`name`]: what a field's type is called in messages.
//! - [`oid`]: what it is called in the protocol.

pub(crate) mod blanks;
pub(crate) mod date_text;
mod display;
pub(crate) mod interval;
pub(crate) mod json;
mod name;
pub mod oid;
mod planner;
mod sql_field;
pub(crate) mod vector;

pub(crate) use display::display;
pub(crate) use name::{base_name, type_name};
pub(crate) use planner::SqlTypes;
pub(crate) use sql_field::{sql_field, vector_modifier};
