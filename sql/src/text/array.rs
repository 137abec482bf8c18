//! Lists, vectors and records: values made of values.
//!
//! Elements are written by the writers of their own types; here are only the braces, quotes and
//! commas around them.

use std::ops::Range;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, Float16Array, Float32Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float16Type, Float32Type};
use bytes::{BufMut, BytesMut};

use super::{Fault, Write, mismatch, number, writer};

/// Which elements belong to a row.
pub type RangeOf<'a> = Box<dyn Fn(usize) -> Range<usize> + 'a>;

/// A list array of any kind: all elements, and which of them belong to a row.
#[expect(missing_debug_implementations, reason = "it holds a closure")]
pub struct Lists<'a> {
    /// The elements of all rows.
    pub elements: &'a ArrayRef,
    /// What an element is.
    pub item: &'a Field,
    /// Which of the elements are a row's.
    pub range: RangeOf<'a>,
}

/// The lists of an array.
///
/// # Errors
/// [`Fault::Unsupported`] for an array of something else.
pub fn lists(array: &dyn Array) -> Result<Lists<'_>, Fault> {
    let found = match array.data_type() {
        DataType::List(item) => array.as_list_opt::<i32>().map(|list| {
            let range = |row| {
                let ends = list.offsets().get(row).zip(list.offsets().get(row + 1));
                ends.map_or(0..0, |(start, end)| *start as usize..*end as usize)
            };
            Lists { elements: list.values(), item, range: Box::new(range) }
        }),
        DataType::LargeList(item) => array.as_list_opt::<i64>().map(|list| {
            let range = |row| {
                let ends = list.offsets().get(row).zip(list.offsets().get(row + 1));
                ends.map_or(0..0, |(start, end)| *start as usize..*end as usize)
            };
            Lists { elements: list.values(), item, range: Box::new(range) }
        }),
        DataType::FixedSizeList(item, _) => array.as_fixed_size_list_opt().map(|list| {
            let length = usize::try_from(list.value_length()).unwrap_or(0);
            let range = move |row| row * length..(row + 1) * length;
            Lists { elements: list.values(), item, range: Box::new(range) }
        }),
        _ => None,
    };
    found.ok_or_else(|| mismatch(array))
}

/// Whether values of the type are lists.
#[must_use]
pub fn is_list(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// Arrays as text: `{a,"b c",NULL}`, `{{1,2},{3,4}}`.
pub(super) fn write_text_array(array: &dyn Array, zone: Tz) -> Result<Write<'_>, Fault> {
    let Lists { elements, item, range } = lists(array)?;
    let nulls = elements.logical_nulls();
    let nested = is_list(item.data_type());
    let write = writer(elements, item, zone)?;
    Ok(Box::new(move |row, out| {
        let mut scratch = BytesMut::new();
        out.put_u8(b'{');
        for (number, element) in range(row).enumerate() {
            if number > 0 {
                out.put_u8(b',');
            }
            if is_null(nulls.as_ref(), element) {
                out.put_slice(b"NULL");
            } else if nested {
                write(element, out)?;
            } else {
                scratch.clear();
                write(element, &mut scratch)?;
                put_element(&scratch, out);
            }
        }
        out.put_u8(b'}');
        Ok(())
    }))
}

/// `int2vector` and `oidvector` as text: `1 2 3`.
pub(super) fn write_text_numbers(array: &dyn Array, zone: Tz) -> Result<Write<'_>, Fault> {
    let Lists { elements, item, range } = lists(array)?;
    let write = writer(elements, item, zone)?;
    Ok(Box::new(move |row, out| {
        for (number, element) in range(row).enumerate() {
            if number > 0 {
                out.put_u8(b' ');
            }
            write(element, out)?;
        }
        Ok(())
    }))
}

/// Whether an element is NULL.
#[must_use]
pub fn is_null(nulls: Option<&NullBuffer>, index: usize) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(index))
}

