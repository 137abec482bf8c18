//! Records of the formats text and csv as batches of texts.
//!
//! It checks what can be said without the columns' types: encoding, number of fields, header. An error
//! comes after the rows before it, so that the first fault in the data is the one that is told.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::fields::{self, bad_encoding};
use super::format::{Header, TextFormat};
use super::records::Records;
use super::source::{BATCH_ROWS, Places, Rows};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Bytes of records that end a batch before it has all its rows.
pub(super) const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A column that is loaded.
#[derive(Clone, Debug)]
pub(crate) struct TextColumn {
    pub(crate) name: String,
    /// An unquoted NULL is the text that stands for it.
    pub(crate) force_not_null: bool,
    /// A quoted NULL is one, too.
    pub(crate) force_null: bool,
}

impl TextColumn {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), force_not_null: false, force_null: false }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Delimited {
    records: Records,
    columns: Vec<TextColumn>,
    schema: SchemaRef,
    header: Header,
    /// The table's name, for contexts.
    table: String,
    failed: Option<Error>,
}

impl Delimited {
    /// Reads records of `columns`, for `table`.
    pub(crate) fn new(format: TextFormat, columns: Vec<TextColumn>, table: &str) -> Self {
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new(&column.name, DataType::Utf8, true)).collect();
        let header = format.header;
        Self {
            records: Records::new(format),
            columns,
            schema: Arc::new(Schema::new(fields)),
            header,
            table: table.to_string(),
            failed: None,
        }
    }

    /// The columns as texts.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Adds bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.records.feed(bytes);
    }

    /// Bytes that wait to be read as records.
    pub(crate) fn waiting(&self) -> usize {
        self.records.waiting()
    }

    /// The rows of the records that are complete, a batch at a time; `None` when there are no more.
    ///
    /// # Errors
    /// 22P04 and 22021, with the line as the context.
    pub(crate) fn next(&mut self, last: bool) -> Result<Option<Rows>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut builders: Vec<StringBuilder> = self.columns.iter().map(|_| StringBuilder::new()).collect();
        let (mut lines, mut starts, mut raw) = (Vec::new(), Vec::new(), String::new());
        while lines.len() < BATCH_ROWS && raw.len() < BATCH_BYTES {
            match self.row(last, &mut builders, &mut raw) {
                Ok(Some((line, start))) => {
                    lines.push(line);
                    starts.push(start);
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        if lines.is_empty() {
            return self.failed.take().map_or(Ok(None), Err);
        }
        let arrays: Vec<ArrayRef> = builders
            .iter_mut()
            .map(|builder| {
                let array: ArrayRef = Arc::new(builder.finish());
                // A row that failed may have begun.
                array.slice(0, lines.len())
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(lines.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)?;
        Ok(Some(Rows { batch, places: Places::Records { lines, starts, raw } }))
    }

    /// Reads one record into the builders; says its line, and where in `raw` it begins.
    fn row(
        &mut self,
        last: bool,
        builders: &mut [StringBuilder],
        raw: &mut String,
    ) -> Result<Option<(u64, usize)>> {
        loop {
            let table = &self.table;
            let found = match self.records.next(last) {
                Ok(found) => found.map(|(record, line)| (text_of(record), line)),
                Err(error) => {
                    return Err(error.with_context(format!("COPY {table}, line {}", self.records.line())));
                }
            };
            let Some((record, line)) = found else { return Ok(None) };
            let record = record.map_err(|error| error.with_context(format!("COPY {table}, line {line}")))?;
            let start = raw.len();
            raw.push_str(record);
            let record = raw.get(start..).unwrap_or_default();
            let format = self.records.format();
            let result = match std::mem::replace(&mut self.header, Header::None) {
                Header::None => append(record, format, &self.columns, builders).map(|()| true),
                Header::Match => check_header(record, format, &self.columns).map(|()| false),
                Header::Skip | Header::Names => Ok(false),
            };
            match result {
                Ok(true) => return Ok(Some((line, start))),
                Ok(false) => raw.truncate(start),
                Err(error) => {
                    return Err(error.with_context(super::source::record_place(table, line, record)));
                }
            }
        }
    }
}

/// A record as text.
fn text_of(record: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(record)
        .map_err(|error| bad_encoding(record.get(error.valid_up_to()..).unwrap_or_default()))?;
    if text.contains('\0') { Err(bad_encoding(&[0])) } else { Ok(text) }
}

fn append(
    record: &str,
    format: &TextFormat,
    columns: &[TextColumn],
    builders: &mut [StringBuilder],
) -> Result<()> {
    let bad = |message: String| Error::new(SqlState::BadCopyFileFormat, message);
    let fields = fields::fields(record, format)?;
    // Of no columns there is one field, which is empty.
    let extra = if columns.is_empty() { !record.is_empty() } else { fields.len() > columns.len() };
    if extra {
        return Err(bad("extra data after last expected column".to_string()));
    }
    if let Some(missing) = columns.get(fields.len()) {
        return Err(bad(format!("missing data for column \"{}\"", missing.name)));
    }
    for ((field, column), builder) in fields.iter().zip(columns).zip(builders) {
        let null = match field.null {
            true => !column.force_not_null,
            false => column.force_null && field.text == format.null,
        };
        if null { builder.append_null() } else { builder.append_value(&field.text) }
    }
    Ok(())
}

fn check_header(record: &str, format: &TextFormat, columns: &[TextColumn]) -> Result<()> {
    let bad = |message: String| Err(Error::new(SqlState::BadCopyFileFormat, message));
    let fields = fields::fields(record, format)?;
    if fields.len() != columns.len() {
        return bad(format!(
            "wrong number of fields in header line: got {}, expected {}",
            fields.len(),
            columns.len()
        ));
    }
    for (number, (field, column)) in fields.iter().zip(columns).enumerate() {
        if field.null || field.text != column.name {
            return bad(format!(
                "column name mismatch in header line field {}: got \"{}\", expected \"{}\"",
                number + 1,
                field.text,
                column.name
            ));
        }
    }
    Ok(())
}
