//! Muster: an embedded database for matching work to people.
//!
//! ```
//! # fn main() -> muster::Result<()> {
//! let db = muster::blocking::Database::in_memory()?;
//! let session = db.session();
//! session.execute(
//!     "INSERT INTO workers (worker_id, name, role, city, state) VALUES
//!         ('w-1', 'Ana Silva', 'Forklift Operator', 'Detroit', 'MI'),
//!         ('w-2', 'Ben Okafor', 'Welder', 'Toledo', 'OH')",
//!     &[],
//! )?;
//! let found = session.query(
//!     "SELECT id, distance FROM vector_search('workers', $1, k => 1)",
//!     &muster::params!["forklift operator in Detroit"],
//! )?;
//! assert_eq!(found.num_rows(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # The walk of a query
//!
//! 1. A client's bytes reach the server crate, which decodes them and decides nothing; a program calls
//!    [`Session::query`].
//! 2. [`Session::parse`] makes statements of the text ([`parse`]).
//! 3. [`Session::prepare`] plans one: names against one snapshot, table functions into nodes of ours,
//!    types of parameters ([`planning`], [`functions`]).
//! 4. [`Session::run`] binds the parameters, optimizes and runs the plan ([`session`]). Its nodes read
//!    storage's snapshot ([`catalog`]) and the engine's graphs ([`index`]).
//! 5. Arrow batches come back ([`Outcome`]); the server encodes them.
//!
//! What is no query - INSERT, COPY, DDL, SET - is taken at the AST ([`statement`]) and becomes one
//! commit of storage ([`write`], [`load`]).
//!
//! Errors walk the same way back, each layer's inside the next, and become a SQLSTATE in one place:
//! [`Error::sqlstate`].
#![cfg_attr(doc, allow(rustdoc::private_intra_doc_links))]

mod apply;
mod audit;
mod background;
mod backup;
pub mod binary;
pub mod blocking;
mod cache;
mod catalog;
mod caught;
mod channel;
mod check_constraint;
mod column;
mod database;
mod describe;
mod embedding;
mod error;
mod export;
mod foreign_key;
mod functions;
mod index;
pub mod input;
mod large_object;
mod load;
mod memory;
mod memory_pool;
mod notice;
mod options;
mod outcome;
mod parse;
mod planning;
mod point;
mod priority;
mod privileges;
mod progress;
mod roles;
mod search;
mod sequence;
mod session;
mod sqlstate;
mod stack;
mod state;
mod statement;
mod statistics;
mod tally;
pub mod text;
mod topk;
mod types;
mod unload;
mod write;
mod yielding;

pub use arrow;
pub use backup::{CopyProgress, CopyReport, Finding, Severity, check, is_database, restore};
pub use channel::Notification;
pub use database::Database;
/// A parameter's value.
pub use datafusion::common::ScalarValue as Value;
pub use describe::{ColumnDescription, IndexDescription, KeyDescription, TableDescription};
pub use error::{Error, Report, Result};
pub use export::{Dialect, Export, ExportedTable};
pub use functions::table::TABLE_FUNCTIONS;
pub use load::{CopyIn, FileFormat, LoadReport, LoadRequest};
pub use muster_embedders::{CacheCounts, CacheLimits, EmbedderConfig, Provider, parse_duration};
pub use notice::Notice;
pub use options::Options;
pub use outcome::{CommandTag, Outcome, QueryResult, Rows, Transfer};
pub use parse::{Statement, StatementKind};
pub use progress::{Phase, Progress};
pub use roles::{Membership, Role, Verifier};
pub use session::{
    Backend, CallableFunction, CommitPoint, Prepared, Session, Signals, Timeouts, Transaction,
    TransactionStatus,
};
pub use sqlstate::SqlState;
pub use tally::{CacheStatistics, SearchStatistics, Statistics, StorageStatistics, TableStatistics};
pub use types::oid;
pub use types::vector::VectorKind;
pub use unload::{CopyChunk, CopyOut};

/// The values of a statement's parameters, each made a [`Value`] by `From`.
///
/// ```
/// let params = muster::params!["welder", 5_i64];
/// assert_eq!(params.len(), 2);
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}
