//! Values in PostgreSQL's binary formats, both ways: what results and parameters are on the wire, and what COPY keeps in
//! files, are the same bytes.
//!
//! It is single values; messages and rows are its callers'.
//!
//! - [`writer`]: Arrow arrays to bytes; [`nested`]: lists, vectors and records.
//! - [`reader`]: bytes to values.

mod nested;
mod reader;
mod writer;

use arrow::buffer::NullBuffer;
use bytes::{BufMut, BytesMut};

pub(crate) use reader::is_readable;
pub use reader::{read, read_json, read_vector};
pub use writer::writer;

use crate::text::Fault;

/// Writes a value behind its length, or NULL.
///
/// # Errors
/// What `write` gives; [`Fault::Unsupported`] for a value whose length cannot be said.
pub fn write_field<F>(
    nulls: Option<&NullBuffer>,
    write: F,
    row: usize,
    out: &mut BytesMut,
) -> Result<(), Fault>
where
    F: Fn(usize, &mut BytesMut) -> Result<(), Fault>,
{
    if nulls.is_some_and(|nulls| nulls.is_null(row)) {
        out.put_i32(-1);
        return Ok(());
    }
    with_length(out, |out| write(row, out))
}

/// Writes a 32-bit length and what `body` writes behind it.
fn with_length(
    out: &mut BytesMut,
    body: impl FnOnce(&mut BytesMut) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let start = out.len();
    out.put_i32(0);
    body(out)?;
    let length = i32::try_from(out.len() - start - 4)
        .map_err(|_| Fault::Unsupported("the value is too long for a message".to_string()))?;
    if let Some(head) = out.get_mut(start..start + 4) {
        head.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}
