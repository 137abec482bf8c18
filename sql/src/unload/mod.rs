//! Rows out of the database: what COPY TO sends over a connection or writes to a file.
//!
//! It is the way back of [`crate::load`]: what is written here is read there.
//!
//! - [`text`]: the formats text and csv; [`binary`]: the format binary; [`encoder`]: whichever of these.
//! - [`jsonl`]: one JSON object a row.
//! - [`audit_log`]: the lines that rows of the audit log were read from.
//! - [`copy_out`]: a result as pieces for a connection.
//! - [`file`]: a result as a file, whole or not at all.

mod audit_log;
mod binary;
mod copy_out;
mod encoder;
mod file;
pub(crate) mod jsonl;
mod text;

pub use copy_out::{CopyChunk, CopyOut};
pub(crate) use encoder::Encoder;
pub(crate) use file::write_file;
