//! Values as text, the way PostgreSQL prints them: what the wire protocol sends and COPY writes.
//!
//! It writes single values; rows, lengths and separators are its callers'. Reading texts back is the
//! work of casts and of the protocol's parameters.

pub mod array;
pub mod number;
pub mod temporal;
mod writer;

use arrow::array::Array;
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

/// The fault of an array that is not what its type says: whoever made the batch is to blame.
#[must_use]
pub fn mismatch(array: &dyn Array) -> Fault {
    Fault::Unsupported(format!("a value of type {}", array.data_type()))
}
