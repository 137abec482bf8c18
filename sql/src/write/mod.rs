//! Rows on their way into a table: generated columns computed, constraints checked.
//!
//! It is not storage: what leaves here is a batch that storage takes as it is.

mod checks;
mod failing_row;
mod rows;
mod written;

pub(crate) use checks::{Checks, compile as compile_check};
pub(crate) use rows::RowMaker;
pub(crate) use written::Written;
