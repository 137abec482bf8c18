//! PostgreSQL's large objects: values of up to 4 TB under an object id, read and written in pieces.
//!
//! Functions of SQL alone reach them (`lo_create`, `loread`, ...), and so does the protocol's FunctionCall, by the same
//! functions. They are rows of two tables that nothing lists, so they are part of transactions, backups and the journal as
//! rows are; see `docs/decisions/0033-large-objects.md`.
//!
//! - [`pages`]: the two tables. [`Objects`]: an object's bytes in a snapshot, and the changes that make others of them.
//! - [`Descriptors`]: what a transaction has opened.
//! - [`Call`]: what each function does. [`LargeObjectFunction`]: the functions as plans have them. [`file`]: those that
//!   read and write files of the server.
//! - [`owned`]: what of them is a role's.

mod argument;
mod call;
mod descriptors;
mod file;
mod function;
mod objects;
mod open;
mod owned;
mod pages;

pub(crate) use argument::parameter;
pub(crate) use descriptors::Descriptors;
pub(crate) use function::{LargeObjectFunction, as_number, functions, writes, written_by};
pub(crate) use objects::Objects;
pub(crate) use owned::{dropped, given, owned_by, reassigned};
pub(crate) use pages::{make_tables, table_names};
