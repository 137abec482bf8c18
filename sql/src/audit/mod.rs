//! The log of audit baselines: lines of JSON as rows of `audit_baselines`, and back byte for byte.
//!
//! - [`line`]: what a line says.
//! - [`log`]: which table it is, and its columns.
//!
//! How two baselines differ is the engine's (`muster_engine::audit`).

mod line;
mod log;

pub(crate) use line::{AuditLine, numbers};
pub(crate) use log::{COLUMNS, TABLE, is_log, lines_query};
