//! What the database counts of itself while it works, for those who watch it.
//!
//! - [`Tables`]: rows read and changed, by table and index: `pg_stat_user_tables`.
//! - [`Statements`]: how often each statement ran, and for how long: `pg_stat_statements`. [`Text`] is what one is known by.
//! - [`Searches`]: nearest rows that were looked for.
//! - [`Statistics`]: all of it at one moment, for a program.
//!
//! It decides nothing and keeps nothing over a restart. Invariant: who counts never waits for who reads; what comes again
//! costs a few additions.

mod searches;
mod statements;
mod statistics;
mod tables;
mod text;

pub(crate) use searches::Searches;
pub(crate) use statements::{Measure, StatementUse, Statements};
pub use statistics::{CacheStatistics, SearchStatistics, Statistics, StorageStatistics, TableStatistics};
pub(crate) use tables::{TableCounts, Tables, rows_of};
pub(crate) use text::{Text, is_secret};

/// The counts of a database.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) tables: Tables,
    pub(crate) statements: Statements,
    pub(crate) searches: Searches,
}
