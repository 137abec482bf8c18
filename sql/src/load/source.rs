//! A file as batches of rows, whatever its format.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use muster_storage::TableDefinition;

use super::{FileFormat, Request, binary_file, csv, jsonl, parquet_file};
use crate::Result;

/// Rows of one batch: enough to keep all cores embedding, little enough to show progress.
pub(super) const BATCH_ROWS: usize = 2048;

/// Characters of a record that an error shows (PostgreSQL's `MAX_COPY_DATA_DISPLAY`).
const SHOWN: usize = 100;

/// Where the rows of a batch stand, for messages.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    /// By their numbers, the first row's from 1.
    From(u64),
    /// By their numbers as well, in a format in which COPY calls them lines.
    Tuples(u64),
    /// Each on a line.
    Lines(Vec<u64>),
    /// Each on a line, with what is written there: one text, and where in it each begins.
    Records { lines: Vec<u64>, starts: Vec<usize>, raw: String },
}

/// A batch of rows, and where they stand.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) batch: RecordBatch,
    pub(crate) places: Places,
}

impl Rows {
    /// The place of a row of the batch: `line 3`.
    pub(crate) fn place(&self, row: usize) -> String {
        match &self.places {
            Places::From(first) => format!("row {}", first + row as u64),
            Places::Tuples(first) => format!("line {}", first + row as u64),
            Places::Lines(lines) | Places::Records { lines, .. } => {
                format!("line {}", lines.get(row).copied().unwrap_or_default())
            }
        }
    }

    /// What is written in a row's place, where that is known.
    pub(crate) fn record(&self, row: usize) -> Option<&str> {
        let Places::Records { starts, raw, .. } = &self.places else { return None };
        let end = starts.get(row + 1).copied().unwrap_or(raw.len());
        raw.get(*starts.get(row)?..end)
    }

    /// The first rows.
    pub(crate) fn head(&self, rows: usize) -> Self {
        Self { batch: self.batch.slice(0, rows), places: self.places.clone() }
    }
}

/// A text as an error shows it: its beginning.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_string(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// The context of an error in a record: `COPY t, line 3: "1,x"`.
pub(crate) fn record_place(table: &str, line: u64, record: &str) -> String {
    format!("COPY {table}, line {line}: \"{}\"", shown(record))
}

/// See the module.
pub(super) struct Source {
    /// The file's columns.
    pub(super) schema: SchemaRef,
    /// The file's rows, where the format tells.
    pub(super) total: Option<u64>,
    pub(super) batches: Box<dyn Iterator<Item = Result<Rows>>>,
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
            FileFormat::Text | FileFormat::Csv => csv::open(request, table),
            FileFormat::Binary => binary_file::open(request, table),
            FileFormat::JsonLines => jsonl::open(&request.path, table),
        }
    }
}
