//! Tuples of the format binary as batches of values.
//!
//! It takes bytes and keeps no more of them than a tuple. What the values are is [`crate::binary`]'s to say. An error comes
//! after the rows before it, so that the first fault in the data is the one that is told. Invariant: no length is believed
//! before so many bytes are there.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use bytes::{Buf, BytesMut};

use super::delimited::BATCH_BYTES;
use super::records::{MOST_BYTES, too_long};
use super::source::{BATCH_ROWS, Places, Rows};
use super::values::Values;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What a file begins with: a line end of each kind and a zero byte, so that whoever changes them is found out.
pub(crate) const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// The flag of a file that has object ids in its tuples.
const WITH_OIDS: i32 = 1 << 16;

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Signature,
    Flags,
    /// The length of what extends the header.
    Extension,
    /// So many bytes that extend it.
    Skipped(usize),
    Tuple,
    /// Nothing: the trailer was there.
    End,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Tuples {
    bytes: BytesMut,
    stage: Stage,
    fields: Vec<FieldRef>,
    /// The table's name, for contexts.
    table: String,
    /// How many tuples were read.
    read: u64,
    /// Where in the bytes the tuple's fields are that have come, NULLs among them.
    found: Vec<Option<Range<usize>>>,
    /// Where its next field begins; 0 before its number of fields is known.
    at: usize,
    failed: Option<Error>,
}

impl Tuples {
    /// Reads tuples of `fields`, for `table`.
    ///
    /// # Errors
    /// 42883 for a type that has no binary form.
    pub(crate) fn new(fields: Vec<FieldRef>, table: &str) -> Result<Self> {
        for field in &fields {
            Values::check(field)?;
        }
        Ok(Self {
            bytes: BytesMut::new(),
            stage: Stage::Signature,
            fields,
            table: table.to_string(),
            read: 0,
            found: Vec::new(),
            at: 0,
            failed: None,
        })
    }

    /// The columns, as the table has them.
    pub(crate) fn schema(&self) -> SchemaRef {
        let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
        Arc::new(Schema::new(self.fields.iter().map(nullable).collect::<Vec<_>>()))
    }

