//! Tests of the store as a whole, one file for each promise.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod alter;
mod backup;
mod commit;
mod compaction;
mod compat;
mod corrupt;
mod crash;
mod faults;
mod group;
mod lock;
mod model;
mod references;
mod rows;
mod transaction;
mod types;
mod workload;
