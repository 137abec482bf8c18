//! Sequences at work: `nextval`, `currval`, `lastval`, `setval`.
//!
//! - [`Sequences`]: how far each is counted, for all sessions of a database.
//! - [`run`]: the values of one, step by step.
//! - [`Drawn`]: what a session drew last.
//! - [`functions`]: the SQL functions.
//!
//! Invariant: no value is given twice, whatever is rolled back and whenever the process ends. Values are lost then.

mod functions;
mod own;
mod reference;
mod run;
mod sequences;

pub(crate) use functions::{SequenceFunction, functions};
pub(crate) use own::Drawn;
pub(crate) use reference::{by_name, default_of, drawn, rename, uses};
pub(crate) use sequences::Sequences;
