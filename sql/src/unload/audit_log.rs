//! Rows of the audit log as the lines that they were read from, byte for byte.
//!
//! A row that came by INSERT has no line: it is written as one that reads as it.

use arrow::array::timezone::Tz;
use arrow::array::{Array, AsArray, RecordBatch};
use bytes::{BufMut, BytesMut};

use super::jsonl;
use crate::audit::COLUMNS;
use crate::{Error, Result};

/// The last of [`COLUMNS`].
const RAW: usize = COLUMNS.len() - 1;

/// Appends the rows of a batch of [`COLUMNS`].
///
/// # Errors
/// Those of [`jsonl::rows`].
pub(super) fn lines(batch: &RecordBatch, zone: Tz, out: &mut BytesMut) -> Result<()> {
    let raw = batch.columns().get(RAW).and_then(|raw| raw.as_string_opt::<i32>());
    let raw = raw.ok_or_else(|| Error::unsupported("COPY of an audit log whose lines are no texts"))?;
    let given: Vec<usize> = (0..RAW).collect();
    for row in 0..batch.num_rows() {
        if raw.is_valid(row) {
            out.put_slice(raw.value(row).as_bytes());
            out.put_u8(b'\n');
        } else {
            jsonl::rows(&batch.slice(row, 1).project(&given)?, zone, out)?;
        }
    }
    Ok(())
}
