//! Values as text, the way PostgreSQL prints them: what the wire protocol sends and COPY writes.
//!
//! It writes single values; rows, lengths and separators are its callers'. Reading texts back is the
//! work of casts and of the protocol's parameters.

pub mod array;
pub mod number;
pub mod temporal;
mod writer;

use arrow::array::{Array, ArrayAccessor, AsArray};
use arrow::datatypes::ArrowPrimitiveType;
use bytes::BytesMut;

pub use writer::{intervals, writer};

/// Why a value cannot be written.
#[derive(Debug)]
pub enum Fault {
    /// The format or type is not supported for it.
    Unsupported(String),
    /// A date or time outside the calendar; the type's name.
    OutOfRange(&'static str),
}

impl From<std::fmt::Error> for Fault {
    fn from(_: std::fmt::Error) -> Self {
        Self::Unsupported("the row is too long for a message".to_string())
    }
}

/// Writes the value of one row, which is not NULL, without its length.
pub type Write<'a> = Box<dyn Fn(usize, &mut BytesMut) -> Result<(), Fault> + 'a>;

/// Writes the values of an array of numbers.
///
/// # Errors
/// [`mismatch`] when the array holds another type.
pub fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    write: impl Fn(T::Native, &mut BytesMut) -> Result<(), Fault> + 'a,
) -> Result<Write<'a>, Fault> {
    let values = array.as_primitive_opt::<T>().ok_or_else(|| mismatch(array))?;
    Ok(Box::new(move |row, out| write(values.value(row), out)))
}

/// Writes the values of an array of texts or byte strings; `values` is `array` as its type, if it is that.
///
/// # Errors
/// [`mismatch`] when it is not.
pub fn byte_strings<'a, A: ArrayAccessor + 'a>(
    values: Option<A>,
    array: &'a dyn Array,
    write: impl Fn(A::Item, &mut BytesMut) + 'a,
) -> Result<Write<'a>, Fault> {
    let values = values.ok_or_else(|| mismatch(array))?;
    Ok(Box::new(move |row, out| {
        write(values.value(row), out);
        Ok(())
    }))
}

/// The fault of an array that is not what its type says: whoever made the batch is to blame.
#[must_use]
pub fn mismatch(array: &dyn Array) -> Fault {
    Fault::Unsupported(format!("a value of type {}", array.data_type()))
}
