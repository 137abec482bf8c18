//! Lists, vectors and records in binary: values made of values.
//!
//! Elements are written by the writers of their own types; here are only the headers around them.

use arrow::array::Array;
use bytes::{BufMut, BytesMut};
use muster::text::array::{Lists, Numbers, is_list, is_null, lists, members, vectors};
use muster::text::{Fault, Write, mismatch};

use super::{binary, with_length, write_field};
use crate::wire::types::pg_type;

/// Arrays in binary: one dimension; the header, then each element behind its length.
pub(super) fn write_binary_array(array: &dyn Array) -> Result<Write<'_>, Fault> {
    let Lists { elements, item, range } = lists(array)?;
    if is_list(item.data_type()) {
        return Err(Fault::Unsupported(
            "arrays of arrays have no binary format here; ask for text".to_string(),
        ));
    }
    let oid = pg_type(item).ok_or_else(|| mismatch(array))?.oid();
    let nulls = elements.logical_nulls();
    let write = binary::writer(elements, item)?;
    Ok(Box::new(move |row, out| {
        let range = range(row);
        let has_null = range.clone().any(|element| is_null(nulls.as_ref(), element));
        out.put_i32(if range.is_empty() { 0 } else { 1 });
        out.put_i32(i32::from(has_null));
        out.put_u32(oid);
        if !range.is_empty() {
            let length = i32::try_from(range.len()).map_err(|_| {
                Fault::Unsupported("the array has too many elements for a message".to_string())
            })?;
            out.put_i32(length);
            // Subscripts begin at 1.
            out.put_i32(1);
        }
        range.into_iter().try_for_each(|element| write_field(nulls.as_ref(), &write, element, out))
    }))
}

/// A `vector` or `halfvec` in pgvector's binary format: dimensions, an unused field, the numbers.
pub(super) fn write_binary_vector(array: &dyn Array) -> Result<Write<'_>, Fault> {
    let (numbers, range) = vectors(array)?;
    Ok(match numbers {
        Numbers::Single(floats) => Box::new(move |row, out| {
            let values = floats.values().get(range(row)).unwrap_or_default();
            vector_header(values.len(), out)?;
            out.reserve(4 * values.len());
            values.iter().for_each(|value| out.put_f32(*value));
            Ok(())
        }),
        Numbers::Half(halves) => Box::new(move |row, out| {
            let values = halves.values().get(range(row)).unwrap_or_default();
            vector_header(values.len(), out)?;
            out.reserve(2 * values.len());
            values.iter().for_each(|value| out.put_u16(value.to_bits()));
            Ok(())
        }),
    })
}

fn vector_header(dimensions: usize, out: &mut BytesMut) -> Result<(), Fault> {
    let dimensions = u16::try_from(dimensions)
        .map_err(|_| Fault::Unsupported("the vector has too many dimensions for a message".to_string()))?;
    out.put_u16(dimensions);
    out.put_u16(0);
    Ok(())
}

/// A record in binary: the count, then the type, length and bytes of each member.
pub(super) fn write_binary_record(array: &dyn Array) -> Result<Write<'_>, Fault> {
    let (columns, fields) = members(array)?;
    let mut writers = Vec::with_capacity(columns.len());
    for (column, field) in columns.iter().zip(fields) {
        let oid = pg_type(field).ok_or_else(|| mismatch(column))?.oid();
        writers.push((oid, column.logical_nulls(), binary::writer(column, field)?));
    }
    Ok(Box::new(move |row, out| {
        out.put_i32(i32::try_from(writers.len()).unwrap_or(i32::MAX));
        for (oid, nulls, write) in &writers {
            out.put_u32(*oid);
            if is_null(nulls.as_ref(), row) {
                out.put_i32(-1);
            } else {
                with_length(out, false, |out| write(row, out))?;
            }
        }
        Ok(())
    }))
}
