//! Sequences at work: `nextval`, `currval`, `lastval`, `setval`.
//!
//! - [`Sequences`]: how far each is counted, for all sessions of a database.
//! - [`run`]: the values of one, step by step.
//! - [`Own`]: what a session drew last.
//! - [`functions`]: the SQL functions.
//! - [`bind`]: gives the functions in a plan the session that runs it.
//!
//! Invariant: no value is given twice, whatever is rolled back and whenever the process ends. Values are lost then.

mod bind;
mod functions;
mod own;
mod reference;
mod run;
mod sequences;

pub(crate) use bind::{bind, bind_expression};
pub(crate) use functions::functions;
pub(crate) use own::Drawn;
pub(crate) use reference::{by_name, default_of, rename, uses};
pub(crate) use sequences::Sequences;
