//! Durable, versioned tables of Arrow rows.
//!
//! A [`Store`] is a database directory. A [`Snapshot`] of it is everything at one commit; its [`Table`]s consist of
//! [`Part`]s: sealed segments, and chunks of rows that are still in the journal. [`Changes`] make the next snapshot;
//! a [`BulkLoad`] does so for many rows at once.
//!
//! ```text
//!  commit ──► journal.redb ──(checkpoint)──► segments/  ◄── bulk load
//!             manifest, rows                 .parquet, .vec, .graph
//!                  └───────── snapshot ──────────┘
//! ```
//!
//! It is not a query engine: it knows no SQL and not what a vector means. `docs/format.md` has the byte layouts.
//! Invariant: what was acknowledged is there after any crash, and nothing else is.

mod alteration;
mod backend;
mod backup;
mod cache;
mod changes;
mod check;
mod checksum;
mod chunk;
mod conform;
mod content;
mod definition;
mod error;
mod id;
mod journal;
mod keys;
mod layout;
mod lazy;
mod options;
mod part;
mod references;
mod row_ids;
mod segment;
mod snapshot;
mod store;
mod table;

pub use alteration::Alteration;
pub use backend::{
    Backend, BackendFile, DiskBackend, Fault, FaultyBackend, LockGuard, MemoryBackend, Operation, Unsynced,
};
pub use backup::{CopyProgress, CopyReport, restore};
pub use changes::Changes;
pub use check::{Finding, Severity};
pub use content::Content;
pub use definition::{IndexDefinition, KeyConstraint, TableDefinition};
pub use error::{Error, Result};
pub use id::{IndexId, SegmentId, TableId};
pub use keys::KeySet;
pub use layout::Layouts;
pub use options::Options;
pub use part::Part;
pub use references::Referring;
pub use segment::index_file::{IndexContent, IndexReader};
pub use segment::vector_rows::VectorRows;
pub use snapshot::{ObjectsId, Snapshot, UNLISTED};
pub use store::{
    Activity, BulkLoad, CheckpointPolicy, Commit, Effort, MakeIndexes, PutIndex, Savepoint, Store,
    Transaction,
};
pub use table::{JournalUse, Table};
