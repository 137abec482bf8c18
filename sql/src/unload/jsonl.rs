//! Rows as JSON lines: one object a row, its keys the columns.
//!
//! Numbers, booleans, arrays and JSON are written as such, everything else as PostgreSQL's text; NULL is
//! `null`.

use arrow::array::timezone::Tz;
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Field};
use bytes::{BufMut, BytesMut};

use super::text::flat;
use crate::text::array::{Lists, is_list, is_null, lists};
use crate::text::{Fault, Write, writer};
use crate::{Result, column};

/// Appends the rows of a batch.
///
/// # Errors
/// 0A000 for a type that has no text.
pub(super) fn rows(batch: &RecordBatch, zone: Tz, out: &mut BytesMut) -> Result<()> {
    let schema = batch.schema();
    let arrays = batch.columns().iter().map(flat).collect::<Result<Vec<_>>>()?;
    let mut columns = Vec::with_capacity(arrays.len());
    for (array, field) in arrays.iter().zip(schema.fields()) {
        let mut key = BytesMut::new();
        put_string(field.name(), &mut key);
        columns.push((key, array.logical_nulls(), value_writer(array, field, zone)?));
    }
    for row in 0..batch.num_rows() {
        out.put_u8(b'{');
        for (number, (key, nulls, write)) in columns.iter().enumerate() {
            if number > 0 {
                out.put_u8(b',');
            }
            out.put_slice(key);
            out.put_u8(b':');
            if is_null(nulls.as_ref(), row) {
                out.put_slice(b"null");
            } else {
                write(row, out)?;
            }
        }
        out.put_slice(b"}\n");
    }
    Ok(())
}

/// The writer of an array's values as JSON.
pub(crate) fn value_writer<'a>(
    array: &'a dyn Array,
    field: &'a Field,
    zone: Tz,
) -> std::result::Result<Write<'a>, Fault> {
    let data_type = array.data_type();
    if is_list(data_type) {
        return list_writer(array, zone);
    }
    let write = writer(array, field, zone)?;
    if column::is_json(field) {
        return Ok(write);
    }
    if data_type == &DataType::Boolean {
        return Ok(Box::new(move |row, out| {
            let mut text = BytesMut::new();
            write(row, &mut text)?;
            out.put_slice(if text.as_ref() == b"t" { b"true" } else { b"false" });
            Ok(())
        }));
    }
    let number = data_type.is_numeric();
    Ok(Box::new(move |row, out| {
        let mut text = BytesMut::new();
        write(row, &mut text)?;
        // NaN and the infinities are no numbers in JSON.
        if number && text.iter().all(|byte| !byte.is_ascii_alphabetic() || *byte == b'e') {
            out.put_slice(&text);
        } else {
            put_string(&String::from_utf8_lossy(&text), out);
        }
        Ok(())
    }))
}

fn list_writer(array: &dyn Array, zone: Tz) -> std::result::Result<Write<'_>, Fault> {
    let Lists { elements, item, range } = lists(array)?;
    let nulls = elements.logical_nulls();
    let write = value_writer(elements, item, zone)?;
    Ok(Box::new(move |row, out| {
        out.put_u8(b'[');
        for (number, element) in range(row).enumerate() {
            if number > 0 {
                out.put_u8(b',');
            }
            if is_null(nulls.as_ref(), element) {
                out.put_slice(b"null");
            } else {
                write(element, out)?;
            }
        }
        out.put_u8(b']');
        Ok(())
    }))
}

fn put_string(text: &str, out: &mut BytesMut) {
    out.put_u8(b'"');
    for character in text.chars() {
        match character {
            '"' => out.put_slice(b"\\\""),
            '\\' => out.put_slice(b"\\\\"),
            '\n' => out.put_slice(b"\\n"),
            '\r' => out.put_slice(b"\\r"),
            '\t' => out.put_slice(b"\\t"),
            character if u32::from(character) < 0x20 => {
                out.put_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            }
            character => out.put_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.put_u8(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut out = BytesMut::new();
        put_string("a\"b\\c\n\u{1}\u{e9}", &mut out);
        assert_eq!(out.as_ref(), "\"a\\\"b\\\\c\\n\\u0001\u{e9}\"".as_bytes());
    }
}
