//! The values of one column that come in binary, on their way to an Arrow array.
//!
//! It is not the reading of a value, which is [`crate::binary`]'s; here is what COPY says of one that cannot be read.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::{DataType, Field, FieldRef};
use bytes::Bytes;
use datafusion::common::ScalarValue;

use crate::input::Fault;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::types::vector::Builder;
use crate::{Error, Result, binary, column};

/// See the module.
pub(super) struct Values {
    field: FieldRef,
    read: Read,
}

enum Read {
    Vectors(Builder),
    /// Texts, which the column's assignment checks.
    Json(StringBuilder),
    Others(Vec<ScalarValue>),
}

impl Values {
    /// # Errors
    /// 42883 for a type whose values cannot be read in binary.
    pub(super) fn check(field: &Field) -> Result<()> {
        if binary::is_readable(field) {
            return Ok(());
        }
        let message = format!("no binary input function available for type {}", type_name(field));
        Err(Error::new(SqlState::UndefinedFunction, message))
    }

    /// No values yet.
    pub(super) fn of(field: &FieldRef) -> Self {
        let read = match Builder::of(field) {
            Some(builder) => Read::Vectors(builder),
            None if column::is_json(field) && field.data_type() == &DataType::Utf8 => {
                Read::Json(StringBuilder::new())
            }
            None => Read::Others(Vec::new()),
        };
        Self { field: field.clone(), read }
    }

    /// Adds a value, or NULL.
    ///
    /// # Errors
    /// What is wrong with it, in PostgreSQL's words.
    pub(super) fn push(&mut self, bytes: Option<Bytes>) -> Result<()> {
        let field = &self.field;
        match (&mut self.read, bytes) {
            (Read::Vectors(vectors), None) => vectors.push_null(),
            (Read::Vectors(vectors), Some(bytes)) => {
                let numbers = binary::read_vector(field, bytes).map_err(|fault| error(fault, field))?;
                vectors.push(|out| {
                    out.extend(numbers);
                    Ok(())
                })?;
            }
            (Read::Json(texts), None) => texts.append_null(),
            (Read::Json(texts), Some(bytes)) => {
                texts.append_value(binary::read_json(field, bytes).map_err(|fault| error(fault, field))?);
            }
            (Read::Others(values), None) => values.push(ScalarValue::try_from(field.data_type())?),
            (Read::Others(values), Some(bytes)) => {
                values.push(binary::read(field, bytes).map_err(|fault| error(fault, field))?);
            }
        }
        Ok(())
    }

    /// The first so many values; of a row that failed there may be more.
    pub(super) fn finish(self, rows: usize) -> Result<ArrayRef> {
        let array: ArrayRef = match self.read {
            Read::Vectors(vectors) => vectors.finish()?,
            Read::Json(mut texts) => Arc::new(texts.finish()),
            Read::Others(values) => ScalarValue::iter_to_array(values)?,
        };
        Ok(array.slice(0, rows.min(array.len())))
    }
}

/// The error for a value that cannot be read.
fn error(fault: Fault, field: &Field) -> Error {
    match fault {
        Fault::Syntax => {
            let message = format!("invalid input syntax for type {}", type_name(innermost(field)));
            Error::new(SqlState::InvalidTextRepresentation, message)
        }
        Fault::Range => out_of_range(innermost(field)),
        Fault::Dimensions { expected, actual } => {
            Error::new(SqlState::DataException, format!("expected {expected} dimensions, not {actual}"))
        }
        Fault::Short => Error::new(SqlState::ProtocolViolation, "insufficient data left in message"),
        Fault::Left(_) => Error::new(SqlState::InvalidBinaryRepresentation, "incorrect binary data format"),
        Fault::Binary { state, message } => Error::new(state, message),
        Fault::Unsupported(what) => Error::unsupported(what),
    }
}

/// What the elements of arrays are; of another type, itself.
fn innermost(field: &Field) -> &Field {
    match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            innermost(item)
        }
        _ => field,
    }
}

fn out_of_range(field: &Field) -> Error {
    let name = match field.data_type() {
        DataType::Date32 => "date",
        DataType::Time64(_) => "time",
        DataType::Timestamp(..) => "timestamp",
        DataType::Interval(_) => "interval",
        DataType::Decimal128(..) => return Error::numeric_overflow(&type_name(field)),
        _ => {
            let message = format!("value is out of range for type {}", type_name(field));
            return Error::new(SqlState::NumericValueOutOfRange, message);
        }
    };
    Error::new(SqlState::DatetimeFieldOverflow, format!("{name} out of range"))
}
