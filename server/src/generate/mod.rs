//! A deterministic, plausible workforce: the rows that demos, tests and measurements run on.
//!
//! It imitates no real person and is no statistical model of a labour market. Invariant: the same
//! seed gives the same rows on every machine; `seed_42_never_changes` in the tests holds it.
//!
//! [`workers`] streams batches of [`workers_schema`]. Behind it, one noun a file: where
//! people live (`cities`), what they are called (`names`), what they do (`roles`), how a recruiter
//! describes them (`profile`), all put together by `worker` from the random stream of `draw`.

mod batch;
mod cities;
mod draw;
mod names;
mod profile;
mod roles;
#[cfg(test)]
mod tests;
mod worker;

pub use batch::{BATCH_ROWS, workers, workers_schema};
