//! What can go wrong, and what the caller should do about it.
//!
//! It is the one error type of the crate. It is not a SQLSTATE: the SQL layer matches on it and chooses one.
//! Invariant: every variant is cheap to clone, because all commits of a group share the fate of one fsync.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The result of a storage operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed storage operation.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation. Report it; what was asked for has not happened.
    #[error("could not {operation} {path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted, as a verb.
        operation: &'static str,
        /// What the operating system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The disk, or a quota on it, is full. Free space and try again; reads go on meanwhile.
    #[error("no space left to write {path}", path = path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// A file does not hold what was written. Restore it from a backup, or, for an index file, rebuild it.
    #[error("{path} is corrupt at byte {offset}: {detail}", path = path.display())]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// The first byte known to be in damaged territory.
        offset: u64,
        /// What was expected and what was found.
        detail: String,
    },
    /// Another process, or another store of this process, owns the folder. Connect to that one, or stop it.
    #[error("the database {path} is in use by process {holder}", path = path.display())]
    Locked {
        /// The database's folder.
        path: PathBuf,
        /// The holder's process id as it wrote it, or `unknown`.
        holder: String,
    },
    /// The files were written by a newer version of Muster. Use that version.
    #[error("{path} has format version {found}, but this version of Muster reads at most {supported}", path = path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The version it carries.
        found: u32,
        /// The newest version this code reads.
        supported: u32,
    },
    /// A row's key is taken. Choose another key, or update the row that has it.
    #[error("table \"{table}\": duplicate key violates \"{constraint}\": {key} already exists")]
    DuplicateKey {
        /// The table.
        table: String,
        /// The violated constraint.
        constraint: String,
        /// The constraint's columns.
        columns: Vec<String>,
        /// The key, as in `(tenant, id)=(north, 7)`.
        key: String,
    },
    /// A null stands where the schema allows none. Give a value.
    #[error("null value in column \"{column}\" of table \"{table}\" violates its not-null constraint")]
    NotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The name is taken. Choose another, or drop that table first.
    #[error("table \"{table}\" already exists")]
    TableExists {
        /// The table.
        table: String,
    },
    /// There is no such table (any more). Check the name.
    #[error("table \"{table}\" does not exist")]
    NoSuchTable {
        /// The table.
        table: String,
    },
    /// The name is taken by another index of the database. Choose another, or drop that index first.
    #[error("index \"{index}\" already exists")]
    IndexExists {
        /// The index.
        index: String,
    },
    /// There is no such index (any more). Check the name.
    #[error("index \"{index}\" does not exist on table \"{table}\"")]
    NoSuchIndex {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// There is no such key constraint. Check the name.
    #[error("constraint \"{constraint}\" does not exist on table \"{table}\"")]
    NoSuchConstraint {
        /// The table.
        table: String,
        /// The constraint.
        constraint: String,
    },
    /// The segment is no longer part of the table. Take a new snapshot and start from its segments.
    #[error("segment {segment} does not belong to table \"{table}\"")]
    NoSuchSegment {
        /// The table.
        table: String,
        /// The segment.
        segment: u64,
    },
    /// Somebody else changed the same row, or the table, first. Run the transaction again on a new snapshot.
    #[error("table \"{table}\" was changed concurrently: {detail}")]
    Conflict {
        /// The table.
        table: String,
        /// What was in the way.
        detail: String,
    },
    /// Somebody else changed a table that the transaction had read, and committed first. Run the transaction again.
    #[error("table \"{table}\", which the transaction has read, was changed by another transaction")]
    ReadConflict {
        /// The table.
        table: String,
    },
    /// Writing has stopped after a failure that could not be undone. Repair the cause; the next write tries again.
    #[error("the database is read-only: {reason}")]
    ReadOnly {
        /// The failure that stopped writing.
        reason: String,
    },
    /// A folder is not what it must be for what was asked. Choose another, or empty it.
    #[error("{path}: {detail}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The work was told to stop. What it had done so far stays, or is gone without a trace.
    #[error("cancelled")]
    Cancelled,
    /// The rows or the definition do not fit. Correct them.
    #[error("table \"{table}\": {detail}")]
    Schema {
        /// The table.
        table: String,
        /// What does not fit.
        detail: String,
    },
    /// One commit is too large for the journal. Split it, or use a bulk load.
    #[error("a commit of {bytes} bytes to table \"{table}\" exceeds the limit of {limit}")]
    TooLarge {
        /// The table.
        table: String,
        /// The size of the encoded rows.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Arrow could not encode or decode. Report it as a defect, with the message.
    #[error("{path}: {source}", path = path.display())]
    Arrow {
        /// The file the rows come from or go to.
        path: PathBuf,
        /// What Arrow said.
        #[source]
        source: Arc<arrow::error::ArrowError>,
    },
    /// Parquet could not encode or decode. Report it as a defect, with the message.
    #[error("{path}: {source}", path = path.display())]
    Parquet {
        /// The segment file.
        path: PathBuf,
        /// What Parquet said.
        #[source]
        source: Arc<parquet::errors::ParquetError>,
    },
}

impl Error {
    /// The error for a failed file operation; a full disk is told apart from everything else.
    pub(crate) fn io(path: &Path, operation: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Error::DiskFull { path: path.into() }
            }
            _ => Error::Io { path: path.into(), operation, source: Arc::new(source) },
        }
    }

    pub(crate) fn corrupt(path: &Path, offset: u64, detail: impl Into<String>) -> Self {
        Error::Corrupt { path: path.into(), offset, detail: detail.into() }
    }

    pub(crate) fn arrow(path: &Path, source: arrow::error::ArrowError) -> Self {
        Error::Arrow { path: path.into(), source: Arc::new(source) }
    }

    pub(crate) fn parquet(path: &Path, source: parquet::errors::ParquetError) -> Self {
        Error::Parquet { path: path.into(), source: Arc::new(source) }
    }

    pub(crate) fn schema(table: &str, detail: impl Into<String>) -> Self {
        Error::Schema { table: table.into(), detail: detail.into() }
    }
}
