//! Rows in the format binary, as PostgreSQL writes them.

use arrow::array::{Array, RecordBatch};
use bytes::{BufMut, BytesMut};

use super::copy_out::CopyChunk;
use super::text::flat;
use crate::load::SIGNATURE;
use crate::{Error, Result, binary};

/// Bytes that end a chunk.
const CHUNK: usize = 256 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct BinaryEncoder {
    /// Whether the header was written.
    begun: bool,
}

impl BinaryEncoder {
    /// Rows of a batch from one on, and which is next. The header is part of the first row, as drivers count on.
    ///
    /// # Errors
    /// 0A000 for a value without a binary form, 22008 for a date or time that has none.
    pub(crate) fn rows(&mut self, batch: &RecordBatch, from: usize) -> Result<(CopyChunk, usize)> {
        let schema = batch.schema();
        let arrays = batch.columns().iter().map(flat).collect::<Result<Vec<_>>>()?;
        let mut columns = Vec::with_capacity(arrays.len());
        for (array, field) in arrays.iter().zip(schema.fields()) {
            columns.push((array.logical_nulls(), binary::writer(array, field)?));
        }
        let count = i16::try_from(columns.len())
            .map_err(|_| Error::unsupported(format!("COPY of {} columns", columns.len())))?;
        let mut out = self.begin();
        let mut ends = Vec::new();
        for row in from..batch.num_rows() {
            out.put_i16(count);
            for (nulls, write) in &columns {
                binary::write_field(nulls.as_ref(), write, row, &mut out)?;
            }
            ends.push(out.len());
            if out.len() >= CHUNK {
                break;
            }
        }
        let next = from + ends.len();
        Ok((CopyChunk { bytes: out.freeze(), rows: ends.len() as u64, ends }, next))
    }

    /// The trailer.
    pub(crate) fn end(&mut self) -> CopyChunk {
        let mut out = self.begin();
        out.put_i16(-1);
        CopyChunk { ends: vec![out.len()], rows: 0, bytes: out.freeze() }
    }

    /// The header, unless it was written.
    fn begin(&mut self) -> BytesMut {
        let mut out = BytesMut::new();
        if !std::mem::replace(&mut self.begun, true) {
            out.put_slice(SIGNATURE);
            // No flags, no extension.
            out.put_bytes(0, 8);
        }
        out
    }
}