    /// Adds bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes that wait to be read.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// The rows of the tuples that are complete, a batch at a time; `None` when there are no more.
    ///
    /// # Errors
    /// 22P04 for what is no file of the format, those of the values, with line and column as the context.
    pub(crate) fn next(&mut self, last: bool) -> Result<Option<Rows>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut columns: Vec<Values> = self.fields.iter().map(Values::of).collect();
        let (mut count, mut length) = (0, 0);
        let first = self.read + 1;
        while count < BATCH_ROWS && length < BATCH_BYTES {
            match self.tuple(last, &mut columns) {
                Ok(Some(bytes)) => {
                    count += 1;
                    length += bytes;
                }
                Ok(None) => break,
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        if count == 0 {
            return self.failed.take().map_or(Ok(None), Err);
        }
        let arrays =
            columns.into_iter().map(|column| column.finish(count)).collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(self.schema(), arrays, &options)?;
        Ok(Some(Rows { batch, places: Places::Tuples(first) }))
    }

    /// Reads one tuple into the columns; says how many bytes it was.
    fn tuple(&mut self, last: bool, columns: &mut [Values]) -> Result<Option<usize>> {
        if !self.header(last)? {
            return Ok(None);
        }
        if self.at == 0 && !self.begin_tuple(last)? {
            return Ok(None);
        }
        // What is wrong with a value is told before what is wrong behind it.
        let found = self.find_fields(last);
        if matches!(found, Ok(false)) {
            return Ok(None);
        }
        let tuple = self.bytes.split_to(self.at.min(self.bytes.len())).freeze();
        self.at = 0;
        let fields = std::mem::take(&mut self.found);
        let next = fields.len();
        for (number, (place, column)) in fields.into_iter().zip(columns).enumerate() {
            let bytes =
                place.map(|place| tuple.get(place).map(|field| tuple.slice_ref(field)).unwrap_or_default());
            column.push(bytes).map_err(|error| self.in_column(error, number))?;
        }
        found.map_err(|error| self.in_column(error, next))?;
        self.read += 1;
        Ok(Some(tuple.len()))
    }

    /// Reads the header, as far as it has come; says whether it is over.
    fn header(&mut self, last: bool) -> Result<bool> {
        loop {
            self.stage = match self.stage {
                Stage::Signature => match self.bytes.get(..SIGNATURE.len()) {
                    Some(found) if found == SIGNATURE => {
                        self.bytes.advance(SIGNATURE.len());
                        Stage::Flags
                    }
                    None if !last => return Ok(false),
                    _ => return Err(bad("COPY file signature not recognized")),
                },
                Stage::Flags => match self.bytes.try_get_i32() {
                    Ok(flags) if flags & WITH_OIDS != 0 => {
                        return Err(bad("invalid COPY file header (WITH OIDS)"));
                    }
                    // The others of the upper half are such as no reader may pass over.
                    Ok(flags) if flags >> 16 != 0 => {
                        return Err(bad("unrecognized critical flags in COPY file header"));
                    }
                    Ok(_) => Stage::Extension,
                    Err(_) if !last => return Ok(false),
                    Err(_) => return Err(bad("invalid COPY file header (missing flags)")),
                },
                Stage::Extension => match self.bytes.try_get_i32().map(usize::try_from) {
                    Ok(Ok(length)) => Stage::Skipped(length),
                    Err(_) if !last => return Ok(false),
                    Ok(Err(_)) | Err(_) => return Err(bad("invalid COPY file header (missing length)")),
                },
                Stage::Skipped(length) => {
                    let there = length.min(self.bytes.len());
                    self.bytes.advance(there);
                    match length - there {
                        0 => Stage::Tuple,
                        left if !last => {
                            self.stage = Stage::Skipped(left);
                            return Ok(false);
                        }
                        _ => return Err(bad("invalid COPY file header (wrong length)")),
                    }
                }
                Stage::Tuple => return Ok(true),
                Stage::End if self.bytes.is_empty() => return Ok(false),
                Stage::End => return Err(self.in_line(bad("received copy data after EOF marker"))),
            };
        }
    }

    /// Reads how many fields a tuple has; says whether there is one.
    fn begin_tuple(&mut self, last: bool) -> Result<bool> {
        let Some(count) = self.bytes.first_chunk::<2>().map(|count| i16::from_be_bytes(*count)) else {
            if last {
                // PostgreSQL needs no trailer, and no second byte of one.
                self.bytes.clear();
            }
            return Ok(false);
        };
        if count == -1 {
            self.bytes.advance(2);
            self.stage = Stage::End;
            return self.header(last);
        }
        let expected = self.fields.len();
        if usize::try_from(count).ok() != Some(expected) {
            return Err(self.in_line(bad(format!("row field count is {count}, expected {expected}"))));
        }
        self.at = 2;
        Ok(true)
    }

    /// Finds the fields of a tuple that have come; says whether they are all.
    fn find_fields(&mut self, last: bool) -> Result<bool> {
        let cut = || if last { Err(bad("unexpected EOF in COPY data")) } else { Ok(false) };
        while self.found.len() < self.fields.len() {
            let size = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<4>);
            let Some(size) = size.map(|size| i32::from_be_bytes(*size)) else { return cut() };
            let start = self.at + 4;
            if size == -1 {
                self.found.push(None);
                self.at = start;
                continue;
            }
            let size = usize::try_from(size).map_err(|_| bad("invalid field size"))?;
            if size > MOST_BYTES {
                let detail = format!("Cannot enlarge string buffer containing 0 bytes by {size} more bytes.");
                return Err(Error::new(SqlState::ProgramLimitExceeded, "out of memory").with_detail(detail));
            }
            let end = start + size;
            if end > MOST_BYTES + 6 {
                return Err(too_long());
            }
            if end > self.bytes.len() {
                return cut();
            }
            self.found.push(Some(start..end));
            self.at = end;
        }
        Ok(true)
    }

    fn in_line(&self, error: Error) -> Error {
        error.with_context(format!("COPY {}, line {}", self.table, self.read + 1))
    }

    fn in_column(&self, error: Error, number: usize) -> Error {
        match self.fields.get(number) {
            Some(field) => {
                let (table, line) = (&self.table, self.read + 1);
                error.with_context(format!("COPY {table}, line {line}, column {}", field.name()))
            }
            None => self.in_line(error),
        }
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(SqlState::BadCopyFileFormat, message)
}
