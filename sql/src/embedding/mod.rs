//! Embedders in statements: when they may be called, by whom, and for which column.
//!
//! An embedder that waits - for a provider, for a large model - is called while a statement runs, on a thread on which
//! nobody else waits, and never while one is planned. Invariant: a vector column holds vectors of one embedder as it was
//! configured when the column was made.
//!
//! - [`scope`]: the threads that may wait, and how their waiting ends.
//! - [`beside`]: running a plan that waits on a thread of its own.
//! - [`waits`]: what waits: expressions and plans.
//! - [`values`]: VALUES, which are evaluated while they are planned.
//! - [`pinned`]: a column's embedder.

mod beside;
mod pinned;
pub(crate) mod scope;
mod values;
mod waits;

pub(crate) use beside::{collect, execute};
pub(crate) use pinned::{check, model_of_column, pin};
pub(crate) use values::without_waiting_values;
pub(crate) use waits::{compiled_waits, expression_waits};
