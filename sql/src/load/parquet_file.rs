//! A Parquet file as batches of rows.

use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::source::{BATCH_ROWS, Places, Rows, Source};
use super::{bad_file, open_file};
use crate::Result;

/// Opens the file.
///
/// # Errors
/// 22P04 for a file that is no Parquet, cut or damaged.
pub(super) fn open(path: &Path) -> Result<Source> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(open_file(path)?).map_err(|error| bad_file(path, error))?;
    let schema = builder.schema().clone();
    let total = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
    let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|error| bad_file(path, error))?;
    let path = path.to_path_buf();
    let mut next = 1;
    let batches = reader.map(move |batch| {
        let batch = batch.map_err(|error| bad_file(&path, error))?;
        let first = next;
        next += batch.num_rows() as u64;
        Ok(Rows { batch, places: Places::From(first) })
    });
    Ok(Source { schema, total, batches: Box::new(batches), texts: false })
}
