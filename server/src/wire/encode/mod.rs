//! Rows of a result as the protocol wants them: Arrow batches in, `DataRow` messages out.
//!
//! A [`Layout`] is the columns and the format of each; [`muster::text`] and [`muster::binary`] write single values.
//! arrow-pg's encoder is not used: it builds a Rust value for every cell, gives up on numerics of
//! more than 28 digits, and writes placeholders for nested lists.

use std::ops::Range;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use bytes::{BufMut, BytesMut};
use muster::Session;
use muster::binary::{self, write_field};
use muster::text::{self, Fault, Write};
use pgwire::api::Type;
use pgwire::messages::data::{FieldDescription, RowDescription};

use super::error::{Error, Result};
use super::settings::time_zone;
use super::sink::HIGH_WATER;
use super::types::{pg_type, type_modifier, type_size};

/// PostgreSQL's limit on the columns of a result.
const MOST_COLUMNS: usize = 1664;

/// How a column's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Binary,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    ty: Type,
    modifier: i32,
    format: Format,
}

/// The columns of a result, and how each is sent.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    columns: Vec<Column>,
    /// The zone in which `timestamptz` is shown as text.
    zone: Tz,
}

/// Checks format codes: none, one for all, or one for each, and each of them text or binary.
pub(super) fn check_formats(codes: &[i16], count: usize, what: &str) -> Result<()> {
    if codes.len() > 1 && codes.len() != count {
        return Err(Error::protocol(format!(
            "bind message has {} {what} formats but there are {count} {what}s",
            codes.len()
        )));
    }
    codes
        .iter()
        .find(|code| !matches!(code, 0 | 1))
        .map_or(Ok(()), |code| Err(Error::FormatCode { code: *code }))
}

/// Whether the value of a number is in binary, by format codes that were checked.
pub(super) fn is_binary(codes: &[i16], number: usize) -> bool {
    let code = if codes.len() == 1 { codes.first() } else { codes.get(number) };
    code == Some(&1)
}

impl Layout {
    /// The layout of a schema, with the result formats of a Bind (none: all text).
    pub(super) fn new(schema: &Schema, formats: &[i16], session: &Session) -> Result<Self> {
        check_formats(formats, schema.fields().len(), "result column")?;
        let columns = schema.fields().iter().map(|field| Column::new(field)).collect::<Result<Vec<_>>>()?;
        if columns.len() > MOST_COLUMNS {
            return Err(Error::Unsupported { feature: format!("a result of {} columns", columns.len()) });
        }
        let zone = time_zone(session)?;
        Ok(Self { columns, zone }.with_formats(formats))
    }

    /// The same columns in other formats.
    pub(super) fn with_formats(&self, formats: &[i16]) -> Self {
        let mut layout = self.clone();
        for (number, column) in layout.columns.iter_mut().enumerate() {
            column.format = if is_binary(formats, number) { Format::Binary } else { Format::Text };
        }
        layout
    }

    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether another layout has columns of the same types.
    pub(super) fn same_types(&self, other: &Self) -> bool {
        self.columns.iter().map(|column| &column.ty).eq(other.columns.iter().map(|column| &column.ty))
    }

    /// The `RowDescription` message.
    pub(super) fn description(&self) -> RowDescription {
        let fields = self.columns.iter().map(|column| {
            let format = match column.format {
                Format::Text => 0,
                Format::Binary => 1,
            };
            let size = type_size(&column.ty);
            FieldDescription::new(column.name.clone(), 0, 0, column.ty.oid(), size, column.modifier, format)
        });
        RowDescription::new(fields.collect())
    }

    /// Writes `DataRow` messages for a batch's rows until they are done or the buffer is full; says
    /// which row is next.
    pub(super) fn write_rows(
        &self,
        batch: &RecordBatch,
        rows: Range<usize>,
        out: &mut BytesMut,
    ) -> Result<usize> {
        let schema = batch.schema();
        let arrays = batch.columns().iter().map(flat).collect::<Result<Vec<_>>>()?;
        let mut writers = Vec::with_capacity(arrays.len());
        for ((array, field), column) in arrays.iter().zip(schema.fields()).zip(&self.columns) {
            let write =
                writer(array, field, column.format, self.zone).map_err(|fault| column.error(fault))?;
            writers.push((column, array.logical_nulls(), write));
        }
        // There are no more columns than the limit.
        let count = i16::try_from(writers.len()).unwrap_or(i16::MAX);
        let mut next = rows.start;
        for row in rows {
            let start = out.len();
            if start >= HIGH_WATER {
                break;
            }
            out.put_u8(b'D');
            let written = message(out, |out| {
                out.put_i16(count);
                writers.iter().try_for_each(|(column, nulls, write)| {
                    write_field(nulls.as_ref(), write, row, out).map_err(|fault| column.error(fault))
                })
            });
            if let Err(error) = written {
                // Half a message must not reach the client.
                out.truncate(start);
                return Err(error);
            }
            next = row + 1;
        }
        Ok(next)
    }
}

impl Column {
    fn new(field: &Field) -> Result<Self> {
        let name = field.name().replace('\0', "\u{fffd}");
        match pg_type(field) {
            Some(ty) => Ok(Self { name, ty, modifier: type_modifier(field), format: Format::Text }),
            None => Err(Error::Encode {
                column: name,
                reason: format!("PostgreSQL has no type for {}", field.data_type()),
            }),
        }
    }

    fn error(&self, fault: Fault) -> Error {
        match fault {
            Fault::Unsupported(reason) => Error::Encode { column: self.name.clone(), reason },
            Fault::OutOfRange(type_name) => Error::DatetimeRange { type_name },
        }
    }
}

/// Writes a message's length, with itself, and what `body` writes behind it.
fn message(out: &mut BytesMut, body: impl FnOnce(&mut BytesMut) -> Result<()>) -> Result<()> {
    let start = out.len();
    out.put_i32(0);
    body(out)?;
    let length = i32::try_from(out.len() - start)
        .map_err(|_| Fault::Unsupported("the value is too long for a message".to_string()))?;
    if let Some(head) = out.get_mut(start..start + 4) {
        head.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// A column without dictionary or run-length encoding.
fn flat(array: &ArrayRef) -> Result<ArrayRef> {
    let values = match array.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        DataType::RunEndEncoded(_, values) => values.data_type(),
        _ => return Ok(array.clone()),
    };
    cast(array, values)
        .map_err(|error| Error::Encode { column: "?column?".to_string(), reason: error.to_string() })
}

/// The writer of an array's values.
fn writer<'a>(
    array: &'a dyn Array,
    field: &'a Field,
    format: Format,
    zone: Tz,
) -> std::result::Result<Write<'a>, Fault> {
    match format {
        Format::Text => text::writer(array, field, zone),
        Format::Binary => binary::writer(array, field),
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Column { name: "?column?".to_string(), ty: Type::UNKNOWN, modifier: -1, format: Format::Text }
            .error(fault)
    }
}

#[cfg(test)]
mod tests;
