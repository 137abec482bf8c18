//! `muster-benches ann`: recall@10 against queries a second, of Muster and of its peers, in one run on the same
//! vectors and queries.
//!
//! - [`args`]: what can be asked for; [`problem`]: vectors, queries and the exact answers.
//! - [`system`]: what is measured, as the run sees it. `graph`: the engine's graph alone; `library`: Muster in
//!   process; `wire`: a server of the PostgreSQL protocol, which `server` (Muster) or `postgres` (pgvector) runs;
//!   `peer`: a script of `benches/peers`, run by the interpreter of `python`.
//! - [`pass`]: the raw result of one measurement; [`point`]: what is said of all rounds of one; `percentile`: how.
//! - `sql`: the statements that Muster and pgvector both run; `vectors`: vectors as the wire has them.
//! - `contest`: who takes part, and the turns they take; `opening`, `workforce`, `memory`: what else is promised.
//! - [`run()`]: all of it; [`record`]: what a run found; [`target`]: the promises as ratios; `report` and [`plot`]:
//!   how both are shown.
//!
//! Invariant: recall, percentiles and rates are computed here, by the same code for every system.

pub mod args;
mod contest;
mod graph;
mod library;
mod memory;
mod opening;
pub mod pass;
mod peer;
mod percentile;
pub mod plot;
pub mod point;
mod postgres;
pub mod problem;
mod process;
mod python;
pub mod record;
mod report;
pub mod run;
mod server;
mod sql;
pub mod system;
pub mod target;
mod vectors;
mod wire;
mod workforce;

pub use args::Args;
pub use opening::{OpenArgs, open};
pub use run::run;
