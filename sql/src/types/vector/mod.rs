//! pgvector's types: which of them a field is, their texts, their rows in memory.
//!
//! - [`VectorKind`]: `vector` or `halfvec`.
//! - [`Builder`]: columns of vectors made row by row; [`convert`]: from values of other types.
//! - [`parse`]: the text form `[1,2,3]`.
//! - [`Rows`]: the numbers of a column, row after row.

mod builder;
mod convert;
mod kind;
mod rows;
mod text;

pub(crate) use builder::{Builder, rounded};
pub(crate) use convert::{convert, convert_value, is_convertible};
pub(crate) use kind::ITEM;
pub use kind::VectorKind;
pub(crate) use rows::Rows;
pub(crate) use text::{dimensions_differ, parse};

/// The most dimensions that pgvector's type, and ours, can have.
pub(crate) const MAX_DIMENSIONS: usize = 16_000;
