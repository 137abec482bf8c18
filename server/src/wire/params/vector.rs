//! Vectors as parameters: pgvector's text and binary formats. What they may hold is Muster's to say.

use arrow::datatypes::FieldRef;
use bytes::{Buf, Bytes};
use muster::{Value, VectorKind};

use super::{Fault, Read, error};
use crate::wire::error::Result;

/// Reads `[1,2.5,3]`.
pub(super) fn read_text(field: &FieldRef, text: &str) -> Result<Value> {
    Ok(VectorKind::read(text, field)?)
}

/// Reads the binary format. `number` is the parameter's.
pub(super) fn read_binary(field: &FieldRef, mut bytes: Bytes, number: usize) -> Result<Value> {
    let half = VectorKind::of(field) == Some(VectorKind::Half);
    let numbers =
        numbers(half, &mut bytes).map_err(|fault| error(fault, number, field, "in binary format"))?;
    Ok(VectorKind::value(numbers, field)?)
}

/// Dimensions, an unused field, the numbers.
fn numbers(half: bool, bytes: &mut Bytes) -> Read<Vec<f32>> {
    let short = |_| Fault::Binary("insufficient data left".to_string());
    let dimensions = bytes.try_get_u16().map_err(short)?;
    let unused = bytes.try_get_u16().map_err(short)?;
    if unused != 0 {
        return Err(Fault::Binary(format!("expected unused to be 0, not {unused}")));
    }
    let mut numbers = Vec::new();
    for _ in 0..dimensions {
        numbers.push(if half {
            VectorKind::half_from_bits(bytes.try_get_u16().map_err(short)?)
        } else {
            bytes.try_get_f32().map_err(short)?
        });
    }
    if bytes.is_empty() {
        Ok(numbers)
    } else {
        Err(Fault::Binary(format!("{} bytes are left over", bytes.len())))
    }
}
