//! `ORDER BY distance(column, x) LIMIT k` through an index: the k nearest rows instead of a sort of all.
//!
//! 1. [`use_indexes`] runs after DataFusion's optimizer. Where a sort with a limit stands over filters, projections and
//!    aliases of one table, and its key is a distance that the table has an index for, a [`node::VectorTopK`] takes its place.
//! 2. [`per_row`] does so for a LATERAL subquery, with or without an index: one search for each row of the left side.
//! 3. [`VectorTopKPlanner`] makes the execution node, which searches as [`crate::search`] does.
//!
//! Rows without a vector have no place in an index, nor have zero vectors by cosine: they do not come, as with pgvector.
//! What the rule does not know is sorted as before, so a plan is never refused here.

mod chain;
mod distance;
mod exec;
mod late;
mod lateral;
mod node;
mod output;
mod planner;
mod rule;
mod work;

pub(crate) use distance::measures;
pub(crate) use exec::shown_with;
pub(crate) use lateral::per_row;
pub(crate) use node::VectorTopK;
pub(crate) use planner::VectorTopKPlanner;
pub(crate) use rule::use_indexes;
