//! One connection's view of the database: its settings, its statements.
//!
//! - [`Session`]: parse, prepare, run.
//! - [`Prepared`]: a statement that is planned, with its parameters open.
//! - [`StatementContext`]: what a running statement carries to its plan's nodes.
//! - [`TransactionStatus`], [`Transaction`]: blocks from BEGIN to COMMIT or ROLLBACK.
//! - [`Caller`]: what functions in the plan know of it.
//! - [`CommitPoint`]: from where on a statement is not cancelled.
//! - [`Settings`]: `SET` and `SHOW`.
//! - [`named`]: `PREPARE`, `EXECUTE`, `DEALLOCATE`.
//! - [`Timeouts`]: how long a statement may take; who drives the session keeps to them.
//! - [`Own`]: what a session has beside them.

mod block;
mod caller;
mod commit;
mod commit_point;
mod context;
mod control;
mod copy;
mod described;
mod finish;
mod maintain;
mod named;
mod own;
mod playbooks;
mod prepared;
mod run;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod session;
pub(crate) mod settings;
mod timeouts;
mod transaction;
mod utility;

pub use block::TransactionStatus;
pub(crate) use caller::Caller;
pub use commit_point::CommitPoint;
pub(crate) use commit_point::Committing;
pub(crate) use context::StatementContext;
pub(crate) use described::{columns_of, reads_stored, signed};
pub(crate) use finish::Finish;
pub(crate) use own::Own;
pub(crate) use playbooks::check_max_distance;
pub(crate) use prepared::Planned;
pub use prepared::Prepared;
pub(crate) use run::{blocking, cancellable, physical_of};
pub use session::Session;
pub(crate) use settings::Settings;
pub use timeouts::Timeouts;
pub use transaction::Transaction;
