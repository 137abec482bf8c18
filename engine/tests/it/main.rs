//! Tests of the engine through its public face, one file a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod allocation;
mod churn;
mod damage;
mod data;
mod distances;
mod duplicates;
mod embedding;
mod filters;
mod half;
mod lists;
mod needs;
mod recall;
mod refusals;
mod titles;
mod validate;
mod validate_numbers;
