//! The library as a program uses it. What SQL shows is tested by the cases of `sqllogictest/`; here are
//! opening and reopening, files that are damaged or refused, and real data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod audit;
mod builds;
mod caches;
mod changed_rows;
mod concurrent_upserts;
mod copy;
mod damage;
mod definitions;
mod embedders;
mod explain;
mod failing_disk;
mod foreign_keys;
mod histories;
mod lookup;
mod memory;
mod nearest;
mod open;
mod parameters;
mod plain_index;
mod playbooks;
mod returning;
mod titles;
mod transactions;
