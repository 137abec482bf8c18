//! What a statement gives back: a command tag, and rows where it has any.
//!
//! It is not an encoding: the server turns these into protocol messages, the library hands them out.

use std::fmt;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures::stream::BoxStream;

use crate::load::CopyIn;
use crate::unload::CopyOut;
use crate::{Error, Result};

/// The outcome of one statement.
#[derive(Debug)]
pub struct Outcome {
    /// What PostgreSQL would answer when the statement is complete.
    pub tag: CommandTag,
    /// The rows, for a statement that returns any (possibly none of them).
    pub rows: Option<Rows>,
    /// The data of a COPY that goes on over the connection. The tag is then that of no rows: taken data is counted by
    /// [`CopyIn::finish`], given data by whoever reads it.
    pub copy: Option<Transfer>,
    /// Whether the rows are wanted in binary where the client has not said how: those of a cursor that was declared BINARY.
    pub binary: bool,
}

impl Outcome {
    pub(crate) fn done(tag: CommandTag) -> Self {
        Self { tag, rows: None, copy: None, binary: false }
    }

    pub(crate) fn with_rows(tag: CommandTag, rows: Rows) -> Self {
        Self { rows: Some(rows), ..Self::done(tag) }
    }

    pub(crate) fn with_copy(copy: Transfer) -> Self {
        Self { copy: Some(copy), ..Self::done(CommandTag::returning("COPY")) }
    }
}

/// The data of a COPY, which way it goes.
#[derive(Debug)]
pub enum Transfer {
    /// `COPY t FROM STDIN`
    In(CopyIn),
    /// `COPY ... TO STDOUT`
    Out(CopyOut),
}

impl Transfer {
    /// The error of a program that has no data to take or give at this place.
    #[must_use]
    pub fn refusal(&self, place: &str) -> Error {
        match self {
            Self::In(_) => Error::unsupported(format!("COPY FROM STDIN {place}")),
            Self::Out(_) => Error::unsupported(format!("COPY TO STDOUT {place}")),
        }
    }
}

/// Rows on their way. Dropping them cancels the statement.
pub struct Rows {
    /// The columns.
    pub schema: SchemaRef,
    /// Batches of rows, in order.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// The tag that ends a statement: `SELECT 5`, `INSERT 0 3`, `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandTag {
    name: &'static str,
    count: Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// The tag has no number.
    None,
    /// The number is that of the rows sent.
    Returned,
    /// The number is that of the rows changed.
    Affected(u64),
}

impl CommandTag {
    pub(crate) const fn plain(name: &'static str) -> Self {
        Self { name, count: Count::None }
    }

    pub(crate) const fn returning(name: &'static str) -> Self {
        Self { name, count: Count::Returned }
    }

    pub(crate) const fn affecting(name: &'static str, rows: u64) -> Self {
        Self { name, count: Count::Affected(rows) }
    }

    /// The tag's text once `rows_sent` rows were sent.
    #[must_use]
    pub fn complete(&self, rows_sent: u64) -> String {
        match self.count {
            Count::None => self.name.to_string(),
            Count::Returned => format!("{} {rows_sent}", self.name),
            // PostgreSQL keeps a zero where an object id once stood.
            Count::Affected(rows) if self.name == "INSERT" => format!("INSERT 0 {rows}"),
            Count::Affected(rows) => format!("{} {rows}", self.name),
        }
    }

    /// The rows that the statement changed; `None` where it changes none by its nature.
    #[must_use]
    pub fn rows_affected(&self) -> Option<u64> {
        match self.count {
            Count::Affected(rows) => Some(rows),
            Count::None | Count::Returned => None,
        }
    }
}

/// All rows of one statement.
#[derive(Clone, Debug)]
pub struct QueryResult {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl QueryResult {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }

    /// The columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The rows, in order.
    #[must_use]
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows, taken out.
    #[must_use]
    pub fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// How many rows there are.
    #[must_use]
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}
