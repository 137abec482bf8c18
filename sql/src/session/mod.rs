//! One connection's view of the database: its settings, its statements.
//!
//! - [`Session`]: parse, prepare, run.
//! - [`Prepared`]: a statement that is planned, with its parameters open.
//! - [`StatementContext`]: what a running statement carries to its plan's nodes.
//! - [`TransactionStatus`], [`Transaction`]: blocks from BEGIN to COMMIT or ROLLBACK.
//! - [`Caller`]: what functions in the plan know of it.
//! - [`CommitPoint`]: from where on a statement is not cancelled.
//! - [`Settings`]: `SET` and `SHOW`.
//! - [`cursor`]: `DECLARE`, `FETCH`, `MOVE`, `CLOSE`.
//! - [`named`]: `PREPARE`, `EXECUTE`, `DEALLOCATE`.
//! - [`notify`]: `LISTEN`, `UNLISTEN`, `NOTIFY`.
//! - [`Timeouts`]: how long a statement may take; who drives the session keeps to them.
//! - [`function`]: functions by their object ids. [`large_objects`]: what they do to the transaction.
//! - [`Own`]: what a session has beside them.
//! - [`Live`]: what functions in a running plan may change of it.

mod activity;
mod backend;
mod block;
mod blocking;
mod caller;
mod commit;
mod commit_point;
mod configure;
mod constraints;
mod context;
mod control;
mod copy;
mod cursor;
mod described;
mod discard;
mod finish;
mod foreign_keys;
mod function;
mod granting;
mod large_objects;
mod live;
mod maintain;
mod named;
mod notify;
mod own;
mod plan;
mod prepared;
mod reads;
mod run;
#[expect(clippy::module_inception, reason = "the noun of the folder")]
mod session;
mod sessions;
pub(crate) mod settings;
mod signals;
mod transaction;
mod utility;

pub use backend::Backend;
pub use block::TransactionStatus;
pub(crate) use blocking::{blocking, cancellable};
pub(crate) use caller::Caller;
pub use commit_point::CommitPoint;
pub(crate) use commit_point::Committing;
pub(crate) use context::StatementContext;
pub(crate) use described::{columns_of, reads_stored, signed};
pub(crate) use finish::Finish;
pub use function::CallableFunction;
pub(crate) use live::Live;
pub(crate) use own::Own;
pub(crate) use prepared::Planned;
pub use prepared::Prepared;
pub(crate) use reads::Reads;
pub(crate) use run::physical_of;
pub use session::Session;
pub(crate) use sessions::Sessions;
pub(crate) use settings::Settings;
pub(crate) use settings::playbooks::check_max_distance;
pub use settings::timeouts::Timeouts;
pub use signals::Signals;
pub use transaction::Transaction;
