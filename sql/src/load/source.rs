//! A file as batches of rows, whatever its format.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use muster_storage::TableDefinition;

use super::{FileFormat, Request, csv, jsonl, parquet_file};
use crate::Result;

/// Rows of one batch: enough to keep all cores embedding, little enough to show progress.
pub(super) const BATCH_ROWS: usize = 2048;

/// See the module.
pub(super) struct Source {
    /// The file's columns.
    pub(super) schema: SchemaRef,
    /// The file's rows, where the format tells.
    pub(super) total: Option<u64>,
    pub(super) batches: Box<dyn Iterator<Item = Result<RecordBatch>>>,
    /// The line that the first row stands on, for formats of lines.
    pub(super) first_line: Option<u64>,
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
