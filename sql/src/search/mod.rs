//! What the two ways to search a table share: `vector_search` and `ORDER BY distance LIMIT k`.
//!
//! - [`SearchedTable`]: a table's parts with their vectors and graphs, searched for many vectors at once.
//! - [`Predicate`]: a condition over a table's columns as a bitmap of each part.
//! - [`KeptBitmaps`]: the bitmaps of sealed parts, kept from statement to statement.
//! - [`by_chunks`]: a search for each row of a stream, chunk by chunk.
//! - [`Counters`]: what EXPLAIN ANALYZE shows.
//!
//! It plans nothing and knows no SQL.

mod bitmaps;
mod chunks;
mod counters;
mod kept;
mod predicate;
mod searched;

pub(crate) use bitmaps::{Bitmaps, allowed, both};
pub(crate) use chunks::{Batches, ForChunk, by_chunks};
pub(crate) use counters::Counters;
pub(crate) use kept::{KeptBitmaps, Usage};
pub(crate) use predicate::{Key as PredicateKey, Predicate};
pub(crate) use searched::{Asked, Found, SearchedTable};