/// An array element, in quotes where it could be misread without.
fn put_element(element: &[u8], out: &mut BytesMut) {
    let plain = !element.is_empty()
        && !element.eq_ignore_ascii_case(b"null")
        && !element.iter().any(|byte| b"{}\",\\ \t\n\r\x0b\x0c".contains(byte));
    if plain {
        return out.put_slice(element);
    }
    out.put_u8(b'"');
    for byte in element {
        if matches!(byte, b'"' | b'\\') {
            out.put_u8(b'\\');
        }
        out.put_u8(*byte);
    }
    out.put_u8(b'"');
}

/// The floats of all vectors of an array, and which of them are a row's.
///
/// # Errors
/// [`Fault::Unsupported`] for an array of something else.
pub fn vectors(array: &dyn Array) -> Result<(Numbers<'_>, RangeOf<'_>), Fault> {
    let Lists { elements, range, .. } = lists(array)?;
    let numbers = match elements.data_type() {
        DataType::Float16 => elements.as_primitive_opt::<Float16Type>().map(Numbers::Half),
        _ => elements.as_primitive_opt::<Float32Type>().map(Numbers::Single),
    };
    Ok((numbers.ok_or_else(|| mismatch(array))?, range))
}

/// The numbers of vectors.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// Of `vector`.
    Single(&'a Float32Array),
    /// Of `halfvec`.
    Half(&'a Float16Array),
}

/// A `vector` or `halfvec` as text: `[1,2.5,3]`.
pub(super) fn write_text_vector(array: &dyn Array) -> Result<Write<'_>, Fault> {
    let (numbers, range) = vectors(array)?;
    Ok(match numbers {
        Numbers::Single(floats) => Box::new(move |row, out| {
            write_numbers(floats.values().get(range(row)).unwrap_or_default().iter().copied(), out);
            Ok(())
        }),
        Numbers::Half(halves) => Box::new(move |row, out| {
            let row = halves.values().get(range(row)).unwrap_or_default();
            write_numbers(row.iter().map(|half| half.to_f32()), out);
            Ok(())
        }),
    })
}

fn write_numbers(numbers: impl Iterator<Item = f32>, out: &mut BytesMut) {
    out.put_u8(b'[');
    for (position, value) in numbers.enumerate() {
        if position > 0 {
            out.put_u8(b',');
        }
        number::write_f32(value, out);
    }
    out.put_u8(b']');
}

/// The columns of an array of records, and what they are.
///
/// # Errors
/// [`Fault::Unsupported`] for an array of something else.
pub fn members(array: &dyn Array) -> Result<(&[ArrayRef], &Fields), Fault> {
    match array.data_type() {
        DataType::Struct(fields) => {
            array.as_struct_opt().map(|record| (record.columns(), fields)).ok_or_else(|| mismatch(array))
        }
        _ => Err(mismatch(array)),
    }
}

/// A record as text: `(1,"a b",)`.
pub(super) fn write_text_record(array: &dyn Array, zone: Tz) -> Result<Write<'_>, Fault> {
    let (columns, fields) = members(array)?;
    let mut writers = Vec::with_capacity(columns.len());
    for (column, field) in columns.iter().zip(fields) {
        writers.push((column.logical_nulls(), writer(column, field, zone)?));
    }
    Ok(Box::new(move |row, out| {
        let mut scratch = BytesMut::new();
        out.put_u8(b'(');
        for (number, (nulls, write)) in writers.iter().enumerate() {
            if number > 0 {
                out.put_u8(b',');
            }
            if !is_null(nulls.as_ref(), row) {
                scratch.clear();
                write(row, &mut scratch)?;
                put_member(&scratch, out);
            }
        }
        out.put_u8(b')');
        Ok(())
    }))
}

fn put_member(member: &[u8], out: &mut BytesMut) {
    if !member.is_empty() && !member.iter().any(|byte| b"()\",\\ \t\n\r\x0b\x0c".contains(byte)) {
        return out.put_slice(member);
    }
    out.put_u8(b'"');
    for byte in member {
        // Here both are doubled, unlike in arrays.
        if matches!(byte, b'"' | b'\\') {
            out.put_u8(*byte);
        }
        out.put_u8(*byte);
    }
    out.put_u8(b'"');
}
