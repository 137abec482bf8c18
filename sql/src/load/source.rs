//! A file as batches of rows, whatever its format.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use muster_storage::TableDefinition;
use parking_lot::Mutex;

use super::{FileFormat, Request, csv, jsonl, parquet_file};
use crate::Result;

/// Rows of one batch: enough to keep all cores embedding, little enough to show progress.
pub(super) const BATCH_ROWS: usize = 2048;

/// The lines of the rows read so far.
pub(super) type LineNumbers = Arc<Mutex<Vec<u64>>>;

/// Where a row stands in its file, for messages.
pub(super) enum Place {
    /// By its number, from 1.
    Row,
    /// On a line of its own, the first row on this one.
    LineFrom(u64),
    /// On the line that is noted here.
    Lines(LineNumbers),
}

impl Place {
    /// The place of the row with this number, from 0.
    pub(super) fn of(&self, row: u64) -> String {
        match self {
            Self::Row => format!("row {}", row + 1),
            Self::LineFrom(first) => format!("line {}", first + row),
            Self::Lines(lines) => {
                let line = usize::try_from(row).ok().and_then(|row| lines.lock().get(row).copied());
                line.map_or_else(|| format!("row {}", row + 1), |line| format!("line {line}"))
            }
        }
    }
}

/// See the module.
pub(super) struct Source {
    /// The file's columns.
    pub(super) schema: SchemaRef,
    /// The file's rows, where the format tells.
    pub(super) total: Option<u64>,
    pub(super) batches: Box<dyn Iterator<Item = Result<RecordBatch>>>,
    /// Where the rows stand in the file.
    pub(super) place: Place,
    /// Whether all columns come as texts, as they stand in the file.
    pub(super) texts: bool,
}

impl Source {
    /// Opens the file of a request, for `table` where it is there.
    ///
    /// # Errors
    /// 58P01 for no such file, 22P04 for one that cannot be read.
    pub(super) fn open(request: &Request, table: Option<&TableDefinition>) -> Result<Self> {
        match request.format()? {
            FileFormat::Parquet => parquet_file::open(&request.path),
            FileFormat::Csv => csv::open(request, table),
            FileFormat::JsonLines => jsonl::open(&request.path, table),
        }
    }
}
