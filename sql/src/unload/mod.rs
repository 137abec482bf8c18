//! Rows out of the database: what COPY TO sends over a connection or writes to a file.
//!
//! It is the way back of [`crate::load`]: what is written here is read there.
//!
//! - [`text`]: the formats text and csv.
//! - [`jsonl`]: one JSON object a row.
//! - [`audit_log`]: the lines that rows of the audit log were read from.
//! - [`copy_out`]: a result as pieces for a connection.
//! - [`file`]: a result as a file, whole or not at all.

mod audit_log;
mod copy_out;
mod file;
pub(crate) mod jsonl;
mod text;

pub use copy_out::{CopyChunk, CopyOut};
pub(crate) use file::write_file;
pub(crate) use text::TextEncoder;
