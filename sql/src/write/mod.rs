//! Rows on their way into a table, and out of it: what INSERT, UPDATE, DELETE and loads have in common.
//!
//! - [`PlannedWrite`]: a statement that changes rows, planned; running it gives [`Written`].
//! - [`Target`]: the table that it changes; [`Matching`]: the rows that it is about.
//! - [`assignments`], [`Expressions`], [`Returning`]: its clauses.
//! - [`RowMaker`]: generated columns computed, constraints checked, by [`RowRules`]; [`RowWriter`]: gathers the changes.
//!
//! It is not storage: what leaves here is a batch that storage takes as it is. Nothing here changes
//! anything; the session applies what was worked out.

mod assignments;
mod checks;
mod expressions;
mod failing_row;
mod matching;
mod planned;
mod reading;
mod returning;
pub(crate) mod row;
mod rows;
mod rules;
mod table_writer;
mod target;
mod writer;
mod written;

pub(crate) use assignments::{Assigned, NewValue, assigned, assignments, is_default, value as new_value};
pub(crate) use checks::{Checks, compile as compile_check};
pub(crate) use expressions::Expressions;
pub(crate) use matching::{Matching, Query, nullable, row_id, select, value_name};
pub(crate) use planned::{PlannedWrite, row_statement};
pub(crate) use returning::Returning;
pub(crate) use rows::{RowMaker, nullable as nullable_schema};
pub(crate) use rules::{KeptRules, RowRules};
pub(crate) use table_writer::{TableWriter, WriteWay};
pub(crate) use target::Target;
pub(crate) use writer::RowWriter;
pub(crate) use written::{Replaced, Written};
