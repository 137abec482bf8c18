//! Rows on their way into a table: mapped, made whole, written.
//!
//! It does not know where they come from. Invariant: nothing of them is in the table before
//! [`Loader::finish`], and after an error nothing ever is.

use std::time::{Duration, Instant};

use arrow::array::ArrayRef;
use muster_storage::Changes;

use super::mapping::Mapping;
use super::source::Rows;
use crate::write::{RowMaker, TableWriter};
use crate::{Error, Result};

/// See the module.
pub(crate) struct Loader {
    mapping: Mapping,
    maker: RowMaker,
    writer: TableWriter,
    rows: u64,
    /// Time spent bringing values to their types.
    pub(super) mapped: Duration,
    /// Time spent computing generated columns and writing.
    pub(super) made: Duration,
}

impl Loader {
    pub(crate) fn new(mapping: Mapping, maker: RowMaker, writer: TableWriter) -> Self {
        Self { mapping, maker, writer, rows: 0, mapped: Duration::ZERO, made: Duration::ZERO }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// That of the first row which cannot be one of the table's, with its place.
    pub(crate) fn add(&mut self, rows: &Rows) -> Result<()> {
        let start = Instant::now();
        let given = match self.mapping.map(rows) {
            Ok(given) => given,
            Err((row, error)) => {
                // A row before it may be at fault in another way; the first one is told.
                let head = rows.head(row);
                if row > 0
                    && let Ok(given) = self.mapping.map(&head)
                {
                    self.make(given, &head)?;
                }
                return Err(error);
            }
        };
        self.mapped += start.elapsed();
        let start = Instant::now();
        self.make(given, rows)?;
        self.rows += rows.batch.num_rows() as u64;
        self.made += start.elapsed();
        Ok(())
    }

    fn make(&mut self, given: Vec<Option<ArrayRef>>, rows: &Rows) -> Result<()> {
        let count = rows.batch.num_rows();
        match self.maker.make(given.clone(), count) {
            Ok(made) => self.writer.push(made),
            // It is not a row that is at fault, and each would wait as long again.
            Err(error) if error.is_beyond_rows() => Err(error),
            Err(error) => Err(self.name_row(error, &given, rows)),
        }
    }

    /// Makes the rows one by one, to say which it is that cannot be made.
    fn name_row(&mut self, error: Error, given: &[Option<ArrayRef>], rows: &Rows) -> Error {
        for row in 0..rows.batch.num_rows() {
            let single = given.iter().map(|values| values.as_ref().map(|values| values.slice(row, 1)));
            if let Err(error) = self.maker.make(single.collect(), 1) {
                return self.mapping.name_row(error, rows, row);
            }
        }
        error
    }

    /// How many rows were added.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left. The rows are in the table then, or are changes that will bring them there.
    ///
    /// # Errors
    /// 23505 for a key that is there already; what storage gives.
    pub(crate) fn finish(self) -> Result<Option<Changes>> {
        self.writer.finish()
    }
}
