//! Rows in the formats text and csv, as PostgreSQL writes them.

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use bytes::{BufMut, BytesMut};

use super::copy_out::CopyChunk;
use crate::load::{Header, TextFormat};
use crate::statement::copy_options::CopyOptions;
use crate::text::writer;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct TextEncoder {
    format: TextFormat,
    /// By column, whether all its values stand in quotes.
    quoted: Vec<bool>,
    zone: Tz,
}

impl TextEncoder {
    /// For rows of `schema`; the clocks of `timestamptz` stand in `zone`.
    pub(crate) fn new(options: &CopyOptions, schema: &Schema, zone: Tz) -> Self {
        let quoted = schema.fields().iter().map(|field| options.force_quote.has(field.name()));
        Self { format: options.text.clone(), quoted: quoted.collect(), zone }
    }

    /// The line that names the columns, if there is to be one.
    pub(crate) fn header(&self, schema: &Schema) -> Option<CopyChunk> {
        if self.format.header == Header::None {
            return None;
        }
        let mut out = BytesMut::new();
        let single = schema.fields().len() == 1;
        for (number, field) in schema.fields().iter().enumerate() {
            if number > 0 {
                out.put_u8(self.format.delimiter);
            }
            self.put(field.name().as_bytes(), false, single, &mut out);
        }
        out.put_u8(b'\n');
        let end = out.len();
        Some(CopyChunk { bytes: out.freeze(), ends: vec![end], rows: 0 })
    }

    /// Rows, each ended by a newline.
    ///
    /// # Errors
    /// 0A000 for a type that has no text.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<CopyChunk> {
        let schema = batch.schema();
        let arrays = batch.columns().iter().map(flat).collect::<Result<Vec<_>>>()?;
        let mut columns = Vec::with_capacity(arrays.len());
        for ((array, field), quoted) in arrays.iter().zip(schema.fields()).zip(&self.quoted) {
            columns.push((array.logical_nulls(), writer(array, field, self.zone)?, *quoted));
        }
        let (mut out, mut value) = (BytesMut::new(), BytesMut::new());
        let mut ends = Vec::with_capacity(batch.num_rows());
        let single = columns.len() == 1;
        for row in 0..batch.num_rows() {
            for (number, (nulls, write, quoted)) in columns.iter().enumerate() {
                if number > 0 {
                    out.put_u8(self.format.delimiter);
                }
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    out.put_slice(self.format.null.as_bytes());
                    continue;
                }
                value.clear();
                write(row, &mut value)?;
                self.put(&value, *quoted, single, &mut out);
            }
            out.put_u8(b'\n');
            ends.push(out.len());
        }
        Ok(CopyChunk { bytes: out.freeze(), rows: ends.len() as u64, ends })
    }

    fn put(&self, value: &[u8], quoted: bool, single: bool, out: &mut BytesMut) {
        if self.format.csv { self.put_csv(value, quoted, single, out) } else { self.put_text(value, out) }
    }

    fn put_text(&self, value: &[u8], out: &mut BytesMut) {
        for byte in value {
            let escaped = match byte {
                8 => b'b',
                12 => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                11 => b'v',
                b'\\' => b'\\',
                byte if *byte == self.format.delimiter => *byte,
                byte => {
                    out.put_u8(*byte);
                    continue;
                }
            };
            out.put_u8(b'\\');
            out.put_u8(escaped);
        }
    }

    fn put_csv(&self, value: &[u8], quoted: bool, single: bool, out: &mut BytesMut) {
        let TextFormat { delimiter, quote, escape, .. } = self.format;
        let quoted = quoted
            || value == self.format.null.as_bytes()
            // Alone on its line it would end the data.
            || single && value == b"\\."
            || value.iter().any(|byte| *byte == delimiter || *byte == quote || matches!(byte, b'\n' | b'\r'));
        if !quoted {
            return out.put_slice(value);
        }
        out.put_u8(quote);
        for byte in value {
            if *byte == quote || *byte == escape {
                out.put_u8(escape);
            }
            out.put_u8(*byte);
        }
        out.put_u8(quote);
    }
}

/// A column without dictionary or run-length encoding.
pub(super) fn flat(array: &ArrayRef) -> Result<ArrayRef> {
    let values = match array.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        DataType::RunEndEncoded(_, values) => values.data_type(),
        _ => return Ok(array.clone()),
    };
    Ok(arrow::compute::cast(array, values)?)
}

impl From<crate::text::Fault> for Error {
    fn from(fault: crate::text::Fault) -> Self {
        use crate::sqlstate::SqlState;
        use crate::text::Fault;
        match fault {
            Fault::Unsupported(reason) => Self::unsupported(reason),
            Fault::OutOfRange(name) => {
                Self::new(SqlState::DatetimeFieldOverflow, format!("{name} out of range"))
            }
        }
    }
}
