//! Muster's tables as DataFusion sees them.
//!
//! - [`StoredTable`]: a table of storage, by its definition; it holds no rows.
//! - [`Scan`]: reads the rows from the snapshot that the running statement carries.
//! - [`PublicSchema`]: the list of tables, for `pg_catalog` and `information_schema`.
//! - [`system`]: the schemas `pg_catalog` and `information_schema`.
//! - [`relation`]: a relation's schema and name, and the string that storage knows it by.
//! - [`builtin`]: the tables that every database has from its start.

pub(crate) mod builtin;
pub(crate) mod relation;
mod scan;
mod schema;
mod stored_table;
pub(crate) mod system;

pub(crate) use relation::RelationName;
pub(crate) use scan::Scan;
pub(crate) use schema::PublicSchema;
pub(crate) use stored_table::StoredTable;

/// The database's name.
pub(crate) const CATALOG: &str = "muster";
/// The schema of all tables.
pub(crate) const SCHEMA: &str = "public";
