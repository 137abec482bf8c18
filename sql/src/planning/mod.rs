//! From a parsed statement to a plan that runs.
//!
//! 0. [`qualify`] writes the schemas of relations that are not in `public` into the statement.
//! 1. [`rewrite`] changes the AST where PostgreSQL's meaning needs another form for DataFusion.
//! 2. [`Names`] resolves tables against one snapshot; DataFusion's `SqlToRel` plans.
//! 3. [`lateral`] turns LATERAL searches into apply nodes, as the first analyzer rule.
//! 4. [`Planner`] analyzes, optimizes and makes the physical plan, over one shared session state.
//!
//! It is not execution: nodes read the snapshot that the statement carries
//! ([`crate::session::StatementContext`]), so a plan holds no data.

mod aggregate_calls;
mod arithmetic;
mod assign;
mod bind;
mod casts;
mod dates;
mod decimals;
mod decorrelation;
mod each_expression;
pub(crate) mod expression;
mod filter_below_search;
mod from_items;
pub(crate) mod generic_plan;
mod grouped;
mod grouping;
mod integers;
mod interval_operators;
mod interval_order;
mod json_arguments;
mod json_keys;
mod json_operators;
mod json_records;
mod lateral;
mod limit_fence;
mod literals;
mod merged_columns;
mod named_windows;
mod names;
mod open_values;
mod operators;
mod ordered_rows;
mod output_names;
mod parameters;
mod planner;
mod prune;
pub(crate) mod qualify;
mod quantified;
mod recursion;
mod references;
mod rewrite;
mod scalar_subqueries;
mod select_names;
mod session_zone;
mod set_returning;
mod sort_keys;
mod spellings;
mod texts;
mod tuples;
mod untyped;
pub(crate) mod views;
mod whole_rows;

pub(crate) use arithmetic::CheckedArithmetic;
pub(crate) use assign::assign;
pub(crate) use bind::{bind, bind_expression, is_bound};
pub(crate) use dates::Dates;
pub(crate) use decimals::DecimalTexts;
pub(crate) use decorrelation::is_kept;
pub(crate) use filter_below_search::with_filters_below_searches;
pub(crate) use generic_plan::{GenericPlans, Lease};
pub(crate) use interval_operators::IntervalOperators;
pub(crate) use interval_order::IntervalOrder;
pub(crate) use json_operators::JsonOperators;
pub(crate) use lateral::Lateral;
pub(crate) use limit_fence::with_limit_fences;
pub(crate) use literals::Literals;
pub(crate) use names::{Names, TARGET};
pub(crate) use operators::VectorOperators;
pub(crate) use output_names::{HIDDEN, OutputNames, column_name};
use parameters::declare;
pub(crate) use parameters::{parameters, parameters_with, settle, settle_expression};
pub(crate) use planner::Planner;
pub(crate) use qualify::{each_relation, qualify};
pub(crate) use recursion::bare;
pub(crate) use rewrite::{call, rewrite_expression, rewrite_statement};
pub(crate) use scalar_subqueries::ScalarSubqueries;
pub(crate) use session_zone::in_zone;
pub(crate) use set_returning::outside_queries;
pub(crate) use texts::Texts;
