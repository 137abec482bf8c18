//! `muster bench multitier`: a staffing office at work. Many clients at once, each drawing one of six scenarios after the
//! other, over the wire, with prepared statements.
//!
//! ```text
//! args ── course ── prepare ── run ── verify ── report ── text, json, html (chart)
//!           │                   │
//!       own_server,         scenario ── steps ── client ──► server
//!       interruption            │         │
//!                             tally    pool, roster, validator
//!                      (usage, progress)
//! ```
//!
//! Scenarios are in `docs/multitier.md`. All clients are on one thread: the machine's other cores are the server's.

mod acknowledged;
mod args;
mod chart;
mod client;
mod course;
mod failure;
mod html;
mod interruption;
mod json;
mod own_server;
mod pool;
mod prepare;
mod progress;
mod report;
mod roster;
mod run;
mod scenario;
mod steps;
mod tally;
mod text;
mod usage;
mod validator;
mod verify;

use tokio::task::LocalSet;

pub(super) use self::args::MultitierArgs;
use crate::cli::error::{Error, Result};

/// Runs the load and reports.
///
/// # Errors
///
/// [`Error::Reported`] when a step failed or a playbook is lost; what keeps the load from running.
pub(super) fn run(args: &MultitierArgs) -> Result<()> {
    // One thread for all clients.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::System { action: "start the runtime", source })?;
    LocalSet::new().block_on(&runtime, course::follow(args))
}
