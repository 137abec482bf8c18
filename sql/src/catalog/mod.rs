//! Muster's tables as DataFusion sees them.
//!
//! - [`StoredTable`]: a table of storage, by its definition; it holds no rows.
//! - [`lookup`]: filters that a key or an index answers.
//! - [`Scan`]: reads the rows from the snapshot that the running statement carries.
//! - [`PublicSchema`]: the list of tables, for `pg_catalog` and `information_schema`.
//! - [`system`]: the schemas `pg_catalog` and `information_schema`.
//! - [`relation`]: a relation's schema and name, and the string that storage knows it by.
//! - [`SearchPath`] and [`Namespace`]: which relation a name means.
//! - [`View`], [`Sequence`], [`comment`], [`object`]: what is no table, as storage keeps it.
//! - [`builtin`]: the tables that every database has from its start.

pub(crate) mod builtin;
pub(crate) mod comment;
mod lookup;
pub(crate) mod namespace;
mod narrow;
pub(crate) mod object;
pub(crate) mod relation;
mod scan;
mod schema;
pub(crate) mod search_path;
pub(crate) mod sequence;
mod stored_table;
pub(crate) mod system;
pub(crate) mod temporary;
pub(crate) mod view;

pub(crate) use lookup::{By, Lookup};
pub(crate) use namespace::{Namespace, RelationKind};
pub(crate) use relation::RelationName;
pub(crate) use scan::{Columns, Scan, rows_of};
pub(crate) use schema::PublicSchema;
pub(crate) use search_path::SearchPath;
pub(crate) use sequence::Sequence;
pub(crate) use stored_table::{ROW_ID, StoredTable};
pub(crate) use view::View;

/// The database's name.
pub(crate) const CATALOG: &str = "muster";
/// The schema that tables are in unless something else is said.
pub(crate) const SCHEMA: &str = "public";
