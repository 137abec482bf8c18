//! The rows of `COPY t FROM STDIN`, as they come.
//!
//! It takes bytes and keeps no more of them than a piece: rows are read, checked and written while
//! they come. Invariant: without [`CopyIn::finish`] nothing of them is ever in the table.

use std::fmt;
use std::sync::Arc;

use super::FileFormat;
use super::decoder::Decoder;
use super::loader::Loader;
use super::mapping::{Mapping, Naming};
use crate::outcome::CommandTag;
use crate::session::{Finish, StatementContext, cancellable};
use crate::sqlstate::SqlState;
use crate::statement::copy::CopyFrom;
use crate::tally::{Measure, TableCounts};
use crate::write::{RowMaker, RowRules, TableWriter, WriteWay};
use crate::{Error, Result};

/// Bytes that are waited for before they are read: enough for a batch of short rows.
const PIECE: usize = 256 * 1024;

/// A COPY that waits for its rows. Dropping it ends it, and nothing of it is kept.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> muster::Result<()> {
/// let session = muster::Database::in_memory()?.session();
/// session.execute("CREATE TABLE t (id int, name text)", &[]).await?;
/// let mut copy = session.copy_in("COPY t FROM STDIN (FORMAT csv)").await?;
/// copy.push(b"1,Ana\n2,").await?;
/// copy.push(b"Ben\n").await?;
/// assert_eq!(copy.finish().await?.rows_affected(), Some(2));
/// # Ok(())
/// # }
/// ```
pub struct CopyIn {
    /// Not there while it works, and after an error.
    feed: Option<Box<Feed>>,
    columns: usize,
    binary: bool,
    finish: Finish,
    counts: Arc<TableCounts>,
    /// The statement, until its rows are there.
    pub(crate) measure: Option<Measure>,
}

struct Feed {
    rows: Decoder,
    loader: Loader,
}

impl fmt::Debug for CopyIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyIn").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl CopyIn {
    /// Begins a COPY.
    ///
    /// # Errors
    /// As [`Mapping::of`] and [`RowRules::of`].
    pub(crate) fn begin(
        context: &StatementContext,
        copy: &CopyFrom,
        way: WriteWay,
        finish: Finish,
    ) -> Result<Self> {
        let StatementContext { database: shared, snapshot, .. } = context;
        // The definition as it is now: an index made since the plan brings its checks along.
        let table = &copy.definition.name;
        let definition = snapshot
            .table(table)
            .map(|table| table.definition().clone())
            .ok_or_else(|| Error::undefined_table(table))?;
        let columns = copy.columns();
        let count = columns.len();
        let binary = copy.options.format == FileFormat::Binary;
        let rows = match binary {
            true => Decoder::binary(&columns, &definition)?,
            false => Decoder::text(copy.options.text.clone(), columns, table),
        };
        let schema = rows.schema();
        let naming = Naming::Copy(table.clone());
        let mapping = Mapping::of(context, definition.clone(), (&schema, rows.texts()), None, naming)?;
        let writer = TableWriter::new(shared.store.clone(), &definition, way);
        let maker = RowMaker::new(RowRules::of(shared, snapshot, &definition)?);
        let feed = Box::new(Feed { rows, loader: Loader::new(mapping, maker, writer) });
        let counts = shared.tally.tables.of(snapshot, definition.id);
        Ok(Self { feed: Some(feed), columns: count, binary, finish, counts, measure: None })
    }

    /// How many columns a row has.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether the rows are to come in the format binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// Takes bytes, which may end anywhere in a row.
    ///
    /// # Errors
    /// What is wrong with a row, its line in [`Error::context`]: 22P04, 22P02, 23502 and others. The COPY is over
    /// then.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let feed = self.feed.as_mut().ok_or_else(over)?;
        feed.rows.feed(bytes);
        if feed.rows.waiting() < PIECE { Ok(()) } else { self.load(false).await }
    }

    /// Says that these were all rows: they are in the table when it returns, durably, or in the session's
    /// transaction.
    ///
    /// # Errors
    /// As [`CopyIn::push`]; 23505 for a key that is there already. Nothing is loaded then.
    pub async fn finish(mut self) -> Result<CommandTag> {
        self.load(true).await?;
        let feed = self.feed.take().ok_or_else(over)?;
        let rows = feed.loader.rows();
        self.finish.apply(move || feed.loader.finish()).await?;
        self.counts.loaded(rows);
        if let Some(mut measure) = self.measure.take() {
            measure.rows(rows);
            measure.succeed();
        }
        Ok(CommandTag::affecting("COPY", rows))
    }

    async fn load(&mut self, last: bool) -> Result<()> {
        let mut feed = self.feed.take().ok_or_else(over)?;
        let feed = cancellable(move |continues| {
            while let Some(rows) = feed.rows.next(last)? {
                feed.loader.add(&rows)?;
                if !continues() {
                    return Err(Error::new(SqlState::QueryCanceled, "the COPY was cancelled"));
                }
            }
            Ok(feed)
        })
        .await
        .map_err(|error| self.finish.told(error))?;
        self.feed = Some(feed);
        Ok(())
    }
}

fn over() -> Error {
    Error::new(SqlState::ObjectNotInPrerequisiteState, "the COPY is over: it failed or was cancelled")
}
