//! Rows on their way into a table: generated columns computed, constraints checked.
//!
//! It is not storage: what leaves here is a batch that storage takes as it is.

mod rows;
mod table_writer;
mod written;

pub(crate) use rows::RowMaker;
pub(crate) use table_writer::{TableWriter, WriteWay};
pub(crate) use written::Written;
