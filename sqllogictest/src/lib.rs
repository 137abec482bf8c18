//! Runs the SQL cases (`cases/**/*.slt`) on three engines that must not be told apart.
//!
//! | engine | how a statement gets to the database | how values come back |
//! |---|---|---|
//! | [`embedded`](engine::Embedded) | [`muster::Session`], in this process | Arrow arrays, printed by [`text::arrow`] |
//! | [`simple`](engine::Simple) | PostgreSQL's simple protocol over TCP | the server's own text |
//! | [`extended`](engine::Extended) | prepared statements of tokio-postgres | binary, printed by [`text::binary`] |
//!
//! A case states one result; the three engines must give it, value by value, with the same column
//! types ([`ColumnType`]) and, for failures, the same SQLSTATE. So a case is at once a test of the
//! database, of the server's text encoders and of its binary encoders.
//!
//! What this crate is not: a place for knowledge about features. It knows how PostgreSQL prints
//! values, nothing about searches, tables or indexes.
//!
//! Beyond the ordinary language of sqllogictest there are:
//!
//! - `-- params: ["forklift", 5, null]` as the first line of a record: the values of `$1`, `$2`, ...
//!   (see [`params`]);
//! - `$__FIXTURES__` after `control substitution on`: the folder of fixture files;
//! - `-- reopen` as the whole text of a statement, in `cases/storage/` only: closes the database and
//!   opens it again (see [`host`]).
//!
//! The rules that keep a case from passing by accident are in [`strict`].

pub mod column;
pub mod engine;
pub mod error;
pub mod host;
pub mod params;
pub mod run;
pub mod strict;
pub mod text;

pub use column::ColumnType;
pub use error::Error;
pub use run::{EngineKind, case_files, cases_dir, run_file};

/// Compiles the programs in the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
