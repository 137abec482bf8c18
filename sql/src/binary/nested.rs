//! Lists, vectors and records in binary: values made of values.
//!
//! Elements are written by the writers of their own types; here are only the headers around them.

use std::ops::Range;

use arrow::array::Array;
use bytes::{BufMut, BytesMut};

use super::{with_length, write_field, writer};
use crate::text::array::{Lists, Numbers, RangeOf, is_list, is_null, lists, members, vectors};
use crate::text::{Fault, Write, mismatch};
use crate::types::oid;

/// Arrays in binary: the header with the length of each dimension, then each element behind its length.
pub(super) fn write_binary_array(array: &dyn Array) -> Result<Write<'_>, Fault> {
    let Lists { mut elements, mut item, range } = lists(array)?;
    let mut ranges = vec![range];
    while is_list(item.data_type()) {
        let within = lists(elements)?;
        (elements, item) = (within.elements, within.item);
        ranges.push(within.range);
    }
    let element = oid::of(item).ok_or_else(|| mismatch(array))?;
    let nulls = elements.logical_nulls();
    let write = writer(elements, item)?;
    Ok(Box::new(move |row, out| {
        let (lengths, found) = of_row(&ranges, row)?;
        let has_null = found.clone().any(|element| is_null(nulls.as_ref(), element));
        out.put_i32(i32::try_from(lengths.len()).unwrap_or(i32::MAX));
        out.put_i32(i32::from(has_null));
        out.put_u32(element);
        for length in lengths {
            let length = i32::try_from(length).map_err(|_| {
                Fault::Unsupported("the array has too many elements for a message".to_string())
            })?;
            out.put_i32(length);
            // Subscripts begin at 1.
            out.put_i32(1);
        }
        found.into_iter().try_for_each(|element| write_field(nulls.as_ref(), &write, element, out))
    }))
}

/// The length of a row's array in each dimension, and which elements are its. Without elements it has no dimensions.
fn of_row(ranges: &[RangeOf<'_>], row: usize) -> Result<(Vec<usize>, Range<usize>), Fault> {
    let mut lengths = Vec::with_capacity(ranges.len());
    let mut found = row..row + 1;
    for range in ranges {
        let mut parts = found.map(range);
        let first = parts.next().unwrap_or(0..0);
        let mut end = first.end;
        for part in parts {
            if part.len() != first.len() || part.start != end {
                return Err(Fault::Unsupported(
                    "an array whose parts are not of one length has no binary format".to_string(),
                ));
            }
            end = part.end;
        }
        lengths.push(first.len());
        found = first.start..end;
    }
    if found.is_empty() {
        return Ok((Vec::new(), 0..0));
    }
    Ok((lengths, found))
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
        let oid = oid::of(field).ok_or_else(|| mismatch(column))?;
        writers.push((oid, column.logical_nulls(), writer(column, field)?));
    }
    Ok(Box::new(move |row, out| {
        out.put_i32(i32::try_from(writers.len()).unwrap_or(i32::MAX));
        for (oid, nulls, write) in &writers {
            out.put_u32(*oid);
            if is_null(nulls.as_ref(), row) {
                out.put_i32(-1);
            } else {
                with_length(out, |out| write(row, out))?;
            }
        }
        Ok(())
    }))
}
