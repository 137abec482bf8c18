//! The bytes of a COPY that takes rows, as batches of them, whichever of the formats that come in pieces it has.

use arrow::datatypes::{FieldRef, SchemaRef};
use muster_storage::TableDefinition;

use super::delimited::{Delimited, TextColumn};
use super::format::TextFormat;
use super::source::Rows;
use super::tuples::Tuples;
use crate::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(crate) enum Decoder {
    /// text and csv
    Text(Delimited),
    /// binary
    Binary(Tuples),
}

impl Decoder {
    /// Reads the formats text and csv.
    pub(crate) fn text(format: TextFormat, columns: Vec<TextColumn>, table: &str) -> Self {
        Self::Text(Delimited::new(format, columns, table))
    }

    /// Reads the format binary.
    ///
    /// # Errors
    /// 42883 for a column of a type that has no binary form.
    pub(crate) fn binary(columns: &[TextColumn], table: &TableDefinition) -> Result<Self> {
        let fields = columns.iter().map(|column| {
            let place = table.schema.index_of(&column.name);
            let field = place.ok().and_then(|place| table.schema.fields().get(place));
            field.cloned().ok_or_else(|| Error::undefined_column(&column.name, &table.name))
        });
        let fields: Vec<FieldRef> = fields.collect::<Result<_>>()?;
        Ok(Self::Binary(Tuples::new(fields, &table.name)?))
    }

    /// Whether all columns come as texts.
    pub(crate) fn texts(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The columns of the batches.
    pub(crate) fn schema(&self) -> SchemaRef {
        match self {
            Self::Text(rows) => rows.schema(),
            Self::Binary(rows) => rows.schema(),
        }
    }

    /// Adds bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        match self {
            Self::Text(rows) => rows.feed(bytes),
            Self::Binary(rows) => rows.feed(bytes),
        }
    }

    /// Bytes that wait to be read.
    pub(crate) fn waiting(&self) -> usize {
        match self {
            Self::Text(rows) => rows.waiting(),
            Self::Binary(rows) => rows.waiting(),
        }
    }

    /// The rows that are complete, a batch at a time; `None` when there are no more. `last` says that no bytes follow.
    ///
    /// # Errors
    /// What is wrong with the first row at fault, once the rows before it were given.
    pub(crate) fn next(&mut self, last: bool) -> Result<Option<Rows>> {
        match self {
            Self::Text(rows) => rows.next(last),
            Self::Binary(rows) => rows.next(last),
        }
    }
}
