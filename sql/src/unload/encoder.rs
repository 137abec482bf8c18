//! The rows of a COPY that gives them, as bytes, whichever of the formats that go in pieces it has.

use arrow::array::timezone::Tz;
use arrow::array::{RecordBatch, new_empty_array};
use arrow::datatypes::Schema;

use super::binary::BinaryEncoder;
use super::copy_out::CopyChunk;
use super::text::TextEncoder;
use crate::load::FileFormat;
use crate::sqlstate::SqlState;
use crate::statement::copy_options::CopyOptions;
use crate::types::{oid, type_name};
use crate::{Error, Result, binary};

/// See the module.
#[derive(Debug)]
pub(crate) enum Encoder {
    /// text and csv
    Text(TextEncoder),
    /// binary
    Binary(BinaryEncoder),
}

impl Encoder {
    /// For rows of `schema`; the clocks of `timestamptz` stand in `zone`.
    ///
    /// # Errors
    /// 42883 for a column of a type that has no binary form.
    pub(crate) fn of(options: &CopyOptions, schema: &Schema, zone: Tz) -> Result<Self> {
        if options.format != FileFormat::Binary {
            return Ok(Self::Text(TextEncoder::new(options, schema, zone)));
        }
        for field in schema.fields() {
            let empty = new_empty_array(field.data_type());
            if oid::of(field).is_none() || binary::writer(&super::text::flat(&empty)?, field).is_err() {
                let message = format!("no binary output function available for type {}", type_name(field));
                return Err(Error::new(SqlState::UndefinedFunction, message));
            }
        }
        Ok(Self::Binary(BinaryEncoder::default()))
    }

    /// Whether the bytes are no text.
    pub(crate) fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// What stands before the rows on its own.
    pub(crate) fn header(&self, schema: &Schema) -> Option<CopyChunk> {
        match self {
            Self::Text(encoder) => encoder.header(schema),
            Self::Binary(_) => None,
        }
    }

    /// Rows of a batch from one on, at least one, and which is next.
    ///
    /// # Errors
    /// What a value cannot be written for.
    pub(crate) fn rows(&mut self, batch: &RecordBatch, from: usize) -> Result<(CopyChunk, usize)> {
        match self {
            Self::Text(encoder) => {
                let rest = batch.slice(from, batch.num_rows() - from);
                Ok((encoder.rows(&rest)?, batch.num_rows()))
            }
            Self::Binary(encoder) => encoder.rows(batch, from),
        }
    }

    /// What stands behind the rows.
    pub(crate) fn end(&mut self) -> Option<CopyChunk> {
        match self {
            Self::Text(_) => None,
            Self::Binary(encoder) => Some(encoder.end()),
        }
    }
}
