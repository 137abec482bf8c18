//! Vectors as parameters: pgvector's text and binary formats. What they may hold is Muster's to say.

use arrow::datatypes::FieldRef;
use bytes::Bytes;
use muster::{Value, VectorKind, binary};

use super::error;
use crate::wire::error::Result;

/// Reads `[1,2.5,3]`.
pub(super) fn read_text(field: &FieldRef, text: &str) -> Result<Value> {
    Ok(VectorKind::read(text, field)?)
}

/// Reads the binary format. `number` is the parameter's.
pub(super) fn read_binary(field: &FieldRef, bytes: Bytes, number: usize) -> Result<Value> {
    let numbers =
        binary::read_vector(field, bytes).map_err(|fault| error(fault, number, field, "in binary format"))?;
    Ok(VectorKind::value(numbers, field)?)
}
